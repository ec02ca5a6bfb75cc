"""A clock that is moved back: what is newest stays newest."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from student_performance.decision_log import DecisionLog
from student_performance.experiment import Decision, ExperimentPolicy
from student_performance.registry import Monitorings, Registry, Store
from student_performance.settings import local_tracking_uri
from student_performance.simulate import simulate
from student_performance.world import World
from tests.conftest import MIDDLE, PROJECT, Outcome, Stores

Run = Callable[..., Outcome]
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
BEHIND = {
    "LD_PRELOAD": str(FAKETIME), "FAKETIME": "-1d", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
}  # fmt: skip
NAME = "student_performance"


def yesterday(stores: Stores, *args: object) -> Outcome:
    """`run.py` on a machine whose clock is a day behind."""
    done = subprocess.run(
        [sys.executable, "run.py", *map(str, args)], cwd=PROJECT, capture_output=True, text=True,
        env=stores.environment | BEHIND, timeout=300,
        check=False,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(not FAKETIME.exists(), reason="no libfaketime: install the package `faketime`")
def test_clock_that_was_moved_back(stores: Stores, train: Run, cli: Run, tmp_path: Path) -> None:
    for override, number in (((), "1"), ((MIDDLE,), "2")):
        train(*override)
        assert cli("promote", number, "--reason", "before").code == 0
    same, other = tmp_path / "same.csv", tmp_path / "other.csv"
    simulate(600, seed=21).to_csv(same, index=False)
    simulate(600, seed=22, world=World(hours_median=4)).to_csv(other, index=False)
    assert cli("monitor", "--data", same).code == 0

    back = yesterday(stores, "rollback", "--reason", "after")
    assert back.code == 0, back.err
    drifted = yesterday(stores, "monitor", "--data", other)
    assert drifted.code == 6, drifted.err

    store = Store(local_tracking_uri())
    moves = Registry(store).audit(NAME)
    assert Registry(store).aliases(NAME)["champion"] == "1"
    assert [move.reason for move in moves[-2:]] == ["after", "after"]
    assert [move.at for move in moves] == sorted({move.at for move in moves})
    assert [one.level for one in Monitorings(store).newest(NAME)] == ["drift", "ok"]
    few = yesterday(stores, "retrain", "--data", other, "--folder", tmp_path, "--enough", 10_000)
    assert "the monitor found drift" in few.err, few.err


@pytest.mark.skipif(not FAKETIME.exists(), reason="no libfaketime: install the package `faketime`")
def test_decisions_stay_in_the_order_in_which_they_were_made(stores: Stores) -> None:
    log = DecisionLog()
    trial = log.start(NAME, "1", "2", ExperimentPolicy())
    first, second = (
        Decision(student="s", arm="champion", version="1", risk=risk, flagged=False, shadow_risk=0)
        for risk in (0.25, 0.75)
    )
    assert log.record(trial, [first])
    write = (
        "from student_performance.decision_log import DecisionLog\n"
        "from student_performance.experiment import Decision\n"
        f"log = DecisionLog()\ntrial = log.current({NAME!r})\n"
        f"assert log.record(trial, [Decision.model_validate_json({second.model_dump_json()!r})])\n"
        f"log.stop({NAME!r}, 'enough')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", write], cwd=PROJECT, capture_output=True, text=True, timeout=120,
        env=stores.environment | BEHIND, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    assert list(log.decisions(trial)["risk"]) == [0.25, 0.75]
    assert log.current(NAME) is None
    assert log.start(NAME, "1", "3", ExperimentPolicy()) == log.history(NAME)[0].experiment
