"""Guesses the contract of a table from its header and its cells, and says what is a guess."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from student_performance.contract import ROW_NUMBER, Column, DatasetConfig, Kind, Role, Target
from student_performance.dataset import AT_RISK
from student_performance.errors import InvalidDataError
from student_performance.onboarding.cells import (
    MAX_CATEGORIES,
    NUMBER,
    ROWS_A_CATEGORY,
    decimal_of,
    kind_of,
    limits_of,
    numbers_of,
)
from student_performance.onboarding.sniff import Format, sniff
from student_performance.onboarding.words import (
    COHORT_WORDS,
    ID_WORDS,
    SENSITIVE_WORDS,
    has_word,
    looks_like_outcome,
    outcome_rank,
    plain,
    text_rule,
    words,
)
from student_performance.reading.rows import chunks, header_of
from student_performance.strict import Strict

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
    frame = cells.drop(columns=taken)
    decimal = decimal_of(frame, written.separator)
    kinds = {str(name): kind_of(frame[name], decimal) for name in frame}
    identifier = _identifier(frame, kinds)
    cohort = _cohort(frame, identifier)
    outcome = _target_column(frame, kinds, [n for n in kinds if n not in (identifier, cohort)])
    rule, kinds[outcome], doubt = _target(frame[outcome], outcome, kinds[outcome], decimal)
    columns = {
        name: _other(frame[name], name, kind, name == outcome or looks_like_outcome(name), decimal)
        for name, kind in kinds.items()
    }
    if identifier is not None:
        columns[identifier] = _guessed(identifier, Role.ID, Kind.TEXT, "names the student")
    if cohort is not None:
        note = "says when; the last is held out"
        columns[cohort] = _guessed(cohort, Role.COHORT, Kind.TEXT, note)
    _check_features(columns, outcome)
    return Guess(
        format=written,
        decimal=decimal,
        columns=columns,
        target=rule,
        target_guess=doubt,
        rows=len(frame),
        doubts=_doubts(frame, identifier, outcome, taken),
    )


def _check_features(columns: Mapping[str, GuessedColumn], outcome: str) -> None:
    if not any(guessed.column.role is Role.FEATURE for guessed in columns.values()):
        raise InvalidDataError(
            f"No column is left to learn from: besides `{outcome}`, which is taken for the outcome,"
            " there is no number and no category.",
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


def _identifier(frame: pd.DataFrame, kinds: Mapping[str, Kind]) -> str | None:
    """A column that is named like one and is never empty; unique ones first."""
    able = [
        name
        for name, kind in kinds.items()
        if has_word(name, ID_WORDS)
        and kind in (Kind.TEXT, Kind.INTEGER)
        and frame[name].notna().all()
        and 2 * frame[name].nunique() > len(frame)
    ]
    return max(able, key=lambda name: frame[name].is_unique, default=None)


def _cohort(frame: pd.DataFrame, identifier: str | None) -> str | None:
    for word in COHORT_WORDS:
        for name in map(str, frame):
            several = 2 <= frame[name].nunique() <= max(2, len(frame) / ROWS_A_CATEGORY)
            born = has_word(name, ("birth", "born"))
            if name != identifier and word in words(name) and several and not born:
                return name
    return None


def _target_column(frame: pd.DataFrame, kinds: Mapping[str, Kind], rest: Sequence[str]) -> str:
    """The most outcome-like name; for lack of one, the last column, as many tables have it."""
    able = [
        name
        for name in rest
        if frame[name].nunique() > 1
        and (kinds[name] is not Kind.TEXT or frame[name].nunique() <= MAX_CATEGORIES)
        and not has_word(name, SENSITIVE_WORDS)
    ]
    if not able:
        raise InvalidDataError(
            "No column can be an outcome: one is needed that holds a number, or up to"
            f" {MAX_CATEGORIES} classes, with at least two values.",
            "python run.py dataset init FILE",
        )
    named = [name for name in able if looks_like_outcome(name)]
    return max(named, key=outcome_rank) if named else able[-1]


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


def _other(
    column: pd.Series, name: str, kind: Kind, is_outcome: bool, decimal: str
) -> GuessedColumn:
    nullable = bool(column.isna().any())
    if is_outcome:
        return _guessed(
            name, Role.OUTCOME, kind, "known only afterwards", column, decimal, nullable
        )
    if has_word(name, SENSITIVE_WORDS):
        note = "audited, never a feature"
        few = kind is Kind.TEXT and 0 < column.nunique() <= MAX_CATEGORIES
        kind = Kind.CATEGORY if few else kind
        return _guessed(name, Role.SENSITIVE, kind, note, column, decimal, nullable)
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
    frame: pd.DataFrame, identifier: str | None, target: str, taken: Sequence[object]
) -> tuple[str, ...]:
    doubts = [f"Left out: `{name}`; the pipeline has a column of that name." for name in taken]
    if identifier is None:
        doubts.append(
            "No column names the student, so that the number of the row will. If a student can be"
            " there twice, name the column with the role `id`."
        )
    missing = int(frame[target].isna().sum())
    if missing:
        doubts.append(
            f"{missing:,} rows have no `{target}`: take them out before you train, for nobody knows"
            " whether these students passed."
        )
    return tuple(doubts)
