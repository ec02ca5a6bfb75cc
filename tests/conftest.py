"""Every test that meets ZenML or MLflow gets stores of its own, copied from one template."""

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.app import app
from cli.errors import prepare_environment, run_command
from tests.chromium import page  # noqa: F401  # a fixture for every folder

PROJECT = Path(__file__).resolve().parent.parent
# A training of a few seconds.
SMALL = (
    "--set=cross_validation.folds=3",
    "--set=cross_validation.repeats=1",
    "--set=candidates.report_forest.n_estimators=5",
    "--set=candidates.tuned_forest.n_estimators=5",
    "--set=candidates.tuned_forest.min_samples_leaf=20",
    "--set=candidates.monotone_boosting.max_iter=10",
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
# Tests fork, and a child cannot use the OpenMP threads that its parent has started.
os.environ["OMP_NUM_THREADS"] = "1"


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


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """Migrated stores with the stack `local`, made once: migrations are the slow part."""
    from stacks.selection import select_stack
    from steps.mlflow_store import active_store

    template = Stores(tmp_path_factory.mktemp("template"))
    with pytest.MonkeyPatch.context() as patch:
        become(template, patch)
        select_stack("local")
        active_store()
    _forget_singletons()
    return template


@pytest.fixture
def stores(
    store_template: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stores]:
    """A fresh user whose stores are migrated already."""
    mine = Stores(tmp_path / "user")
    copy_user(store_template, mine)
    become(mine, monkeypatch)
    yield mine
    _forget_singletons()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """2,000 simulated students as a file."""
    from student_performance.simulate import simulate, to_csv

    path = tmp_path / "students.csv"
    path.write_bytes(to_csv(simulate(2000, seed=1)))
    return path


@pytest.fixture
def cli(stores: Stores, capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command in this process, as `python run.py ...` would."""

    def run(*args: object) -> Outcome:
        _forget_singletons()
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


def forget_last_run(user: Stores) -> None:
    """Let the next training ask ZenML, even if nothing has changed."""
    for record in (user.root / "home" / "last").glob("*.json"):
        record.unlink()


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
    patch.setenv("ZENML_ACTIVE_STACK_ID", "")
    patch.delenv("ZENML_ACTIVE_STACK_ID")
    source_utils.set_custom_source_root(str(PROJECT))
    _forget_singletons()


def _forget_singletons() -> None:
    from stacks.zenml_store import forget_store  # ZenML is imported where a test needs it

    forget_store()
