"""Opens an MLflow store; a local one is made, whole or not at all, if it is not there."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
    ErrorCode,
)

from student_performance.errors import UnreachableError
from student_performance.store_files import make_once

_SQLITE = "sqlite:///"


class Store:
    """One MLflow store and a client that always names it.

    Args:
        tracking_uri: `sqlite:///PATH` or `http(s)://HOST`.

    Raises:
        UnreachableError: The store does not answer.
    """

    def __init__(self, tracking_uri: str) -> None:
        self.tracking_uri = tracking_uri
        try:
            if self.local_file is not None:
                make_once(self.local_file, self._make)
            self.client = MlflowClient(tracking_uri, registry_uri=tracking_uri)
            self.client.search_experiments(max_results=1)
        except Exception as error:  # MLflow, SQLAlchemy and requests each have their own
            raise _unreachable(tracking_uri, error) from error

    @property
    def local_file(self) -> Path | None:
        """The database file of a local store."""
        if not self.tracking_uri.startswith(_SQLITE):
            return None
        return Path(self.tracking_uri.removeprefix(_SQLITE))

    def experiment_id(self, name: str) -> str:
        """Identifier of an experiment, created if it is not there.

        A local store keeps its files beside the database, not in the working directory.
        """
        known = self.client.get_experiment_by_name(name)
        if known is not None:
            return str(known.experiment_id)
        local = self.local_file
        place = (local.parent / "artifacts" / name).as_uri() if local else None
        try:
            return str(self.client.create_experiment(name, artifact_location=place))
        except MlflowException as error:
            if not already_exists(error):
                raise
        return self.experiment_id(name)  # another process was first

    def identity(self, experiment: str) -> str:
        """Changes if an experiment was deleted and made anew, since its runs are gone then."""
        known = self.client.get_experiment_by_name(experiment)
        return f"{known.experiment_id}@{known.creation_time}" if known else "none"

    def read(self, uri: str) -> bytes:
        """The bytes of one artifact, streamed through a folder that is gone afterwards."""
        with tempfile.TemporaryDirectory() as folder:
            path = mlflow.artifacts.download_artifacts(
                artifact_uri=uri, dst_path=folder, tracking_uri=self.tracking_uri
            )
            return Path(path).read_bytes()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One process at a time on a local store; a server is shared without a lock."""
        local = self.local_file
        if local is None:
            yield
            return
        with FileLock(local.with_name(f"{local.name}.judging.lock")):
            yield

    def _make(self, path: Path) -> None:
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # slow, and once only

        artifacts = (Path(self.tracking_uri.removeprefix(_SQLITE)).parent / "artifacts").as_uri()
        SqlAlchemyStore(f"{_SQLITE}{path}", artifacts).engine.dispose()


@contextmanager
def answering(store: "Store") -> Iterator[None]:
    """Tell in a sentence that a store has stopped to answer, whatever MLflow raises then.

    Raises:
        UnreachableError: MLflow failed in a way that is not one of ours.
    """
    try:
        yield
    except (MlflowException, OSError) as error:
        raise _unreachable(store.tracking_uri, error) from error


def _unreachable(uri: str, error: Exception) -> UnreachableError:
    place, reason = (
        re.sub(r"//[^/@\s]*@", "//", text) for text in (uri, _reason(error))
    )  # no password
    return UnreachableError(
        f"The MLflow store {place} does not answer: {reason}", "python run.py doctor"
    )


def _reason(error: Exception) -> str:
    """The core of a message: libraries wrap it in retries, and what follows its line is SQL."""
    line = str(error).partition("\n")[0]
    refused = re.search(r"\[Errno -?\d+\] [\w ]+", line)
    return f"{refused[0]}." if refused else line


def is_missing(error: MlflowException) -> bool:
    """Whether MLflow says that a thing does not exist."""
    return bool(error.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST))


def already_exists(error: MlflowException) -> bool:
    """Whether MLflow says that a thing is there already."""
    return bool(error.error_code == ErrorCode.Name(RESOURCE_ALREADY_EXISTS))
