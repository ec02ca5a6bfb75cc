"""What the names of columns and classes usually mean."""

import re
from collections.abc import Sequence
from itertools import pairwise

_IDENTIFIERS = (
    "id", "studentid", "matriculation", "matrikel", "matrikelnummer", "pseudonym", "nim", "nis",
)  # fmt: skip
_NUMBERS = ("no", "nr", "number")
_OF_STUDENTS = ("student", "code", "key", *_NUMBERS)
SENSITIVE_WORDS = (
    "gender", "sex", "race", "ethnicity", "ethnic", "disability", "disabled", "religion",
    "geschlecht", "kelamin",
)  # fmt: skip
COHORT_WORDS = ("cohort", "term", "semester", "presentation", "year", "course", "module")
NO_COHORT_WORDS = ("birth", "born", "gpa")
# The further right, the more surely it is what a school wants to predict.
_OUTCOME_WORDS = (
    "class", "mark", "marks", "grade", "score", "g3", "final", "result", "outcome", "target",
    "dropout", "withdrawn", "failed", "fail", "pass", "passed",
)  # fmt: skip
_ALONE = ("class", "target", "pass", "fail")  # `class_size` is no outcome
_BAD_NEWS = ("dropout", "withdrawn", "failed", "fail", "risk")
_PASSING = (
    "pass", "passed", "distinction", "graduate", "graduated", "yes", "true", "success",
    "successful", "completed", "merit", "good", "excellent", "high",
)  # fmt: skip
_YES = ("1", "1.0", "yes", "y", "true", "dropout", "withdrawn", "failed", "fail", "risk")


def words(name: str) -> list[str]:
    """The words of a column's name: `studentNo`, `student_no` and `Student No.` are the same."""
    return re.findall(r"[a-z]+[0-9]*|[0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def has_word(name: str, wanted: Sequence[str]) -> bool:
    """Whether one of the words is in the name."""
    return any(word in wanted for word in words(name))


def id_rank(name: str) -> int:
    """How surely a name is that of an identifier: from 4 for `id` itself down to 0, if it is not.

    `student_no` has 3, any other number 2, and whatever else tells of the student 1.
    """
    found = words(name)
    if found == ["id"]:
        return 4
    student = "student" in found
    if has_word(name, _IDENTIFIERS) or (student and all(word in _OF_STUDENTS for word in found)):
        return 3
    # `number_of_clicks` counts clicks, and names nobody
    if any(a in _NUMBERS and b != "of" for a, b in pairwise([*found, ""])):
        return 2
    return int(student)


def is_id_name(name: str) -> bool:
    """Whether a column of that name only tells rows apart, so that nothing is learned from it."""
    return id_rank(name) >= 2


def plain(name: str) -> str:
    """The name as people would write it."""
    text = " ".join(re.sub(r"[_\s]+", " ", name).split())
    return text[:1].upper() + text[1:]


def is_percent(name: str) -> bool:
    """Whether the name says that 100 is all."""
    return "%" in name or has_word(name, ("percent", "percentage", "pct", "prozent", "persen"))


def looks_like_outcome(name: str) -> bool:
    """Whether the name is that of a result."""
    return outcome_rank(name) >= 0


def outcome_rank(name: str) -> int:
    """How surely a name is that of the result; -1 if it is not."""
    found = [] if is_id_name(name) else words(name)
    return max(
        (
            rank
            for rank, word in enumerate(_OUTCOME_WORDS)
            if word in found and (word not in _ALONE or len(found) == 1)
        ),
        default=-1,
    )


def text_rule(name: str, values: Sequence[str]) -> dict[str, tuple[str, ...]] | None:
    """Which values mean what, as a target takes it; None if no value says."""
    if has_word(name, _BAD_NEWS):
        bad = tuple(value for value in values if value.strip().lower() in _YES)
        if bad and len(bad) < len(values):
            return {"at_risk": bad}
    good = tuple(value for value in values if value.strip().lower() in _PASSING)
    return {"passing": good} if good and len(good) < len(values) else None
