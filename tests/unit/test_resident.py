"""The process that stays: one for many commands, another when it died or does not know enough."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from servers import resident
from servers.resident import Resident, is_own

PROJECT = Path(__file__).parents[2]
# Instead of run.py: answers as the word says, and notes which process was asked what.
FAKE = """
import json, os, sys, time
from multiprocessing.connection import Connection
asked, notes = Connection(os.dup(0)), sys.argv[2]
while True:
    try:
        (word,) = json.loads(asked.recv_bytes())
    except EOFError:
        sys.exit(0)
    with open(notes, "a") as file:
        file.write(f"{os.getpid()} {word}\\n")
    if word == "leaves once" and "left" not in open(notes).read():
        open(notes, "a").write(f"{os.getpid()} left\\n")
        asked.send_bytes(b"null")
        sys.exit(0)
    if word == "dies":
        os._exit(7)
    if word == "lasts":
        time.sleep(600)
    asked.send_bytes(b"3")
"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture
def stays(tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resident]:
    script = tmp_path / "run.py"
    script.write_text(FAKE)
    monkeypatch.setattr(resident, "_SCRIPT", script)
    made = Resident(sys.executable, str(notes))
    yield made
    made.terminate()
    made.close()


def noted(notes: Path) -> list[tuple[int, str]]:
    lines = [line.split(" ", 1) for line in notes.read_text().splitlines()]
    return [(int(process), word) for process, word in lines]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_one_process_runs_them_all(stays: Resident, notes: Path) -> None:
    assert [stays.run(["one"]), stays.run(["two"])] == [3, 3]
    assert [word for _, word in noted(notes)] == ["one", "two"]
    assert len({process for process, _ in noted(notes)}) == 1


def test_command_that_ends_its_process_is_told_and_the_next_one_runs(
    stays: Resident, notes: Path
) -> None:
    assert [stays.run(["dies"]), stays.run(["one"])] == [7, 3]
    assert [word for _, word in noted(notes)] == ["dies", "one"]  # none is run twice


def test_process_that_was_killed_while_nothing_ran_is_replaced(
    stays: Resident, notes: Path
) -> None:
    stays.run(["one"])
    process = noted(notes)[0][0]
    os.kill(process, signal.SIGKILL)
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)

    assert stays.run(["two"]) == 3
    assert [word for _, word in noted(notes)] == ["one", "two"]


def test_command_that_a_process_will_not_run_is_run_by_the_next(
    stays: Resident, notes: Path
) -> None:
    assert stays.run(["leaves once"]) == 3
    (first, _), (_, left), (second, _) = noted(notes)
    assert left == "left"
    assert first != second


def test_terminating_ends_the_command_and_lets_no_other_begin(stays: Resident, notes: Path) -> None:
    codes: list[int] = []
    running = threading.Thread(target=lambda: codes.append(stays.run(["lasts"])))
    running.start()
    wait_for(lambda: notes.exists() and "lasts" in notes.read_text())
    stays.terminate()
    running.join(60)

    assert codes == [-signal.SIGTERM]
    assert stays.run(["lasts"]) == -signal.SIGTERM


def test_process_ends_with_who_started_it(tmp_path: Path, notes: Path) -> None:
    (tmp_path / "run.py").write_text(FAKE)
    script = (
        "import os, sys; from pathlib import Path; from servers import resident;"
        f" resident._SCRIPT = Path({str(tmp_path / 'run.py')!r});"
        f" resident.Resident(sys.executable, {str(notes)!r}).run(['one']); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=True, timeout=60)
    ((process, _),) = noted(notes)

    wait_for(lambda: not is_alive(process))
    assert not is_alive(process)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_only_this_projects_run_py_is_known(tmp_path: Path) -> None:
    assert is_own(["python", str(PROJECT / "run.py"), "retrain"])
    assert not is_own(["python", str(tmp_path / "run.py"), "retrain"])
    assert not is_own(["python", "-c", "pass"])
    assert not is_own(["true"])
