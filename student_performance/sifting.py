"""Tells the good rows of a table of any size from the bad ones, chunk by chunk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from student_performance.contract import DatasetConfig
from student_performance.dataset import typed
from student_performance.derive import derived, of_groups
from student_performance.reading.rows import chunks
from student_performance.schema import Violation, checked, twice

_HEADER_ROWS = 2  # people count from 1, and the first row is the header
Rows = NDArray[np.int64]
Hashes = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Sieve:
    """What only the whole of a table tells about its rows.

    Attributes:
        contract: What the table holds.
        repeated: Rows of students who are there several times, from 0, in order.
        of_groups: Features that are derived from whole groups, by row; without columns if there
            are none.
    """

    contract: DatasetConfig
    repeated: Rows
    of_groups: pd.DataFrame

    def sifted(self, path: str) -> Iterator[tuple[pd.DataFrame, list[Violation]]]:
        """Rows that keep the contract, numbers as numbers, and what breaks it, chunk by chunk."""
        ragged: list[Violation] = []

        def tell(row: int, found: int, allowed: int) -> None:
            counted = f"{found:,} cells", f"{allowed:,}, as many as the header has names"
            ragged.append(Violation(row + _HEADER_ROWS, "all", *counted))

        for cells in chunks(path, self.contract, tell, any_size=True):
            good, bad = _sift(cells, self.contract, self.repeated)
            yield good, [*ragged, *bad]
            ragged.clear()
        if ragged:
            yield pd.DataFrame(), ragged

    def table(self, good: pd.DataFrame) -> pd.DataFrame:
        """The good rows of a chunk with their features as the model sees them, in their order."""
        plain = {"rank_within": None, "share_of_largest_in": None}
        columns = {
            name: column.model_copy(update=plain) if name in self.of_groups else column
            for name, column in self.contract.columns.items()
        }
        by_row = self.contract.model_copy(update={"columns": columns})
        table = derived(typed(good, self.contract), by_row)
        if self.of_groups.empty:
            return table
        values = self.of_groups.loc[good.index]
        return table.assign(**{name: values[name].to_numpy() for name in self.of_groups.columns})


def look_through(path: str, contract: DatasetConfig) -> Sieve:
    """Read a table once, to know its repeated students and what is derived from whole groups.

    A hash and a number are kept for each row, and the columns that the second needs.

    Args:
        path: A CSV, local or at an `s3://` address.
        contract: What it holds.

    Raises:
        InvalidDataError: It is no such CSV, or a column is missing.
    """
    key, grouped = list(contract.row_key), list(of_groups(contract))
    hashes: list[Hashes] = []
    numbers: list[Rows] = []
    parts: list[pd.DataFrame] = []
    for cells in chunks(path, contract, lambda *_: None, any_size=True):
        if key:
            hashed = pd.util.hash_pandas_object(cells[key], index=False)
            hashes.append(hashed.to_numpy())
            numbers.append(cells.index.to_numpy())
        if grouped:
            good, _ = _sift(cells, contract, np.array([], np.int64))
            parts.append(good[_sources(contract)])
    repeated = _repeated_rows(hashes, numbers)
    frame = pd.concat(parts) if parts else pd.DataFrame()
    frame = frame[~frame.index.isin(repeated)]
    values = derived(frame, contract)[grouped] if len(frame) else pd.DataFrame()
    return Sieve(contract, repeated, values)


def _sift(
    cells: pd.DataFrame, contract: DatasetConfig, repeated: Rows
) -> tuple[pd.DataFrame, list[Violation]]:
    if cells.empty:
        return cells, []
    frame, violations = checked(cells, contract)
    known = {violation.row for violation in violations}
    again = frame.index[frame.index.isin(repeated)]
    violations += [twice(row, contract) for row in again if row + _HEADER_ROWS not in known]
    bad = [violation.row - _HEADER_ROWS for violation in violations if violation.row is not None]
    return frame[~frame.index.isin(bad)], violations


def _repeated_rows(hashes: Sequence[Hashes], numbers: Sequence[Rows]) -> Rows:
    if not hashes:
        return np.array([], np.int64)
    found = np.concatenate(hashes)
    ordered = np.sort(found)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    return np.asarray(np.concatenate(numbers)[np.isin(found, again)], np.int64)


def _sources(contract: DatasetConfig) -> list[str]:
    """The columns that features are derived from, and those features."""
    names = [contract.cohort_column]
    for name, column in contract.features.items():
        if column.derivation:
            names += [name, column.share_of, column.share_of_largest_in, column.rank_within]
    return list(dict.fromkeys(name for name in names if name))
