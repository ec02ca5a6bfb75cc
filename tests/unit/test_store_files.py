"""A store is made once and whole, whoever is killed in the middle."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from student_performance import store_files
from student_performance.store_files import make_once

PROJECT = Path(__file__).resolve().parents[2]
# Says when half of the file is written, and goes on when it gets a line.
CHILD = """
import sys
from pathlib import Path
from student_performance.store_files import make_once

def make(path):
    with path.open("w") as file:
        file.write("half")
        file.flush()
        print("half", flush=True)
        sys.stdin.readline()
        file.write(" and half")

print(make_once(Path(sys.argv[1]), make), flush=True)
"""


class Children:
    """Processes that make a file; each ends with the test."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def start(self, path: Path) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stack.enter_context(child)
        self._stack.callback(child.kill)
        return child


@pytest.fixture
def children() -> Iterator[Children]:
    with ExitStack() as stack:
        yield Children(stack)


def line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def whole(path: Path) -> None:
    path.write_text("whole")


def left_over(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if not p.name.endswith((".db", ".lock")))


def test_file_is_made_with_its_folders_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "store.db"

    assert make_once(path, whole)
    assert path.read_text() == "whole"
    assert left_over(path.parent) == []


def test_file_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("old")

    assert not make_once(path, whole)
    assert path.read_text() == "old"


def test_file_does_not_appear_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "store.db"

    def make(aside: Path) -> None:
        aside.write_text("half")
        assert not path.exists()
        assert aside.name == path.name
        assert tmp_path in aside.parents
        aside.write_text("whole")

    assert make_once(path, make)


def test_failure_leaves_no_file_and_the_next_call_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db"

    def fail(aside: Path) -> None:
        aside.write_text("half")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        make_once(path, fail)
    assert not path.exists()
    assert make_once(path, whole)
    assert left_over(tmp_path) == []


def test_killed_process_leaves_no_file_and_the_next_call_tidies_up(
    tmp_path: Path, children: Children
) -> None:
    path = tmp_path / "store.db"
    child = children.start(path)
    assert line(child) == "half"
    child.kill()  # SIGKILL: no handler of the child runs
    child.wait()

    assert not path.exists()
    assert left_over(tmp_path), "the half-made file is aside"
    assert make_once(path, whole)
    assert path.read_text() == "whole"
    assert left_over(tmp_path) == []


def test_of_two_processes_one_makes_the_file(tmp_path: Path, children: Children) -> None:
    path = tmp_path / "store.db"
    first = children.start(path)
    assert line(first) == "half"
    second = children.start(path)
    first_said = first.communicate("go on\n", timeout=60)[0]
    second_said = second.communicate("go on\n", timeout=60)[0]

    assert first_said == "True\n"
    assert second_said == "False\n", "it neither made the file nor saw half of it"
    assert path.read_text() == "half and half"
    assert left_over(tmp_path) == []


def test_process_that_waited_for_a_killed_one_makes_the_file(
    tmp_path: Path, children: Children
) -> None:
    path = tmp_path / "store.db"
    first = children.start(path)
    assert line(first) == "half"
    second = children.start(path)
    first.kill()
    said = second.communicate("go on\n", timeout=60)[0]

    assert said == "half\nTrue\n"
    assert path.read_text() == "half and half"
    assert left_over(tmp_path) == []


def test_file_that_appeared_while_waiting_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.db"

    @contextmanager
    def quicker_process(_: Path) -> Iterator[None]:
        path.write_text("made by another")
        yield

    monkeypatch.setattr(store_files, "FileLock", quicker_process)

    assert not make_once(path, whole)
    assert path.read_text() == "made by another"


def test_two_stores_of_one_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    one, other = tmp_path / "one.db", tmp_path / "other.db"

    def make(aside: Path) -> None:
        aside.write_text("half")
        assert make_once(other, whole)
        aside.write_text("whole")

    assert make_once(one, make)
    assert one.read_text() == other.read_text() == "whole"
