"""What a table looks like, column by column, without showing any student."""

import pandas as pd

from student_performance.contract import Column, DatasetConfig
from student_performance.strict import Strict

SMALLEST_GROUP = 10  # fewer students are not shown: they could be recognised


class ColumnProfile(Strict):
    """Figures of one column; a quantile is None where fewer than 10 rows lie beyond it.

    Attributes:
        name: Name of the column.
        role: What it may be used for.
        kind: What it holds.
        missing: How many cells are empty.
        distinct: How many different values there are.
        low: 5 % of the rows are at most this.
        median: Half of the rows are at most this.
        high: 5 % of the rows are at least this.
    """

    name: str
    role: str
    kind: str
    missing: int
    distinct: int
    low: float | None = None
    median: float | None = None
    high: float | None = None


def profile(frame: pd.DataFrame, dataset: DatasetConfig) -> tuple[ColumnProfile, ...]:
    """Profile the contract's columns.

    Args:
        frame: The columns, numbers as numbers.
        dataset: The contract.
    """
    return tuple(_column(name, frame[name], column) for name, column in dataset.columns.items())


def group_sizes(cells: pd.Series) -> dict[str, str]:
    """Rows by value, in the order of the text; small groups as `fewer than 10`."""
    counts = cells.value_counts().sort_index()
    return {
        str(value): f"{n:,}" if n >= SMALLEST_GROUP else f"fewer than {SMALLEST_GROUP}"
        for value, n in counts.items()
    }


def _column(name: str, cells: pd.Series, column: Column) -> ColumnProfile:
    figures = {
        "name": name,
        "role": str(column.role),
        "kind": str(column.kind),
        "missing": int(cells.isna().sum()),
        "distinct": int(cells.nunique()),
    }
    if column.is_number:
        figures |= {
            "low": _quantile(cells, 0.05, below=True),
            "median": _quantile(cells, 0.5, below=True),
            "high": _quantile(cells, 0.95, below=False),
        }
    return ColumnProfile.model_validate(figures)


def _quantile(cells: pd.Series, share: float, below: bool) -> float | None:
    value = float(cells.quantile(share))
    beyond = int(((cells <= value) if below else (cells >= value)).sum())
    return value if beyond >= SMALLEST_GROUP else None
