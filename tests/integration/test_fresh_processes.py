"""`python run.py` in processes of its own, in a clone of its own, as a stranger starts it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT, SMALL, Stores, forget_last_run

SOURCES = (
    "cli", "configs", "data", "materializers", "pipelines", "stacks", "steps",
    "student_performance", "run.py", "requirements.txt", "dvc.lock", "dvc.yaml",
)  # fmt: skip


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the project's sources that may be changed."""
    made = tmp_path / "clone"
    made.mkdir()
    for name in SOURCES:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(
                source, made / name, ignore=shutil.ignore_patterns("__pycache__", "*.csv")
            )
        else:
            shutil.copy(source, made / name)
    return made


@pytest.fixture
def newcomer(tmp_path: Path) -> Stores:
    """A user with an empty home: no ZenML and no MLflow of before."""
    home = tmp_path / "newcomer"
    home.mkdir()
    return Stores(home)


def run(clone: Path, user: Stores, *args: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run.py", *args],
        cwd=clone, env=user.environment | {"PYTHONHASHSEED": seed}, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


def train(clone: Path, user: Stores, *args: str, seed: str = "0") -> Any:
    done = run(clone, user, "train", "--json", *SMALL, *args, seed=seed)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def executed(result: Any) -> set[str]:
    return {step["name"] for step in result["steps"] if step["status"] != "cached"}


def test_newcomer_trains_without_an_argument(clone: Path, newcomer: Stores) -> None:
    done = run(clone, newcomer)

    assert done.returncode == 0, done.stderr
    assert "simulating 10,000 students" in done.stderr
    assert "promoted" in done.stdout
    assert "logistic_regression" in done.stdout
    assert (clone / "data" / "student_performance.csv").exists()
    assert not {"mlruns", "mlflow.db"} & set(os.listdir(clone))


def test_cache_holds_across_processes_and_ends_with_the_code(clone: Path, stores: Stores) -> None:
    assert len(executed(train(clone, stores, seed="1"))) == 5
    # Python hashes strings differently in each process; the cache must not notice.
    for seed in ("2", "3", "4"):
        forget_last_run(stores)
        assert executed(train(clone, stores, seed=seed)) == {"decide"}
    source = clone / "student_performance" / "metrics.py"
    changed = source.read_text().replace("BINS = 10 ", "BINS = 20 ")
    assert changed != source.read_text()
    source.write_text(changed)

    assert len(executed(train(clone, stores))) == 5


def test_deleted_mlflow_store_is_filled_again(clone: Path, stores: Stores) -> None:
    train(clone, stores)
    shutil.rmtree(stores.root / "home" / "mlflow")
    again = train(clone, stores)

    assert executed(again) == {"evaluate", "decide"}
    assert again["aliases"] == {"champion": "1"}


@pytest.mark.parametrize("store", ["zenml.db", "mlflow.db"])
def test_kill_while_a_store_is_made_leaves_nothing_broken(
    clone: Path, newcomer: Stores, store: str
) -> None:
    process = subprocess.Popen(
        [sys.executable, "run.py", "train", *SMALL], cwd=clone, env=newcomer.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list(newcomer.root.rglob(f".making-*/{store}")):
        assert process.poll() is None, "the run ended before the store was made"
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    made = [path for path in newcomer.root.rglob(store) if ".making-" not in str(path)]
    assert made == []  # half a store has never the name of a whole one

    assert train(clone, newcomer)["aliases"] == {"champion": "1"}
    assert not list(newcomer.root.rglob(".making-*"))
