"""New training data: the old table with the students whose outcome became known."""

from dataclasses import dataclass

import pandas as pd

from student_performance.contract import ROW_NUMBER, DatasetConfig
from student_performance.dataset import survey, typed
from student_performance.errors import InvalidDataError, RefusedError, UsageError
from student_performance.monitor_report import MonitorReport
from student_performance.reading.commands import check_command
from student_performance.schema import EMPTY_CELL, sentences
from student_performance.strict import Strict


class Growth(Strict):
    """What a new table adds to an old one.

    Attributes:
        old: Rows of the old table.
        added: Rows of students (within their cohort) who were not there.
        changed: Rows that replaced an older one of the same student, because they differ.
        known: Rows that were there as they are.
        unlabelled: Rows without an outcome yet; they are left out.
    """

    old: int
    added: int
    changed: int
    known: int
    unlabelled: int

    @property
    def new(self) -> int:
        """Rows that no training has seen."""
        return self.added + self.changed


@dataclass(frozen=True)
class Merged:
    """The new training data, and what is new in it."""

    table: pd.DataFrame
    growth: Growth


def merge(old_path: str, new_path: str, dataset: DatasetConfig) -> Merged:
    """The old rows with the new ones; of a student who is in both, the new row counts.

    Args:
        old_path: The table that was learnt from so far.
        new_path: A table with outcomes; rows without one are left out.
        dataset: The contract of both.

    Raises:
        InvalidDataError: A row breaks the contract.
        UsageError: The contract names no student, so that the same one cannot be recognised.
    """
    if dataset.id_column == ROW_NUMBER:
        raise UsageError(
            f"The tables of {dataset.name} name no student, so that those who are in both the old"
            " and the new one cannot be recognised.",
            "python run.py train --data FILE",
        )
    old, _ = _labelled(old_path, dataset)
    new, unlabelled = _labelled(new_path, dataset)
    key = list(dataset.row_key)
    both = pd.concat([old, new], ignore_index=True)
    kept = both.drop_duplicates(key, keep="last").sort_index()
    returned = new[key].merge(old[key], on=key, how="inner")
    same = new.merge(old, on=list(old.columns), how="inner")
    growth = Growth(
        old=len(old),
        added=len(new) - len(returned),
        changed=len(returned) - len(same),
        known=len(same),
        unlabelled=unlabelled,
    )
    return Merged(kept.reset_index(drop=True), growth)


def _labelled(path: str, dataset: DatasetConfig) -> tuple[pd.DataFrame, int]:
    frame, violations = survey(path, dataset)
    outcome = dataset.target.column
    waiting = {v.row for v in violations if (v.column, v.found) == (outcome, EMPTY_CELL)}
    wrong = [violation for violation in violations if violation.row not in waiting]
    if wrong:
        raise InvalidDataError(
            "\n".join(f"{path}, {sentence}" for sentence in sentences(wrong)),
            check_command(path, dataset),
            public="\n".join(f"{path}, {line}" for line in sentences(wrong, public=True)),
        )
    rows = frame[~(frame.index + 2).isin(waiting)]  # row 1 is the header
    return typed(rows, dataset), len(waiting)


def cause(growth: Growth, enough: int, alarm: MonitorReport | None, dataset: DatasetConfig) -> str:
    """Why a retraining is due, in words.

    Args:
        growth: What the new table adds.
        enough: So many new rows are a reason by themselves.
        alarm: The newest comparison with the version that serves, if there is one.
        dataset: The contract.

    Raises:
        RefusedError: It is not due.
    """
    if not growth.new:
        raise RefusedError(
            f"Nothing is new: all {growth.known:,} rows with an outcome were learnt from before."
            " The same data would give the same model.",
            f"python run.py retrain --dataset {dataset.name} --data FILE",
        )
    if alarm is not None and alarm.level == "drift":
        return f"the monitor found drift on {alarm.at:%Y-%m-%d}, and {growth.new:,} rows are new"
    if growth.new >= enough:
        return f"{growth.new:,} rows are new, {enough:,} are enough"
    raise RefusedError(
        f"Only {growth.new:,} rows are new, {enough:,} are needed without an alarm of the monitor.",
        f"python run.py monitor --dataset {dataset.name} --data FILE --labels FILE",
    )
