"""Learning in parts with real Dask processes: the same numbers, whoever computes and dies."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from student_performance.config import TrainConfig
from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig
from student_performance.digests import md5_of
from student_performance.errors import ProductError, UnreachableError, UsageError
from student_performance.parts.crew import crew
from student_performance.parts.dividing import divide
from student_performance.parts.learning import Learnt, learn
from student_performance.parts.table import survey
from student_performance.settings import SCHEDULER, WORKER_MEMORY, WORKERS
from student_performance.simulate import simulate
from tests.conftest import PROJECT, SMALL, Outcome

_ROWS, _PARTS = 20_000, 8
_ONE = "--set=candidates={logistic_regression: {kind: logistic_regression}}"


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of several row groups."""
    path = tmp_path_factory.mktemp("parquet") / "students.parquet"
    simulate(_ROWS, seed=1).to_parquet(path, row_group_size=_ROWS // _PARTS, index=False)
    return path


@pytest.fixture(scope="module")
def configs() -> tuple[TrainConfig, DatasetConfig]:
    return load_configs(PROJECT / "configs", "student_performance")


@pytest.fixture
def two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS, "2")
    monkeypatch.delenv(SCHEDULER, raising=False)


def learnt(path: Path, configs: tuple[TrainConfig, DatasetConfig]) -> Learnt:
    config, dataset = configs
    with crew() as processes:
        found, _ = survey(processes, str(path), md5_of(str(path)), dataset, config.split.key)
        parts = divide(processes, found, dataset, config.split, config.cross_validation.folds)
        return learn(processes, found, parts.validation, parts.division, dataset, config.learning)


def numbers(result: Learnt) -> tuple[Any, ...]:
    estimator = result.model["estimator"]
    return (result.comparison, estimator.coef_.tolist(), estimator.intercept_.tolist())


def test_numbers_are_those_of_the_engine_that_holds_the_table(
    cli: Callable[..., Outcome], parquet: Path, two_workers: None, tmp_path: Path
) -> None:
    table = tmp_path / "students.csv"
    pd.read_parquet(parquet).to_csv(table, index=False)
    converted = tmp_path / "again.parquet"
    assert cli("dataset", "convert", table, "--out", converted).code == 0

    held = cli("train", "--json", "--data", table, *SMALL, _ONE)
    parted = cli("train", "--json", "--data", converted, *SMALL, _ONE, "--set=engine=dask")

    assert (held.code, parted.code) == (0, 0)
    assert "processes of this machine learn in parts" in parted.err
    one, other = held.json["report"], parted.json["report"]
    assert one["division"] == other["division"]
    for name, score in one["scores"].items():
        assert other["scores"][name]["value"] == pytest.approx(score["value"], abs=2e-3), name
    for mine, theirs in zip(one["examples"], other["examples"], strict=True):
        assert theirs["risk"] == pytest.approx(mine["risk"], abs=2e-3)
    candidates = one["comparison"]["candidates"], other["comparison"]["candidates"]
    for mine, theirs in zip(*candidates, strict=True):
        loss = mine["scores"]["log_loss"]
        assert loss["low"] < theirs["scores"]["log_loss"]["value"] < loss["high"], mine["name"]
    assert "learnt in parts" in other["notes"][0]

    again = cli("train", "--data", converted, *SMALL, _ONE, "--set=engine=dask", "--no-cache")
    assert again.code == 0
    assert "judged before" in again.out or "champion" in again.out
    assert "--set engine=dask --set candidates.logistic_regression.C=0.1" in again.out
    assert "python run.py runs  " in again.out


def test_candidates_that_need_the_whole_table_are_left_out_and_named(
    cli: Callable[..., Outcome], parquet: Path, two_workers: None
) -> None:
    found = cli("train", "--json", "--data", parquet, *SMALL, "--set=engine=dask")
    assert found.code == 0
    report = found.json["report"]
    names = [candidate["name"] for candidate in report["comparison"]["candidates"]]
    assert names == ["majority", "logistic_regression"]
    assert any("monotone_boosting cannot learn in parts" in note for note in report["notes"])


def test_number_of_processes_changes_no_digit(
    parquet: Path, configs: tuple[TrainConfig, DatasetConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SCHEDULER, raising=False)
    found = []
    for workers in ("1", "3"):
        monkeypatch.setenv(WORKERS, workers)
        found.append(numbers(learnt(parquet, configs)))
    assert found[0] == found[1]


def test_killed_worker_costs_time_and_not_the_run(
    parquet: Path, configs: tuple[TrainConfig, DatasetConfig], two_workers: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    undisturbed = numbers(learnt(parquet, configs))
    killed = []
    from student_performance.parts.crew import Crew

    total = Crew.total

    def deadly(self: Crew, what: str, *others: Any) -> Any:
        if what.startswith("train: pass 3") and not killed:
            pid = next(iter(self._client.run(os.getpid).values()))
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        return total(self, what, *others)

    monkeypatch.setattr(Crew, "total", deadly)
    assert numbers(learnt(parquet, configs)) == undisturbed
    assert killed


def test_part_that_kills_its_process_again_and_again_is_a_sentence(two_workers: None) -> None:
    with crew() as processes, pytest.raises(ProductError, match="for lack of memory") as refused:
        processes.gathered("train", processes.each(_dies, [1]))
    assert str(refused.value.next_command).startswith(WORKER_MEMORY)


def _dies(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("variable", "value"),
    [(WORKER_MEMORY, "100MB"), (WORKER_MEMORY, "plenty"), (WORKERS, "0"), (WORKERS, "two")],
)
def test_setting_that_is_no_size_is_a_sentence(
    variable: str, value: str, two_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=f"{variable} is `{value}`"), crew():
        pass


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """A Dask cluster of somebody else: a scheduler and one worker."""
    with ExitStack() as stack:

        def started(*command: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=PROJECT, stderr=subprocess.DEVNULL
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            return process

        address = tmp_path / "scheduler.json"
        file = ("--scheduler-file", str(address))
        started("distributed.cli.dask_scheduler", *file, "--host", "127.0.0.1", "--port", "0",
                "--no-dashboard", "--no-show")  # fmt: skip
        started("distributed.cli.dask_worker", *file, "--no-dashboard", "--nworkers", "1")
        yield _address_in(address)


def _address_in(file: Path) -> str:
    import json
    import time

    deadline = time.monotonic() + 60
    while not file.exists() or not file.read_text():
        assert time.monotonic() < deadline, "the scheduler does not start"
        time.sleep(0.1)
    return str(json.loads(file.read_text())["address"])


def test_cluster_that_is_there_is_used(
    parquet: Path, configs: tuple[TrainConfig, DatasetConfig], scheduler: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from distributed import Client

    with Client(scheduler) as client:
        client.wait_for_workers(1, timeout=60)
    monkeypatch.setenv(SCHEDULER, scheduler)
    there = numbers(learnt(parquet, configs))
    monkeypatch.setattr("student_performance.parts.crew.code_digest", lambda _: "other code")
    with pytest.raises(UsageError, match=r"1 of 1 processes .* have other code"), crew():
        pass
    monkeypatch.delenv(SCHEDULER)
    monkeypatch.setenv(WORKERS, "2")
    assert there == numbers(learnt(parquet, configs))


def test_nobody_at_the_address_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCHEDULER, "tcp://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"No Dask scheduler answers at tcp://127"), crew():
        pass
    monkeypatch.setenv(SCHEDULER, "not an address")
    with pytest.raises(UnreachableError, match="not an address"), crew():
        pass
