"""`run.py retrain` on the stack `local`."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from cli import retrain as cli_retrain
from student_performance.registry import Registry, Store
from student_performance.settings import local_tracking_uri
from student_performance.simulate import simulate
from student_performance.world import World
from tests.conftest import SMALL, Outcome

Run = Callable[..., Outcome]
NAME = "student_performance"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in a DVC repository of its own."""
    place = tmp_path / "school" / "retraining"
    place.mkdir(parents=True)
    command = [sys.executable, "-m", "dvc", "init", "--no-scm", "--quiet"]
    subprocess.run(command, cwd=place.parent, check=True)
    return place


@pytest.fixture
def retrain(cli: Run, folder: Path, table: Path) -> Run:
    """`run.py retrain`, on top of the table that the champion learnt from."""

    def run(data: Path, *args: object) -> Outcome:
        own = folder / f"{NAME}.csv"
        if not own.exists():
            own.write_bytes(table.read_bytes())
        return cli("retrain", "--data", data, "--folder", folder, *SMALL, *args)

    return run


def term(tmp_path: Path, rows: int, world: World | None = None) -> Path:
    path = tmp_path / f"term_{rows}.csv"
    students = simulate(rows, seed=61, world=world)
    students["student_id"] = "T2-" + students["student_id"]
    students.to_csv(path, index=False)
    return path


def test_new_students_make_a_new_version_and_the_same_ones_do_not(
    trained: Outcome, retrain: Run, tmp_path: Path, folder: Path, table: Path
) -> None:
    path = term(tmp_path, 800)
    outcome = retrain(path)

    assert outcome.code == 0, outcome.err
    assert "800 rows are new, 500 are enough" in outcome.out
    assert len(Registry(Store(local_tracking_uri())).versions(NAME)) == 2
    kept = pd.read_csv(folder / f"{NAME}.csv")
    assert len(kept) == len(pd.read_csv(table)) + 800
    assert f"path: {NAME}.csv" in (folder / f"{NAME}.csv.dvc").read_text()
    assert not (folder / f"{NAME}.next.csv").exists()
    again = retrain(path)
    assert again.code == 3
    assert "Nothing is new: all 800 rows" in again.err
    assert len(Registry(Store(local_tracking_uri())).versions(NAME)) == 2


def test_an_alarm_makes_few_rows_enough_and_another_world_wins(
    trained: Outcome, cli: Run, retrain: Run, tmp_path: Path
) -> None:
    path = term(tmp_path, 1_500, World(base=-2))
    refused = retrain(path, "--enough", 2_000)
    assert refused.code == 3
    assert "Only 1,500 rows are new, 2,000 are needed" in refused.err

    assert cli("monitor", "--data", path, "--labels", path).code == 6
    outcome = retrain(path, "--enough", 2_000)
    assert outcome.code == 0, outcome.err
    assert "Retrained because the monitor found drift" in outcome.out
    registry = Registry(Store(local_tracking_uri()))
    assert registry.aliases(NAME)["champion"] == "2"
    # The alarm was about version 1; the one that serves now has none.
    assert "2,000 are needed" in retrain(term(tmp_path, 1_400), "--enough", 2_000).err


def test_two_at_once_are_refused(retrain: Run, tmp_path: Path, folder: Path) -> None:
    with FileLock(folder / f".{NAME}.lock"):
        outcome = retrain(term(tmp_path, 800))

    assert outcome.code == 3
    assert "under way" in outcome.err


def test_without_a_dvc_repository_the_rows_are_kept_and_it_is_told(
    trained: Outcome, cli: Run, tmp_path: Path, table: Path
) -> None:
    place = tmp_path / "no_dvc"
    place.mkdir()
    (place / f"{NAME}.csv").write_bytes(table.read_bytes())
    outcome = cli("retrain", "--data", term(tmp_path, 800), "--folder", place, *SMALL)

    assert outcome.code == 0, outcome.err
    assert "DVC does not keep this state of the data" in outcome.err
    assert len(pd.read_csv(place / f"{NAME}.csv")) == len(pd.read_csv(table)) + 800


@pytest.mark.parametrize("place", ["before the rows are kept", "before DVC has them"])
def test_a_run_that_was_killed_before_its_end_is_repeated(
    place: str,
    trained: Outcome,
    retrain: Run,
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, kept = term(tmp_path, 800), folder / f"{NAME}.csv"
    replace, version = os.replace, cli_retrain._version

    def killed_replace(source: Path, target: Path) -> None:
        if target == kept:
            raise KeyboardInterrupt
        replace(source, target)

    def killed_version(path: Path) -> None:
        if len(pd.read_csv(path)) == 2_800:
            raise KeyboardInterrupt
        version(path)

    with monkeypatch.context() as patch:
        if place == "before the rows are kept":
            patch.setattr("cli.retrain.os.replace", killed_replace)
        else:
            patch.setattr("cli.retrain._version", killed_version)
        assert retrain(path).code == 130
    registry = Registry(Store(local_tracking_uri()))
    assert len(registry.versions(NAME)) == 2
    outcome = retrain(path)

    assert outcome.code == (0 if place == "before the rows are kept" else 3), outcome.err
    assert len(registry.versions(NAME)) == 2
    assert hashlib.md5(kept.read_bytes()).hexdigest() in (folder / f"{NAME}.csv.dvc").read_text()
    assert len(pd.read_csv(kept)) == 2_800
