"""One command again and again: never two at once, and ended when it is told to."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

NOTE = """
import sys, time
path = sys.argv[1]
open(path, "a").write("begin\\n")
time.sleep(float(sys.argv[2]))
open(path, "a").write("end\\n")
sys.exit(3)
"""


def schedule(path: Path, lasts: float, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", NOTE, str(path), str(lasts)]
    return subprocess.Popen(
        [sys.executable, "-m", "servers.schedule", *options, *command],
        cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_run_that_lasts_too_long_is_not_overlapped(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    last = tmp_path / "ended"
    process = schedule(path, 1.5, "--every=1", "--times=3", f"--last={last}")
    _, told = process.communicate(timeout=60)

    assert path.read_text().split() == ["begin", "end"] * 3
    assert told.count("ended with 3") == 3  # a failure is told, and the next run comes
    assert last.read_text() == "3\n"
    assert process.returncode == 0


def test_it_waits_between_runs_and_ends_when_told(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    process = schedule(path, 0, "--every=3600")
    deadline = time.monotonic() + 60
    while not path.exists() or "end" not in path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 0
    assert path.read_text().split() == ["begin", "end"]


def test_ending_it_ends_the_command(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    process = schedule(path, 600, "--every=1")
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)

    _, told = process.communicate(timeout=30)
    assert "ended with -15" in told
    assert path.read_text().split() == ["begin"]


def test_commands_of_this_project_share_a_process(tmp_path: Path) -> None:
    table = tmp_path / "students.csv"
    process = subprocess.Popen(
        [sys.executable, "-m", "servers.schedule", "--every=1", "--times=2",
         sys.executable, "run.py", "simulate", "--students=100", f"--out={table}"],
        cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    children: list[list[int]] = []
    told = ""
    for line in process.stderr:
        told += line
        if "ended with" in line:
            children.append([child.pid for child in psutil.Process(process.pid).children()])

    assert process.wait(60) == 0
    assert told.count("ended with 0") == told.count("Wrote 100 simulated students") == 2
    assert len(children[0]) == 1
    assert children[0] == children[1]
