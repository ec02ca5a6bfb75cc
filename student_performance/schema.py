"""The column contract as a pandera schema, and its violations in plain words."""

from dataclasses import dataclass

import pandas as pd
import pandera.pandas as pa

from student_performance.config import Column, DatasetConfig, Kind

_SHOWN = 5
_HEADER_ROWS = 2  # row 1 of the file is the header, and people count from 1


@dataclass(frozen=True)
class Violation:
    """A cell that breaks the contract, or a whole column if `row` is None."""

    row: int | None
    column: str
    found: str
    allowed: str

    def __str__(self) -> str:
        where = f"row {self.row}, " if self.row is not None else ""
        return f"{where}column {self.column}: found {self.found}; allowed is {self.allowed}."


def contract(dataset: DatasetConfig) -> pa.DataFrameSchema:
    """The pandera schema of a data set; a column's title says what is allowed in it."""
    columns = {name: _column(column) for name, column in dataset.columns.items()}
    return pa.DataFrameSchema(columns, unique=list(dataset.row_key))


def contract_violations(frame: pd.DataFrame, dataset: DatasetConfig) -> list[str]:
    """Sentences about the first few violations, in file order; empty if the table is valid."""
    violations = _text_in_numbers(frame, dataset)
    if not violations:
        try:
            contract(dataset).validate(frame, lazy=True)
        except pa.errors.SchemaErrors as error:
            violations = _from_pandera(error.failure_cases, dataset)
    shown = [str(violation) for violation in violations[:_SHOWN]]
    if len(violations) > _SHOWN:
        shown.append(f"and {len(violations) - _SHOWN:,} more violations.")
    return shown


def _column(column: Column) -> pa.Column:
    checks = [pa.Check(lambda cells: ~cells.isin([float("inf"), float("-inf")]))]
    if not column.is_number:
        checks = []
    if column.kind is Kind.INTEGER:
        checks.append(pa.Check(lambda cells: cells % 1 == 0))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum))
    if column.categories is not None:
        checks.append(pa.Check.isin(column.categories))
    return pa.Column(checks=checks, nullable=column.nullable, title=column.allowed())


def _text_in_numbers(frame: pd.DataFrame, dataset: DatasetConfig) -> list[Violation]:
    violations = []
    for name, column in dataset.columns.items():
        cells = frame[name]
        if column.is_number and not _holds_numbers(cells):
            text = cells.astype("str")
            wrong = cells.notna() & pd.to_numeric(text, errors="coerce").isna()
            violations += [
                Violation(int(row) + _HEADER_ROWS, name, f"`{text[row]}`", column.allowed())
                for row in cells.index[wrong]
            ]
    return sorted(violations, key=lambda violation: violation.row or 0)


def _holds_numbers(cells: pd.Series) -> bool:
    """`True` and `False` are no numbers, though pandas counts them as such."""
    return pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)


def _from_pandera(cases: pd.DataFrame, dataset: DatasetConfig) -> list[Violation]:
    key = ", ".join(dataset.row_key)
    unique: dict[tuple[int | None, str], Violation] = {}
    for case in cases.to_dict("records"):
        index, name, value = case["index"], str(case["column"]), case["failure_case"]
        row = None if index is None else int(index) + _HEADER_ROWS
        if case["check"] == "multiple_fields_uniqueness":
            # The value is an identifier: name the row, not the student.
            violation = Violation(row, key, "a student who is there twice", "one row for each")
        else:
            found = "an empty cell" if value is None or value != value else f"`{value}`"
            if name == dataset.id_column and found != "an empty cell":
                found = "an identifier"  # never shown
            violation = Violation(row, name, found, dataset.columns[name].allowed())
        unique.setdefault((violation.row, violation.column), violation)
    return sorted(unique.values(), key=lambda violation: violation.row or 0)
