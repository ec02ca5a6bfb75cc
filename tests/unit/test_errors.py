"""What a user meets when something fails."""

import copy
import errno
import pickle
import sqlite3

import click
import pytest
from sqlalchemy.exc import OperationalError

from cli.errors import machine_failure, run_command
from student_performance.errors import (
    InvalidDataError,
    LeakageError,
    ProductError,
    RegistryError,
    UnreachableError,
    UsageError,
    nearest,
    nearest_word,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ProductError, 1),
        (UsageError, 2),
        (RegistryError, 2),
        (LeakageError, 3),
        (InvalidDataError, 4),
        (UnreachableError, 5),
    ],
)
def test_error_carries_sentence_next_command_and_exit_code(
    error: type[ProductError], code: int
) -> None:
    raised = error("It broke.", "mend it")

    assert raised.exit_code == code
    assert (raised.message, raised.next_command) == ("It broke.", "mend it")
    assert str(raised) == "It broke."
    assert error("It broke.").next_command is None


@pytest.mark.parametrize(
    ("word", "match"),
    [("splt", "split"), ("SPLIT", "split"), ("c", "C"), ("intervalls", "intervals"), ("zzz", None)],
)
def test_nearest_word_ignores_case_and_keeps_that_of_the_known_word(
    word: str, match: str | None
) -> None:
    known = ("split", "intervals", "C")

    assert nearest_word(word, known) == match
    assert nearest(word, known) == (f" Did you mean `{match}`?" if match else "")


def test_nothing_is_near_where_nothing_is_known() -> None:
    assert nearest("split", ()) == ""


def test_text_that_is_stored_with_a_failed_step_can_differ_from_what_the_user_sees() -> None:
    error = InvalidDataError("found `female`", "mend it", public="found something else")

    assert str(error) == "found something else"
    assert "female" not in repr(error)
    for other in (error, copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (str(other), other.message) == ("found something else", "found `female`")


def wrapped(cause: Exception, explicit: bool) -> Exception:
    try:
        try:
            raise cause
        except Exception as inner:
            if explicit:
                raise RuntimeError("a library failed") from inner
            raise RuntimeError("a library failed")  # noqa: B904
    except RuntimeError as outer:
        return outer


FAILURES = [
    (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "no space left on the disk (/x/y)"),
    (sqlite3.OperationalError("database or disk is full"), "no space left on the disk"),
    (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "may not read or write (/x/y)"),
    (sqlite3.OperationalError("database is locked"), "local store is locked"),
    (OperationalError("INSERT", {}, Exception("database is locked")), "local store is locked"),
]


@pytest.mark.parametrize("explicit", [True, False, None], ids=["cause", "context", "bare"])
@pytest.mark.parametrize(("cause", "says"), FAILURES)
def test_failure_of_the_machine_is_a_sentence_and_exit_code_5(
    cause: Exception,
    says: str,
    explicit: bool | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = cause if explicit is None else wrapped(cause, explicit)

    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr("sys.argv", ["run.py"])
    with pytest.raises(SystemExit) as ended:
        run_command(broken)  # type: ignore[arg-type]

    assert ended.value.code == 5
    shown = capsys.readouterr().err
    assert says in shown
    assert "Next:" in shown
    assert "Traceback" not in shown
    assert "INSERT" not in shown


@pytest.mark.parametrize(
    "error",
    [RuntimeError("database is locked"), OSError(errno.EIO, "x"), ValueError("disk is full")],
)
def test_other_failures_are_not_taken_for_those_of_the_machine(error: Exception) -> None:
    assert machine_failure(error) is None


def test_circle_of_causes_is_walked_once() -> None:
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__cause__, second.__cause__ = second, first

    assert machine_failure(first) is None
