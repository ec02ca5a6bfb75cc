"""Commands in one process that stays end as they would in processes of their own."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.unchanged import _CODE
from servers import resident
from servers.resident import Resident
from student_performance.registry import Registry, Store
from tests.conftest import PROJECT, SMALL, WEAK, Outcome, Stores, copy_user


@dataclass
class Stays:
    """The process, and what its commands wrote."""

    commands: Resident
    project: Path
    out: Path
    told: Path

    def run(self, *args: object) -> Outcome:
        for file in (self.out, self.told):
            file.write_bytes(b"")
        code = self.commands.run(list(map(str, args)))
        return Outcome(code, self.out.read_text(), self.told.read_text())

    @property
    def process(self) -> int:
        (child,) = (c for c in psutil.Process().children() if "resident" in c.cmdline())
        return int(child.pid)


@pytest.fixture
def user(store_template: Stores, tmp_path: Path) -> Stores:
    mine = Stores(tmp_path / "user")
    copy_user(store_template, mine)
    return mine


@pytest.fixture
def stays(user: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stays]:
    project = tmp_path / "project"
    for folder in (*_CODE, "configs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / folder, project / folder, ignore=ignored)
    for file in ("run.py", "requirements.txt"):
        shutil.copy(PROJECT / file, project / file)
    monkeypatch.setattr(resident, "_SCRIPT", project / "run.py")
    out, told = tmp_path / "out", tmp_path / "told"
    with out.open("ab") as stdout, told.open("ab") as stderr:
        made = Resident(
            sys.executable, cwd=project, env=user.environment, stdout=stdout, stderr=stderr
        )
        yield Stays(made, project, out, told)
        made.terminate()
        made.close()


def alone(stays: Stays, user: Stores, *args: object) -> Outcome:
    done = subprocess.run(
        [sys.executable, "run.py", *map(str, args)], cwd=stays.project, env=user.environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_second_training_is_that_of_a_process_of_its_own(
    stays: Stays, user: Stores, table: Path
) -> None:
    train = ("train", "--json", "--no-cache", "--data", table, *SMALL, WEAK)
    first = stays.run(*train, "--stack=local")
    process = stays.process
    second = stays.run(*train)
    third = alone(stays, user, *train)

    assert stays.process == process
    assert [one.code for one in (first, second, third)] == [0, 0, 0], second.err
    assert second.json["report"] == third.json["report"]
    assert [one.json["verdict"]["version"] for one in (first, second, third)] == ["1", "2", "3"]
    told, expected = (
        [line for line in one.err.splitlines() if not line.startswith("  ")]
        for one in (second, third)
    )
    assert told == expected  # also that the stack is not the one that was asked for before
    assert "Stack  local (asked for by --stack)" in first.err


def test_codes_and_words_of_failures_are_those_of_a_process_of_its_own(
    stays: Stays, user: Stores, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    for command in (
        ("train", "--nonsense"),
        ("train", "--data", tmp_path / "bad.csv"),
        ("train", "--data", "none.csv"),
        ("promote", "9", "--reason=x"),
        ("--help",),
    ):
        here, there = stays.run(*command), alone(stays, user, *command)
        assert here == there


def test_changed_code_is_run_by_another_process(stays: Stays, tmp_path: Path) -> None:
    command = ("simulate", "--students", 100, "--out", tmp_path / "x.csv")
    assert "planted" not in stays.run(*command).err
    process = stays.process
    code = stays.project / "cli" / "simulate.py"
    code.write_text(f'{code.read_text()}\n\nsay("planted")\n')

    assert "planted" in stays.run(*command).err
    assert stays.process != process


@pytest.mark.parametrize("file", ["project/requirements.txt", "user/home/servers/env"])
def test_changed_lock_or_keys_are_met_by_another_process(
    stays: Stays, tmp_path: Path, file: str
) -> None:
    command = ("simulate", "--students", 100, "--out", tmp_path / "x.csv")
    stays.run(*command)
    process = stays.process
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("AWS_ACCESS_KEY_ID=another")
    stays.run(*command)

    assert stays.process != process


def test_stores_that_were_removed_are_made_again(
    stays: Stays, user: Stores, store_template: Stores, table: Path
) -> None:
    train = ("train", "--json", "--data", table, *SMALL, WEAK)
    first = stays.run(*train)
    shutil.rmtree(user.root)
    copy_user(store_template, user)
    second = stays.run(*train)

    assert (first.code, second.code) == (0, 0), second.err
    assert second.json["verdict"]["version"] == "1"
    assert second.json["zenml_run_id"] != first.json["zenml_run_id"]
    left = Registry(Store(f"sqlite:///{user.root}/home/mlflow/mlflow.db"))
    assert left.aliases("student_performance") == {"champion": "1"}


def test_terminating_ends_a_training(stays: Stays, table: Path) -> None:
    ended: list[Any] = []
    command = ("train", "--data", table)
    running = threading.Thread(target=lambda: ended.append(stays.run(*command)))
    running.start()
    deadline = time.monotonic() + 120
    while "train:" not in stays.told.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stays.commands.terminate()
    running.join(60)

    assert [one.code for one in ended] == [1]  # as without: ZenML ends the step that runs
    assert "The execution was interrupted" in ended[0].err
