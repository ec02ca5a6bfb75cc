"""A table in parts: held against its contract without ever being held as a whole."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK, broken, typed, with_label
from student_performance.derive import of_groups
from student_performance.errors import InvalidDataError, UsageError
from student_performance.parts.crew import Crew
from student_performance.reading.commands import check_command
from student_performance.reading.parquet import Fragment, fragments, is_parquet, read_fragment
from student_performance.schema import Violation, checked, parsed, twice
from student_performance.splitting import chances
from student_performance.strict import Strict

_SAMPLE = 100_000  # rows that stand for all where not all are needed
_TOLD = 6  # violations of a part that are kept
_ROWS_A_BUCKET = 5_000_000
Hashes = NDArray[np.uint64]


class Survey(Strict):
    """A table that was gone through once, in parts.

    Attributes:
        path: A Parquet file, or a folder or `s3://` prefix of such files.
        md5: Of the table when it was gone through.
        parts: How many pieces are read one by one.
        rows: Rows.
        at_risk: Rows at risk.
        guarded: Rows, drawn by their student's hash, that the leakage guard looked at.
    """

    path: str
    md5: str
    parts: int
    rows: int
    at_risk: int
    guarded: int


@dataclass(frozen=True)
class _Look:
    rows: int
    at_risk: int
    violations: list[Violation]
    sample: pd.DataFrame


def check_fits(path: str, dataset: DatasetConfig) -> None:
    """Whether this table can be learnt from in parts.

    Raises:
        UsageError: It is no Parquet, or what is asked for needs the table as a whole.
    """
    given = f"--dataset {dataset.name} --set engine=memory"
    if not is_parquet(path):
        raise UsageError(
            f"{path} is no Parquet: with engine=dask a table is read in parts and by column, which"
            " a CSV does not allow. Write it as Parquet once.",
            f"python run.py dataset convert {shlex.quote(path)} --dataset {dataset.name}"
            " --out FILE.parquet",
        )
    grouped = of_groups(dataset)
    if grouped:
        raise UsageError(
            f"The feature `{grouped[0]}` is derived from whole groups of students, and with"
            " engine=dask no process sees a whole group.",
            f"python run.py train {given}",
        )


def survey(
    crew: Crew, path: str, md5: str, dataset: DatasetConfig, key: str
) -> tuple[Survey, pd.DataFrame]:
    """Hold a table against its contract, part by part.

    Args:
        crew: Who does it.
        path: The table.
        md5: Its digest.
        dataset: The contract.
        key: Of the hash that draws the sample.

    Returns:
        What was found, and a sample for the leakage guard, its outcomes still there.

    Raises:
        InvalidDataError: A row breaks the contract, a student is there twice, or all are alike.
    """
    pieces = fragments(path)
    rows = sum(piece.rows for piece in pieces)
    looks: list[_Look] = crew.gathered(
        "load", crew.each(_looked_at, pieces, dataset, key, _SAMPLE / max(rows, 1))
    )
    violations = [violation for look in looks for violation in look.violations]
    violations = violations or _repeated(crew, pieces, dataset, rows)
    if violations:
        raise broken(path, violations, dataset)
    at_risk = sum(look.at_risk for look in looks)
    if at_risk in (0, rows):
        raise InvalidDataError(
            f"Every student is {'at risk' if at_risk else 'passing'} by the rule"
            f" {dataset.target.text()}; there is nothing to learn.",
            check_command(path, dataset),
        )
    sample = pd.concat([look.sample for look in looks], ignore_index=True)
    found = Survey(
        path=path, md5=md5, parts=len(pieces), rows=rows, at_risk=at_risk, guarded=len(sample)
    )
    return found, sample


def read_labelled(fragment: Fragment, dataset: DatasetConfig) -> pd.DataFrame:
    """The rows of a part that keep the contract, features derived and labelled."""
    frame, _ = parsed(read_fragment(fragment, dataset, list(dataset.columns)), dataset)
    return with_label(typed(frame, dataset), dataset)


def _looked_at(fragment: Fragment, dataset: DatasetConfig, key: str, share: float) -> _Look:
    cells = read_fragment(fragment, dataset, list(dataset.columns))
    frame, violations = checked(cells, dataset)
    if violations:
        return _Look(len(frame), 0, violations[:_TOLD], frame.head(0))
    rows = with_label(typed(frame, dataset), dataset)
    drawn = chances(rows[dataset.id_column], key) < share
    return _Look(len(rows), int(rows[AT_RISK].sum()), [], rows[drawn])


def _repeated(
    crew: Crew, pieces: Sequence[Fragment], dataset: DatasetConfig, rows: int
) -> list[Violation]:
    """Students who are there twice, found by a hash: 16 bytes a row, spread over the processes."""
    if not dataset.row_key:
        return []
    buckets = rows // _ROWS_A_BUCKET + 1
    hashed = crew.each(_hashed, pieces, dataset, buckets)
    twins = [
        crew.together(_twins, [crew.item(one, bucket) for one in hashed])
        for bucket in range(buckets)
    ]
    found = sorted(row for rows in crew.gathered("load", twins) for row in rows)
    return [twice(row, dataset) for row in found[:_TOLD]]


def _hashed(fragment: Fragment, dataset: DatasetConfig, buckets: int) -> list[Hashes]:
    cells = read_fragment(fragment, dataset, list(dataset.row_key))
    found = pd.util.hash_pandas_object(cells, index=False).to_numpy(np.uint64)
    both = np.column_stack([found, cells.index.to_numpy().astype(np.uint64)])
    return [both[found % buckets == bucket] for bucket in range(buckets)]


def _twins(bucket: list[Hashes]) -> list[int]:
    both = np.concatenate(bucket)
    both = both[np.argsort(both[:, 0], kind="stable")]
    again = np.flatnonzero(both[1:, 0] == both[:-1, 0])
    rows = np.unique(both[np.r_[again, again + 1], 1])
    return [int(row) for row in rows[:_TOLD]]
