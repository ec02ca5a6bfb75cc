"""Every test that meets ZenML or MLflow gets stores as if it were alone, copied from a template.

The tests of one process are the same user in turn: stores hold absolute paths, so what a training
has left can be kept aside and be put back for another test, but only in the same place.
"""

import json
import logging
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from cli.app import app
from cli.errors import prepare_environment, run_command
from cli.speed import collect_rarely, fast_imports
from tests.chromium import page  # noqa: F401  # a fixture for every folder
from tests.shelf import Shelf
from tests.singletons import do_not_wait_for_the_disk, forget_singletons, keep_engine_of_zenml
from tests.tracing import is_traced, tracing_own_imports, untraced

PROJECT = Path(__file__).resolve().parent.parent
# A training of a few seconds, which compares two candidates.
SMALL = (
    "--set=cross_validation.folds=3",
    "--set=cross_validation.repeats=1",
    "--set=candidates={logistic_regression: {kind: logistic_regression, C: 1.0},"
    " monotone_boosting: {kind: gradient_boosting, max_iter: 10, max_leaf_nodes: 8}}",
    "--set=intervals.resamples=100",
    "--set=gate.min_test_rows=100",
)
# Instead of all candidates, one that is sound but surely worse than what wins among them.
WEAK = (
    "--set=candidates={stump: {kind: gradient_boosting, max_iter: 1, max_leaf_nodes: 2,"
    " learning_rate: 0.5}}"
)
MIDDLE = WEAK.replace("max_iter: 1,", "max_iter: 3,")

prepare_environment(debug=False)
collect_rarely()
if "PYTEST_XDIST_WORKER" in os.environ:  # which meets a test that needs them anyway
    with untraced(), fast_imports():
        pass
# Tests fork, and a child cannot use the OpenMP threads that its parent has started.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    with tracing_own_imports():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    if is_traced(item.path):
        return (yield)
    with untraced():
        return (yield)


@dataclass(frozen=True)
class Stores:
    """Folders of one isolated user: ZenML's configuration and the local MLflow store."""

    root: Path

    @property
    def variables(self) -> dict[str, str]:
        return {
            "ZENML_CONFIG_PATH": str(self.root / "zenml"),
            "STUDENT_PERFORMANCE_HOME": str(self.root / "home"),
            "STUDENT_PERFORMANCE_ACTOR": "tester",
            "HOME": str(self.root),
        }

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a child process of this user."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ZENML_", "MLFLOW_"))}
        return inherited | self.variables


@dataclass(frozen=True)
class Outcome:
    """What a command ended in."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def steps(self) -> dict[str, str]:
        """The status of each step of a training."""
        return {step["name"]: step["status"] for step in self.json["steps"]}


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Stores:
    """Migrated stores with the stack `local`, made once: migrations are the slow part."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent  # which all processes of this run share
    template, done = Stores(folder / "template"), folder / "template.done"
    with FileLock(folder / "template.lock"):
        if not done.exists():
            make_stores(template)
            done.touch()
    return template


@pytest.fixture(scope="session")
def user_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the user of this process is at home, test after test."""
    with pytest.MonkeyPatch.context() as patch:
        keep_engine_of_zenml(patch)
        do_not_wait_for_the_disk()
        yield tmp_path_factory.mktemp("user")


@pytest.fixture
def stores(
    store_template: Stores, user_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stores]:
    """A fresh user whose stores are migrated already."""
    mine = Stores(user_folder / "user")
    forget_singletons()
    shutil.rmtree(user_folder)
    copy_user(store_template, mine)
    become(mine, monkeypatch)
    yield mine
    forget_singletons()


@pytest.fixture(scope="session")
def students_csv() -> bytes:
    """2,000 simulated students."""
    from student_performance.simulate import simulate, to_csv

    return to_csv(simulate(2000, seed=1))


@pytest.fixture
def table(user_folder: Path, stores: Stores, students_csv: bytes) -> Path:
    """2,000 simulated students as a file."""
    path = user_folder / "students.csv"
    path.write_bytes(students_csv)
    return path


@pytest.fixture
def cli(stores: Stores, capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command in this process, as `python run.py ...` would."""

    def run(*args: object) -> Outcome:
        forget_singletons()
        os.environ.pop("ZENML_ACTIVE_STACK_ID", None)
        capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["run.py", *map(str, args)])
            code = 0
            try:
                run_command(app)
            except SystemExit as ended:
                code = int(ended.code or 0)
            finally:
                logging.getLogger("steps").handlers.clear()  # they write to this test's streams
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def train(cli: Callable[..., Outcome], table: Path) -> Callable[..., Outcome]:
    """`run.py train --json` on a small table."""

    def run(*args: object, data: Path = table) -> Outcome:
        return cli("train", "--json", "--data", data, *SMALL, *args)

    return run


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """What the trainings that several tests begin with have left."""
    return Shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def given(train: Callable[..., Outcome], stores: Stores, shelf: Shelf) -> Callable[..., Outcome]:
    """Trainings that were there before the test, each with its options; gives the last outcome.

    The first test that asks for them runs them, all others get a copy of what they have left.
    """

    def run(*trainings: tuple[str, ...]) -> Outcome:
        known = shelf.longest(trainings)
        if known:
            forget_singletons()
            shelf.put_back(known, stores.root)
        for at in range(len(known), len(trainings)):
            outcome = train(*trainings[at])
            forget_singletons()
            shelf.keep(trainings[: at + 1], outcome, stores.root)
        return shelf.outcomes[trainings]

    return run


@pytest.fixture
def trained(given: Callable[..., Outcome]) -> Outcome:
    """One training with the default candidates, the champion."""
    outcome = given(())
    assert outcome.code == 0, outcome.err
    return outcome


def forget_last_run(user: Stores) -> None:
    """Let the next training ask ZenML, even if nothing has changed."""
    for record in (user.root / "home" / "last").glob("*.json"):
        record.unlink()


def make_stores(user: Stores) -> None:
    """Stores as the first training would make them."""
    from stacks.selection import select_stack
    from steps.mlflow_store import active_store

    user.root.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        become(user, patch)
        select_stack("local")
        active_store()
    forget_singletons()


def copy_user(template: Stores, user: Stores) -> None:
    """Give a user the migrated stores of the template."""
    shutil.copytree(template.root, user.root, dirs_exist_ok=True)
    config = user.root / "zenml" / "config.yaml"
    config.write_text(config.read_text().replace(str(template.root), str(user.root)))


def become(user: Stores, patch: pytest.MonkeyPatch) -> None:
    """Let this process be another user."""
    from zenml.utils import source_utils

    for name, value in user.variables.items():
        patch.setenv(name, value)
    for name in ("ZENML_ACTIVE_STACK_ID", "MLFLOW_TRACKING_URI"):  # commands set them
        patch.setenv(name, "")
        patch.delenv(name)
    source_utils.set_custom_source_root(str(PROJECT))
    forget_singletons()
