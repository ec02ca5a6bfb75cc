"""A full disk, a locked database and a file that is too large end in a sentence."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT, SMALL, Outcome, Stores

GIGABYTE = 1024**3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte: MLflow's database fits, a training's records do not."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a small file system can only be mounted by root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def run(stores: Stores, *args: object, **variables: str) -> Outcome:
    """`run.py` as a process of its own."""
    done = subprocess.run(
        [sys.executable, "run.py", *map(str, args)],
        cwd=PROJECT, env=stores.environment | variables, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_full_disk(tmp_path: Path, small_disk: Path, table: Path) -> None:
    user = Stores(tmp_path / "user")

    ended = run(
        user, "train", "--data", table, *SMALL, STUDENT_PERFORMANCE_HOME=str(small_disk / "home")
    )

    assert ended.code == 5
    assert "There is no space left on the disk" in ended.err
    assert "Traceback" not in ended.err
    again = run(user, "runs", STUDENT_PERFORMANCE_HOME=str(small_disk / "home"))
    assert "champion" not in again.out


def test_locked_database(stores: Stores, cli: Callable[..., Outcome]) -> None:
    database = stores.root / "home" / "mlflow" / "mlflow.db"
    holder = sqlite3.connect(database)
    holder.execute("BEGIN EXCLUSIVE")

    ended = run(stores, "runs")

    holder.rollback()
    holder.close()
    assert ended.code == 5
    assert "locked" in ended.err
    assert "SELECT" not in ended.err
    assert cli("runs").code == 0


def test_a_file_of_two_gigabytes_is_refused_at_once_and_in_bounded_memory(
    stores: Stores, tmp_path: Path
) -> None:
    huge = tmp_path / "huge.csv"
    huge.touch()
    os.truncate(huge, 2 * GIGABYTE)  # takes no room on the disk

    ended = run(stores, "train", "--data", huge)

    assert ended.code == 4
    assert "huge.csv" in ended.err
    assert "STUDENT_PERFORMANCE_MAX_BYTES" in ended.err


def test_a_bad_row_ends_the_reading_of_a_huge_file_in_bounded_memory(
    stores: Stores, tmp_path: Path, table: Path
) -> None:
    huge = tmp_path / "huge.csv"
    lines = table.read_text().splitlines()[:50]
    cells = lines[40].split(",")
    lines[40] = ",".join([*cells[:3], "130", *cells[4:]])
    huge.write_text("\n".join(lines) + "\n")
    os.truncate(huge, 2 * GIGABYTE)
    limits = "import resource as r; r.setrlimit(r.RLIMIT_AS, (3 * 2**30, 3 * 2**30));"
    read = (
        "import sys; from pathlib import Path;"
        "from student_performance.config_files import load_configs;"
        "from student_performance.dataset import load_table;"
        "load_table(sys.argv[1], load_configs(Path('configs'), 'student_performance')[1])"
    )

    done = subprocess.run(
        [sys.executable, "-c", limits + read, str(huge)],
        cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False,
        env=stores.environment | {"STUDENT_PERFORMANCE_MAX_BYTES": str(4 * GIGABYTE)},
    )  # fmt: skip

    assert "InvalidDataError" in done.stderr
    assert "line 51: found a NUL byte" in done.stderr
    assert "MemoryError" not in done.stderr
