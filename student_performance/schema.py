"""The column contract as a pandera schema, and its violations in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa

from student_performance.contract import Column, DatasetConfig, Kind, Role
from student_performance.errors import nearest_word

_SHOWN = 5
_SHOWN_LETTERS = 40
_HEADER_ROWS = 2  # row 1 of the file is the header, and people count from 1
_EXACT = 2**53  # from here on a float no longer tells two whole numbers apart
# As a CSV should write them: no `nan`, `1_0`, `True` or `0x10`, which Python or pandas would take.
_NUMBER = {
    ".": r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?",
    ",": r"[+-]?(?:[0-9]+,?[0-9]*|,[0-9]+)(?:[eE][+-]?[0-9]+)?",
}

EMPTY_CELL = "an empty cell"


@dataclass(frozen=True)
class Violation:
    """A cell that breaks the contract, or a whole column if `row` is None.

    Attributes:
        row: Row of the file; the header is row 1.
        column: Name of the column.
        found: What the cell holds; never an identifier.
        allowed: What it may hold.
        hint: What the writer may have meant; empty or a sentence with a blank before it.
        private: Whether `found` tells what a student's cell holds.
    """

    row: int | None
    column: str
    found: str
    allowed: str
    hint: str = ""
    private: bool = True

    def __str__(self) -> str:
        return f"{self._place}: found {self.found}; allowed is {self.allowed}.{self.hint}"

    @property
    def public(self) -> str:
        """The sentence without what a student's cell holds."""
        if not self.private:
            return str(self)
        return f"{self._place}: found something else than {self.allowed}."

    @property
    def _place(self) -> str:
        where = f"row {self.row}, " if self.row is not None else ""
        return f"{where}column {self.column}"


def contract(dataset: DatasetConfig) -> pa.DataFrameSchema:
    """The pandera schema of a data set; a column's title says what is allowed in it."""
    target = dataset.target.column
    columns = {name: _column(column, name == target) for name, column in dataset.columns.items()}
    return pa.DataFrameSchema(columns, unique=list(dataset.row_key) or None)


def checked(cells: pd.DataFrame, dataset: DatasetConfig) -> tuple[pd.DataFrame, list[Violation]]:
    """Turn text into numbers, and hold the cells against the contract.

    Args:
        cells: The contract's columns, as text or as numbers; the index counts rows from 0.
        dataset: The contract.

    Returns:
        The frame with numbers as numbers, empty where a cell is none, and its violations in the
        order of the file.
    """
    frame, violations = parsed(cells, dataset)
    try:
        contract(dataset).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
    else:
        return frame, violations
    # Outside of `except`: the error of pandera shows cells, and must not be chained to ours.
    cells = _without_blanks(cells, dataset)
    return frame, _in_file_order([*violations, *_from_pandera(cases, cells, dataset)])


def parsed(cells: pd.DataFrame, dataset: DatasetConfig) -> tuple[pd.DataFrame, list[Violation]]:
    """The same without the contract: numbers as numbers, and the cells that are none."""
    return _with_numbers(_without_blanks(cells, dataset), dataset)


def repeated(frame: pd.DataFrame, dataset: DatasetConfig) -> list[Violation]:
    """Violations of rows that name the same student, within a cohort where there is one."""
    key = list(dataset.row_key)
    if not key:
        return []
    return [twice(int(row), dataset) for row in frame.index[frame.duplicated(key, keep=False)]]


def sentences(violations: Sequence[Violation], public: bool = False) -> list[str]:
    """The first few violations, and how many more there are."""
    first = violations[:_SHOWN]
    shown = [violation.public if public else str(violation) for violation in first]
    if len(violations) > _SHOWN:
        shown.append(f"and {len(violations) - _SHOWN:,} more violations.")
    return shown


def shortened(cell: object) -> str:
    """A cell as it can be shown: short, and without what a terminal would obey."""
    text = str(cell)
    text = text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}…"
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _column(column: Column, is_target: bool) -> pa.Column:
    checks = []
    if column.is_number:
        checks.append(pa.Check(lambda cells: ~cells.isin([float("inf"), float("-inf")])))
    if column.kind is Kind.INTEGER:
        checks.append(pa.Check(lambda cells: (cells % 1 == 0) & (cells.abs() < _EXACT)))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum))
    if column.categories is not None:
        checks.append(pa.Check.isin(column.categories))
    if column.role is Role.ID:  # ` S1` and `S1` would be two students, on two sides
        checks.append(pa.Check(lambda cells: cells == cells.str.strip()))
    nullable = column.nullable and not is_target
    return pa.Column(checks=checks, nullable=nullable, title=column.allowed())


def _without_blanks(cells: pd.DataFrame, dataset: DatasetConfig) -> pd.DataFrame:
    """A cell of blanks only looks empty, and is; but an identifier stays as it is written."""
    texts = {
        name: cells[name]
        for name, column in dataset.columns.items()
        if column.role is not Role.ID and pd.api.types.is_string_dtype(cells[name])
    }
    return cells.assign(**{name: c.mask(c.str.strip() == "") for name, c in texts.items()})


def _with_numbers(
    cells: pd.DataFrame, dataset: DatasetConfig
) -> tuple[pd.DataFrame, list[Violation]]:
    numbers, violations = {}, []
    for name, column in dataset.columns.items():
        if not column.is_number or _holds_numbers(cells[name]):
            continue
        text = cells[name].astype("str").str.strip()
        good = text.str.fullmatch(_NUMBER[dataset.decimal]).fillna(False).astype(bool)
        wrong = text.notna() & ~good
        numbers[name] = text.where(good).str.replace(",", ".", regex=False).astype("float64")
        violations += [
            Violation(
                int(row) + _HEADER_ROWS, name, f"`{shortened(text[row])}`", column.allowed(),
                _decimal_hint(str(text[row]), dataset.decimal),
            )
            for row in cells.index[wrong]
        ]  # fmt: skip
    return cells.assign(**numbers), _in_file_order(violations)


def _decimal_hint(text: str, decimal: str) -> str:
    other = "," if decimal == "." else "."
    swapped = text.replace(other, decimal)
    if text.count(other) != 1 or not pd.Series([swapped]).str.fullmatch(_NUMBER[decimal]).all():
        return ""
    return (
        f" Decimals are written with `{decimal}` here; if this file has `{other}`, add"
        f" --set 'dataset.decimal=\"{other}\"'."
    )


def _holds_numbers(cells: pd.Series) -> bool:
    """`True` and `False` are no numbers, though pandas counts them as such."""
    return pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)


def _from_pandera(
    cases: pd.DataFrame, cells: pd.DataFrame, dataset: DatasetConfig
) -> list[Violation]:
    violations = []
    for case in cases.to_dict("records"):
        index, name = case["index"], str(case["column"])
        if case["check"] == "multiple_fields_uniqueness":
            violations.append(twice(int(index), dataset))
            continue
        column = dataset.columns[name]
        row = None if index is None else int(index) + _HEADER_ROWS
        cell = case["failure_case"] if index is None else cells.at[index, name]
        violations.append(_violation(row, name, cell, column, name == dataset.target.column))
    return violations


def _violation(row: int | None, name: str, cell: Any, column: Column, is_target: bool) -> Violation:
    if pd.isna(cell):
        hint = " It is the target: whoever has none cannot be learned from." if is_target else ""
        return Violation(row, name, EMPTY_CELL, column.allowed(), hint, private=False)
    if column.role is Role.ID:  # an identifier is never shown
        found = "an identifier with blanks around it"
        return Violation(row, name, found, "one without", private=False)
    hint = _category_hint(str(cell), column.categories or ())
    return Violation(row, name, f"`{shortened(cell)}`", column.allowed(), hint)


def _category_hint(cell: str, categories: Sequence[str]) -> str:
    if cell.strip() in categories:
        return f" It has blanks around it; the category is `{cell.strip()}`."
    near = nearest_word(cell.strip(), categories)
    return f" Did you mean `{near}`?" if near else ""


def twice(index: int, dataset: DatasetConfig) -> Violation:
    """A row of a student who is there several times: it is named, the student is not."""
    hint = ""
    if dataset.cohort_column is None:
        hint = " If students take part several times, the column that says when is the `cohort`."
    return Violation(
        index + _HEADER_ROWS,
        ", ".join(dataset.row_key),
        "a student who is there twice",
        "one row for each",
        hint,
        private=False,
    )


def _in_file_order(violations: Sequence[Violation]) -> list[Violation]:
    """A cell that breaks several rules is told once."""
    unique: dict[tuple[int | None, str], Violation] = {}
    for violation in violations:
        unique.setdefault((violation.row, violation.column), violation)
    return sorted(unique.values(), key=lambda violation: violation.row or 0)
