"""Commands in one process that stays end as they would in processes of their own."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
    """The process, which tests share, and what its commands wrote."""

    commands: Resident
    folder: Path
    out: Path
    told: Path

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def user(self) -> Stores:
        return Stores(self.folder / "user")

    def run(self, *args: object) -> Outcome:
        for file in (self.out, self.told):
            file.write_bytes(b"")
        code = self.commands.run(list(map(str, args)))
        return Outcome(code, self.out.read_text(), self.told.read_text())

    @property
    def process(self) -> int:
        (child,) = (c for c in psutil.Process().children() if "resident" in c.cmdline())
        return int(child.pid)


@contextmanager
def staying(folder: Path) -> Iterator[Stays]:
    """A process that begins with its first command."""
    out, told = folder / "out", folder / "told"
    for file in (out, told):
        file.write_bytes(b"")  # also of what another process wrote
    with out.open("ab") as stdout, told.open("ab") as stderr:
        made = Resident(
            sys.executable, cwd=folder / "project", env=Stores(folder / "user").environment,
            stdout=stdout, stderr=stderr,
        )  # fmt: skip
        try:
            yield Stays(made, folder, out, told)
        finally:
            made.terminate()
            made.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stays]:
    """A project of its own, and the process that stays there from test to test."""
    folder = tmp_path_factory.mktemp("resident")
    project = folder / "project"
    for part in (*_CODE, "configs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / part, project / part, ignore=ignored)
    for file in ("run.py", "requirements.txt"):
        shutil.copy(PROJECT / file, project / file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resident, "_SCRIPT", project / "run.py")
        with staying(folder) as made:
            yield made


@pytest.fixture
def stays(shared: Stays, store_template: Stores) -> Stays:
    """The process that stays, for a fresh user."""
    if shared.user.root.exists():
        shutil.rmtree(shared.user.root)
    copy_user(store_template, shared.user)
    return shared


@contextmanager
def holding(file: Path, content: str) -> Iterator[None]:
    """Let a file hold something else meanwhile."""
    before = file.read_bytes() if file.exists() else None
    file.parent.mkdir(exist_ok=True)
    file.write_text(content)
    try:
        yield
    finally:
        file.unlink() if before is None else file.write_bytes(before)


def alone(stays: Stays, *args: object) -> Outcome:
    done = subprocess.run(
        [sys.executable, "run.py", *map(str, args)], cwd=stays.project,
        env=stays.user.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_second_training_is_that_of_a_process_of_its_own(stays: Stays, table: Path) -> None:
    train = ("train", "--json", "--no-cache", "--data", table, *SMALL, WEAK)
    first = stays.run(*train, "--stack=local")
    process = stays.process
    second = stays.run(*train)
    third = alone(stays, *train)

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
    stays: Stays, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    for command in (
        ("train", "--nonsense"),
        ("train", "--data", tmp_path / "bad.csv"),
        ("train", "--data", "none.csv"),
        ("promote", "9", "--reason=x"),
        ("--help",),
    ):
        here, there = stays.run(*command), alone(stays, *command)
        assert here == there


def test_stores_that_were_removed_are_made_again(
    stays: Stays, store_template: Stores, table: Path
) -> None:
    train = ("train", "--json", "--data", table, *SMALL, WEAK)
    first = stays.run(*train)
    shutil.rmtree(stays.user.root)
    copy_user(store_template, stays.user)
    second = stays.run(*train)

    assert (first.code, second.code) == (0, 0), second.err
    assert second.json["verdict"]["version"] == "1"
    assert second.json["zenml_run_id"] != first.json["zenml_run_id"]
    left = Registry(Store(f"sqlite:///{stays.user.root}/home/mlflow/mlflow.db"))
    assert left.aliases("student_performance") == {"champion": "1"}


def test_terminating_ends_a_training(stays: Stays, table: Path) -> None:
    ended: list[Any] = []
    with staying(stays.folder) as another:
        running = threading.Thread(
            target=lambda: ended.append(another.run("train", "--data", table))
        )
        running.start()
        deadline = time.monotonic() + 120
        while "train:" not in another.told.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        another.commands.terminate()
        running.join(60)

    assert [one.code for one in ended] == [1]  # as without: ZenML ends the step that runs
    assert "The execution was interrupted" in ended[0].err


def test_changed_code_is_run_by_another_process(stays: Stays, tmp_path: Path) -> None:
    command = ("simulate", "--students", 100, "--out", tmp_path / "x.csv")
    assert "planted" not in stays.run(*command).err
    process = stays.process
    code = stays.project / "cli" / "simulate.py"
    with holding(code, f'{code.read_text()}\n\nsay("planted")\n'):
        assert "planted" in stays.run(*command).err

    assert stays.process != process


@pytest.mark.parametrize("file", ["project/requirements.txt", "user/home/servers/env"])
def test_changed_lock_or_keys_are_met_by_another_process(
    stays: Stays, tmp_path: Path, file: str
) -> None:
    command = ("simulate", "--students", 100, "--out", tmp_path / "x.csv")
    stays.run(*command)
    process = stays.process
    with holding(stays.folder / file, "AWS_ACCESS_KEY_ID=another"):
        stays.run(*command)

    assert stays.process != process
