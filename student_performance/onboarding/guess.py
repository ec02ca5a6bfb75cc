"""Guesses the contract of a table from its header and its cells, and says what is a guess."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from student_performance.contract import ROW_NUMBER, Column, DatasetConfig, Kind, Role
from student_performance.dataset import AT_RISK
from student_performance.errors import InvalidDataError
from student_performance.onboarding.cells import (
    MAX_CATEGORIES,
    NUMBER,
    decimal_commas,
    decimal_of,
    kind_of,
    limits_of,
    numbers_of,
    without_blanks,
)
from student_performance.onboarding.roles import (
    TERM,
    cohort_of,
    commas_text,
    identifier_of,
    is_course,
    target_of,
)
from student_performance.onboarding.sniff import Format, sniff
from student_performance.onboarding.words import (
    SENSITIVE_WORDS,
    has_word,
    is_id_name,
    looks_like_outcome,
    plain,
    text_rule,
)
from student_performance.reading.rows import chunks, header_of
from student_performance.strict import Strict
from student_performance.target import Target

_LONGEST_NAME = 200
_WIDE = 10.0  # a mark on a scale like this one is a whole number


class GuessedColumn(Strict):
    """A column of the contract, and what about it is a guess; empty if nothing is."""

    column: Column
    guess: str = ""


class Guess(Strict):
    """A contract, as far as the table shows it.

    Attributes:
        format: Separator and encoding.
        decimal: What stands before the decimals.
        columns: The columns in the order of the file.
        target: Who passes.
        target_guess: What about the target is a guess.
        rows: How many rows were looked at.
        doubts: What the user should know besides, in sentences.
    """

    format: Format
    decimal: str
    columns: dict[str, GuessedColumn]
    target: Target
    target_guess: str
    rows: int
    doubts: tuple[str, ...]


def guess(path: str) -> Guess:
    """Guess the contract of a file.

    Args:
        path: A CSV: a local path or an `s3://` address.

    Raises:
        InvalidDataError: It is no CSV with a header, or no column can be an outcome.
    """
    written = sniff(path)
    try:
        cells = _cells(path, written)
    except InvalidDataError as error:  # its next command is for tables that have a contract
        raise InvalidDataError(error.message, "python run.py dataset init FILE") from None
    return guess_contract(cells, written)


def guess_contract(cells: pd.DataFrame, written: Format) -> Guess:
    """Guess the contract of a table.

    Args:
        cells: All cells as text, empty cells as missing values.
        written: How the file is written.

    Raises:
        InvalidDataError: No column can be an outcome.
    """
    taken = [name for name in cells if name in (AT_RISK, ROW_NUMBER)]
    frame = without_blanks(cells.drop(columns=taken))
    decimal = decimal_of(frame, written.separator)
    kinds = {str(name): kind_of(frame[name], decimal) for name in frame}
    commas = decimal_commas(frame) if written.separator == "," else []
    # None of these takes the name of an outcome, and an identifier is one within its cohort.
    cohort = cohort_of(frame, kinds)
    identifier = identifier_of(frame, kinds, cohort)
    outcome = target_of(frame, kinds, (identifier, cohort), commas)
    rule, kinds[outcome], doubt = _target(frame[outcome], outcome, kinds[outcome], decimal)
    columns = {
        name: _other(frame[name], name, kind, name == outcome or looks_like_outcome(name), decimal)
        for name, kind in kinds.items()
    }
    columns |= _keys(identifier, cohort)
    _check_features(columns, outcome, commas)
    return Guess(
        format=written,
        decimal=decimal,
        columns=columns,
        target=rule,
        target_guess=doubt,
        rows=len(frame),
        doubts=_doubts(frame, identifier, outcome, taken, commas),
    )


def _check_features(
    columns: Mapping[str, GuessedColumn], outcome: str, commas: Sequence[str]
) -> None:
    if not any(guessed.column.role is Role.FEATURE for guessed in columns.values()):
        raise InvalidDataError(
            f"No column is left to learn from: besides `{outcome}`, which is taken for the outcome,"
            f" there is no number and no category.{_sentence(commas_text(commas))}",
            "python run.py dataset init FILE",
        )


def _cells(path: str, written: Format) -> pd.DataFrame:
    """All named columns as text. The contract to read them with allows anything."""
    anything = Column(role=Role.CONTEXT, kind=Kind.TEXT)
    values: dict[str, Any] = {"name": "your_table", "columns": {}, **written.model_dump()}
    probe = DatasetConfig.model_construct(**values)
    header = [name for name in header_of(path, probe) if name.strip()]
    numbers = any(re.fullmatch(NUMBER["."], name.strip()) for name in header)
    if numbers or len(header) < 2 or any(len(name) > _LONGEST_NAME for name in header):
        raise InvalidDataError(
            f"{path}: the first line is no header: it must name at least two columns, none of them"
            " with a number or with a whole text."
        )
    probe = probe.model_copy(update={"columns": dict.fromkeys(header, anything)})
    parts = [part for part in chunks(path, probe) if not part.empty]
    if not parts:
        raise InvalidDataError(f"{path} has a header but no rows.")
    return pd.concat(parts, ignore_index=True)


def _target(column: pd.Series, name: str, kind: Kind, decimal: str) -> tuple[Target, Kind, str]:
    """The rule, the kind that it needs, and what about it is a guess."""
    cells = column.dropna()
    by_text = text_rule(name, sorted(cells.unique()))
    if kind in (Kind.TEXT, Kind.CATEGORY) or (
        by_text and cells.nunique() == 2 and "at_risk" in by_text
    ):
        fallback = {"passing": (sorted(cells.unique())[0],)}
        return Target(column=name, **(by_text or fallback)), Kind.CATEGORY, "which values pass?"
    numbers = numbers_of(cells, decimal)
    half = float(numbers.min() + numbers.max()) / 2
    if kind is Kind.INTEGER or numbers.max() - numbers.min() >= _WIDE:
        half = float(math.floor(half + 0.5))  # of 0 and 1, only 1 passes
    return Target(column=name, pass_mark=half), kind, "half of the range"


def _keys(identifier: str | None, cohort: str | None) -> dict[str, GuessedColumn]:
    """The columns that together name a row."""
    keys = {}
    if identifier is not None:
        keys[identifier] = _guessed(identifier, Role.ID, Kind.TEXT, "names the student")
    if cohort is not None:
        note = "says when; the last is held out"
        keys[cohort] = when = _guessed(cohort, Role.COHORT, Kind.TEXT, note)
        if is_course(cohort):
            keys[cohort] = GuessedColumn(
                column=when.column.model_copy(update={"term": TERM}),
                guess=f"{note}; `term` picks the part that orders it",
            )
    return keys


def _other(
    column: pd.Series, name: str, kind: Kind, is_outcome: bool, decimal: str
) -> GuessedColumn:
    nullable = bool(column.isna().any())
    if is_outcome:
        return _guessed(
            name, Role.OUTCOME, kind, "known only afterwards", column, decimal, nullable
        )
    if has_word(name, SENSITIVE_WORDS):
        if not 0 < column.nunique() <= MAX_CATEGORIES:
            note = "sensitive, but too many groups to compare: make a column with fewer"
            return _guessed(name, Role.CONTEXT, Kind.TEXT, note, nullable=nullable)
        note = "audited, never a feature"
        return _guessed(name, Role.SENSITIVE, Kind.CATEGORY, note, column, decimal, nullable)
    if is_id_name(name):
        note = "named like an identifier: nothing is learned from it, so not used"
        return _guessed(name, Role.CONTEXT, Kind.TEXT, note, nullable=nullable)
    if kind is Kind.TEXT:
        return _guessed(name, Role.CONTEXT, kind, "free text, not used", nullable=nullable)
    return _guessed(name, Role.FEATURE, kind, "check", column, decimal, nullable)


def _guessed(
    name: str,
    role: Role,
    kind: Kind,
    note: str,
    column: pd.Series | None = None,
    decimal: str = ".",
    nullable: bool = False,
) -> GuessedColumn:
    limits: dict[str, object] = {}
    if column is not None and kind is Kind.CATEGORY:
        limits["categories"] = tuple(sorted(column.dropna().unique()))
    elif column is not None and kind in (Kind.INTEGER, Kind.NUMBER):
        limits = limits_of(name, numbers_of(column.dropna(), decimal))
    known = "before" if role is Role.FEATURE else None
    return GuessedColumn(
        column=Column.model_validate(
            {"role": role, "kind": kind, "known": known, "nullable": nullable, **limits,
             "label": plain(name)}
        ),
        guess=note,
    )  # fmt: skip


def _doubts(
    frame: pd.DataFrame,
    identifier: str | None,
    target: str,
    taken: Sequence[object],
    commas: Sequence[str],
) -> tuple[str, ...]:
    doubts = [f"Left out: `{name}`; the pipeline has a column of that name." for name in taken]
    if identifier is None:
        named = ", ".join(f"`{name}`" for name in frame if is_id_name(str(name)))
        why = f" Named like it, but empty or repeated within a cohort: {named}." if named else ""
        doubts.append(
            f"No column names the student, so that the number of the row will.{why} If a student"
            " can be there twice, name the column with the role `id`."
        )
    if commas:
        doubts.append(_sentence(commas_text(commas)).strip())
    missing = int(frame[target].isna().sum())
    if missing:
        doubts.append(
            f"{missing:,} rows have no `{target}`: take them out before you train, for nobody knows"
            " whether these students passed."
        )
    return tuple(doubts)


def _sentence(text: str) -> str:
    """With a capital letter, and a blank before it; empty if there is none."""
    return f" {text[:1].upper()}{text[1:]}" if text else ""
