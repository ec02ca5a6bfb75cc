"""Answers `run.py train` from the last run where nothing that it rests on has changed since.

ZenML's cache gives the same answer, once ZenML, MLflow and scikit-learn are imported and asked.
Here files are read and two databases are queried, without any of them. What is not understood
counts as a change, and the pipeline runs; so it does where a store is not on this machine.
"""

import json
import os
import platform
import sqlite3
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from student_performance.digests import md5_of_path
from student_performance.provenance import code_digest
from student_performance.settings import home

if TYPE_CHECKING:
    from cli.results import TrainingResult

_CODE = ("cli", "materializers", "pipelines", "stacks", "steps", "student_performance")
_SETTINGS = ("ZENML_", "MLFLOW_", "STUDENT_PERFORMANCE_")
_FOLDERS = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")  # where ZenML and we have our own
# A store on this machine has its address from the stack, and answers the same through any pool.
_OF_SERVERS = ("MLFLOW_TRACKING_", "MLFLOW_SQLALCHEMYSTORE_")
# What a verdict and a run rest on in each store; `?` is the data set or the ZenML run.
_MLFLOW_STATE = (
    "SELECT * FROM experiments WHERE name = ?",
    "SELECT * FROM registered_models WHERE name = ?",
    "SELECT * FROM registered_model_tags WHERE name = ? ORDER BY key",
    "SELECT * FROM registered_model_aliases WHERE name = ? ORDER BY alias",
    "SELECT * FROM model_versions WHERE name = ? ORDER BY version",
    "SELECT * FROM model_version_tags WHERE name = ? ORDER BY version, key",
    "SELECT run_uuid, status, runs.lifecycle_stage FROM runs"
    " JOIN experiments USING (experiment_id) WHERE experiments.name = ? ORDER BY run_uuid",
    "SELECT model_id, status, logged_models.lifecycle_stage FROM logged_models"
    " JOIN experiments USING (experiment_id) WHERE experiments.name = ? ORDER BY model_id",
)
_ZENML_STATE = (
    "SELECT id, status FROM pipeline_run WHERE id = ?",
    "SELECT * FROM stack WHERE ? IS NOT NULL ORDER BY id",
    "SELECT * FROM stack_component WHERE ? IS NOT NULL ORDER BY id",
    "SELECT * FROM stack_composition WHERE ? IS NOT NULL ORDER BY stack_id, component_id",
)


@dataclass(frozen=True)
class Database:
    """A SQLite file, what is asked of it, and a digest of the answers."""

    path: str
    queries: tuple[str, ...]
    about: str
    digest: str = ""

    def now(self) -> str:
        """The digest of what it answers now.

        Raises:
            sqlite3.Error: It is gone, or its tables are of another release.
        """
        state = sha256()
        connection = sqlite3.connect(f"{Path(self.path).as_uri()}?mode=ro", uri=True, timeout=1)
        try:
            for query in self.queries:
                for row in connection.execute(query, (self.about,)):
                    state.update(repr(row).encode())
                state.update(b"\0")
        finally:
            connection.close()
        return state.hexdigest()


@dataclass(frozen=True)
class Left:
    """What a run has left in stores on this machine.

    Attributes:
        databases: The two stores, as they were right after it.
        folders: Folders of its artifacts in both stores.
        config: ZenML's configuration, which names the active stack.
    """

    databases: tuple[Database, ...]
    folders: tuple[Path, ...]
    config: Path


def databases_of(mlflow: Path, zenml: Path, dataset: str, run_id: str) -> tuple[Database, ...]:
    """The two stores as they are now.

    Raises:
        sqlite3.Error: One of them is gone, locked, or of another release.
    """
    asked = (
        Database(str(mlflow), _MLFLOW_STATE, dataset),
        Database(str(zenml), _ZENML_STATE, run_id.replace("-", "")),
    )
    return tuple(replace(database, digest=database.now()) for database in asked)


@dataclass(frozen=True)
class LastRun:
    """What the last run of a data set rests on, and what it would answer now.

    Attributes:
        question: Digest of options, configuration, code, lock and settings.
        contents: MD5 of files by their path: the table, ZenML's configuration and the models.
        sizes: Bytes of every file that the run has left in a store, by its path.
        databases: State of the two stores.
        run: Name of the ZenML run.
        code: Exit code.
        table: The result for a person.
        shown: The same for a terminal, in colours.
        result: The result as JSON.
    """

    question: str
    contents: dict[str, str]
    sizes: dict[str, int]
    databases: tuple[Database, ...]
    run: str
    code: int
    table: str
    shown: str
    result: str

    def stands(self, question: str | None) -> bool:
        """Whether the same question would be answered in the same way now."""
        try:
            return (
                question is not None
                and self.question == question
                and all(md5_of_path(Path(path)) == known for path, known in self.contents.items())
                and all(os.path.getsize(path) == known for path, known in self.sizes.items())
                and all(database.now() == database.digest for database in self.databases)
            )
        except (OSError, sqlite3.Error, AttributeError, TypeError):  # gone, or another release's
            return False

    def text(self, as_json: bool, terminal: bool) -> str:
        """What the command prints."""
        if as_json:
            return f"{self.result}\n"
        return self.shown if terminal else self.table


def question_of(project: Path, dataset: str, *options: object) -> str | None:
    """Digest of all that is asked and of all that answers, but for data and stores.

    Args:
        project: The checkout.
        dataset: Name of the data set.
        options: The options of the command.

    Returns:
        None if something of it cannot be read; then nothing is known to be unchanged.
    """
    asked = (str(project), dataset, options, os.getcwd(), platform.platform(), sys.version)
    digest = sha256(repr(asked).encode())
    names = {name for name in os.environ if name.startswith(_SETTINGS) or name in _FOLDERS}
    names = {name for name in names if not name.startswith(_OF_SERVERS)}
    digest.update(repr([(name, os.environ[name]) for name in sorted(names)]).encode())
    configs = project / "configs"
    files = ("train.yaml", f"datasets/{dataset}.yaml", "../requirements.txt", "../run.py")
    try:
        digest.update(code_digest(project / package for package in _CODE).encode())
        digest.update(repr(_installed()).encode())
        for file in (*(configs / name for name in files), *_zen_repositories()):
            digest.update(file.read_bytes() if file.is_file() else b"none")
            digest.update(b"\0")
    except OSError:
        return None
    return digest.hexdigest()


def find(dataset: str) -> LastRun | None:
    """The record of the last run of a data set."""
    try:
        told = json.loads(_record(dataset).read_bytes())
        databases = tuple(
            Database(**{**one, "queries": tuple(one["queries"])}) for one in told["databases"]
        )
        return LastRun(**{**told, "databases": databases})
    except (OSError, ValueError, TypeError, KeyError):  # none, or of another release
        return None


def keep(
    question: str | None, result: "TrainingResult", options: str, code: int, left: Left | None
) -> None:
    """Remember a run that has just ended; if that is not possible, only forget the one before.

    Args:
        question: What `question_of` said before it began.
        result: What it would find if it were repeated.
        options: The command's options, for the next commands of the table.
        code: Its exit code.
        left: What it has left; None if a store is not on this machine.
    """
    from student_performance.dataset import write_atomically

    record, verdict = _record(result.dataset), result.verdict
    serves = verdict.version is not None and result.aliases.get("champion") == verdict.version
    try:
        record.unlink(missing_ok=True)
        if question is None or left is None or "://" in result.data or serves != verdict.serves:
            return
        if any(database.now() != database.digest for database in left.databases):
            return  # somebody moved an alias while the result was gathered
        last = _last_run(question, result, options, code, left)
        write_atomically(record, json.dumps(asdict(last)).encode())
    except (OSError, sqlite3.Error):
        return  # the training has ended well; the next one asks ZenML


def _last_run(
    question: str, result: "TrainingResult", options: str, code: int, left: Left
) -> LastRun:
    files = [file for folder in left.folders for file in folder.rglob("*") if file.is_file()]
    whole = [left.config, *(file for file in files if file.suffix == ".skops")]
    return LastRun(
        question=question,
        contents={result.data: result.data_md5} | {str(file): md5_of_path(file) for file in whole},
        sizes={str(file): file.stat().st_size for file in files},
        databases=left.databases,
        run=result.zenml_run,
        code=code,
        table=_rendered(result, options, terminal=False),
        shown=_rendered(result, options, terminal=True),
        result=result.model_dump_json(indent=2),
    )


def _rendered(result: "TrainingResult", options: str, terminal: bool) -> str:
    from rich.console import Console

    from cli.tables import show_training

    drawn, width = StringIO(), 80 if terminal else 100
    show_training(
        result, options, Console(file=drawn, highlight=False, width=width, force_terminal=terminal)
    )
    return drawn.getvalue()


def _record(dataset: str) -> Path:
    return home() / "last" / f"{dataset}.json"


def _zen_repositories() -> Iterator[Path]:
    """Where ZenML looks for another active stack: where it is told to, here, and above."""
    here, told = Path.cwd(), os.environ.get("ZENML_REPOSITORY_PATH")
    folders = [*([Path(told)] if told else []), here, *here.parents]
    return (folder / ".zen" / "config.yaml" for folder in folders)


def _installed() -> list[str]:
    """Names and versions of the installed packages, by the names of their folders."""
    folder = sysconfig.get_paths()["purelib"]
    return sorted(name for name in os.listdir(folder) if name.endswith(".dist-info"))
