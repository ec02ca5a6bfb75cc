"""What a user meets when something fails."""

import pytest

from student_performance.errors import (
    InvalidDataError,
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
