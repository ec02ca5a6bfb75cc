"""A run killed with -9 anywhere and repeated leaves one version and no alias without a model.

The run is forked from this process, so that the kill is real and the libraries are loaded already.
"""

import importlib
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from mlflow import MlflowClient

from student_performance.registry import Registry, Store, Tracker
from student_performance.settings import local_tracking_uri
from tests.conftest import WEAK, Outcome

Train = Callable[..., Outcome]
Place = tuple[str, str, int]
NAME = "student_performance"

# Where the process dies: owner, function, at its start or end, at which call.
COMPUTING = {
    "load, before": ("steps.load.read", "before", 1),
    "load, after": ("steps.load.inspect", "after", 1),
    "split": ("student_performance.splitting.split", "after", 1),
    "train, before": ("steps.train.compare", "before", 1),
    "train, after": ("steps.train.set_up", "after", 1),
    "evaluate, before": ("student_performance.evaluation.evaluate", "before", 1),
    "tracking, run filled": ("mlflow.MlflowClient.log_batch", "after", 1),
    "tracking, model logged": ("mlflow.sklearn.log_model", "after", 1),
    "decide, before": ("steps.decide.judge", "before", 1),
}
REGISTERING = {
    "register, model made": ("mlflow.MlflowClient.create_registered_model", "after", 1),
    "register, before the version": ("mlflow.MlflowClient.create_model_version", "before", 1),
    "register, after the version": ("mlflow.MlflowClient.create_model_version", "after", 1),
    "register, audit begun": ("mlflow.MlflowClient.set_registered_model_tag", "after", 1),
    "register, alias moved": ("mlflow.MlflowClient.set_registered_model_alias", "after", 1),
    "register, audit done": ("mlflow.MlflowClient.set_registered_model_tag", "after", 2),
    "decide, after": ("steps.decide.judge", "after", 1),
}


def die_in(place: Place, patch: pytest.MonkeyPatch) -> None:
    path, when, at_call = place
    owner, name = path.rsplit(".", 1)
    target = MlflowClient if "Client" in owner else importlib.import_module(owner)
    original, calls = getattr(target, name), [0]

    def deadly(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if when == "before" and calls[0] == at_call:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if calls[0] == at_call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    patch.setattr(target, name, deadly)


def killed(train: Train, place: Place, *args: str) -> None:
    """Run a training in a child that dies at `place`."""
    child = os.fork()
    if child == 0:
        try:
            with pytest.MonkeyPatch.context() as patch:
                die_in(place, patch)
                train(*args)
        finally:
            os._exit(0)  # whatever happened, this is no second pytest
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the run did not die at: {place}"
    assert os.WTERMSIG(status) == signal.SIGKILL


def check_registry() -> None:
    """Every alias points to a version, every version to a model that loads."""
    registry = Registry(Store(local_tracking_uri()))
    numbers = {version.number for version in registry.versions(NAME)}
    assert set(registry.aliases(NAME).values()) <= numbers
    for version in registry.versions(NAME):
        registry.load(version)


def check_first_training_resumes(train: Train, place: Place) -> None:
    killed(train, place, WEAK)
    check_resumes(train)


def check_resumes(train: Train) -> None:
    """Repeated, a first training that was killed ends well and leaves one version."""
    check_registry()
    outcome = train(WEAK)

    assert outcome.code == 0, outcome.err
    assert outcome.json["aliases"] == {"champion": "1"}
    registry = Registry(Store(local_tracking_uri()))
    assert len(registry.versions(NAME)) == 1
    records = registry.audit(NAME)
    assert [(r.alias, r.to_version, r.done) for r in records] == [("champion", "1", True)]
    finished = [r for r in Tracker(Store(local_tracking_uri())).runs(NAME) if r.version]
    assert [run.status for run in finished] == ["finished"]
    check_registry()
