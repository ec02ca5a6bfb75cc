"""Which column names the student, which says when, and which one is to be predicted."""

import re
from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from student_performance.contract import Kind
from student_performance.errors import InvalidDataError
from student_performance.onboarding.cells import MAX_CATEGORIES
from student_performance.onboarding.words import (
    COHORT_WORDS,
    NO_COHORT_WORDS,
    SENSITIVE_WORDS,
    has_word,
    id_rank,
    is_id_name,
    looks_like_outcome,
    outcome_rank,
    words,
)

TERM = "((?:19|20)[0-9]{2}[A-Z]?)"  # in `AAA_2014J`, what orders it in time
_MAX_COHORTS = 12
_COURSES = ("course", "module")  # say what, not when, unless they are named after the year
_SURE = 3  # so named, a column is an identifier even if some rows are there twice by mistake
_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")


def cohort_of(frame: pd.DataFrame, kinds: Mapping[str, Kind]) -> str | None:
    """The column that says when. One that is named like an outcome is left to the target."""
    for word in COHORT_WORDS:
        for name, kind in kinds.items():
            if word in words(name) and kind is not Kind.NUMBER and _says_when(frame[name], name):
                return name
    return None


def is_course(name: str) -> bool:
    """Whether the name of a cohort says that it holds more than the time."""
    return has_word(name, _COURSES)


def identifier_of(frame: pd.DataFrame, kinds: Mapping[str, Kind], cohort: str | None) -> str | None:
    """The column that names the student: never empty, and one row for each within a cohort.

    A student may be there once a term, so that the whole column says nothing.
    """
    rows = {
        name: len(frame.drop_duplicates([name] if cohort is None else [cohort, name]))
        for name, kind in kinds.items()
        if id_rank(name)
        and kind is not Kind.NUMBER
        and name != cohort
        and not looks_like_outcome(name)
    }
    able = [
        name
        for name, different in rows.items()
        if frame[name].notna().all()
        and (different == len(frame) or (id_rank(name) >= _SURE and 2 * different > len(frame)))
    ]
    return max(able, key=lambda name: (id_rank(name), rows[name]), default=None)


def target_of(
    frame: pd.DataFrame,
    kinds: Mapping[str, Kind],
    used: Collection[str | None],
    commas: Sequence[str],
) -> str:
    """The most outcome-like name; for lack of one, the last column, as many tables have it.

    Args:
        frame: All cells as text.
        kinds: What the columns hold.
        used: Columns that have a role already.
        commas: Columns with decimal commas, which the contract could not read.

    Raises:
        InvalidDataError: No column can be an outcome.
    """
    able = [
        name
        for name, kind in kinds.items()
        if name not in used
        and name not in commas
        and not is_id_name(name)
        and frame[name].nunique() > 1
        and (kind is not Kind.TEXT or frame[name].nunique() <= MAX_CATEGORIES)
        and not has_word(name, SENSITIVE_WORDS)
    ]
    named = [name for name in able if looks_like_outcome(name)]
    # Another column must not take the place of an outcome that only cannot be read.
    if not able or (not named and any(map(looks_like_outcome, commas))):
        cause = commas_text(commas) or (
            f"one is needed that holds a number, or up to {MAX_CATEGORIES} classes, with at least"
            " two values."
        )
        raise InvalidDataError(
            f"No column can be an outcome: {cause}", "python run.py dataset init FILE"
        )
    return max(named, key=outcome_rank) if named else able[-1]


def commas_text(commas: Sequence[str]) -> str:
    """Why decimal commas cannot be read between commas, and what helps; empty if there are none."""
    if not commas:
        return ""
    names = ", ".join(f"`{name}`" for name in commas)
    return (
        f"numbers with decimal commas ({names}) are no numbers in a table whose cells the comma"
        " separates: a contract cannot have it for both. Save the table with another separator,"
        " such as `;`, or with decimal points."
    )


def _says_when(cells: pd.Series, name: str) -> bool:
    if looks_like_outcome(name) or has_word(name, NO_COHORT_WORDS):
        return False
    several = 2 <= cells.nunique() <= min(_MAX_COHORTS, max(2, len(cells) / 2))
    return several and (not is_course(name) or all(map(_YEAR.search, cells.dropna().unique())))
