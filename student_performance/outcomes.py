"""Outcomes that arrive after the predictions: who passed, joined to the students by their key."""

from typing import Any

import numpy as np
import pandas as pd

from student_performance.contract import ROW_NUMBER, DatasetConfig, Role
from student_performance.dataset import AT_RISK, at_risk, broken
from student_performance.errors import InvalidDataError, UsageError
from student_performance.reading.rows import chunks, header_of
from student_performance.schema import Violation, checked
from student_performance.strict import Strict


class LabelCounts(Strict):
    """What became of the rows of a table of outcomes.

    Attributes:
        rows: Rows of the table.
        empty: Rows without an outcome yet.
        repeated: Rows that say again what another row says; they count once.
        contradicting: Students of whom rows say different things; none of them is believed.
        students: Students with one outcome.
        unknown: Of these, students who are not among those that were scored.
        used: Students whose outcome was compared with their risk.
    """

    rows: int
    empty: int
    repeated: int
    contradicting: int
    students: int
    unknown: int = 0
    used: int = 0

    def sentences(self) -> tuple[str, ...]:
        """What a reader should know about the rows that were not used."""
        told = (
            (self.empty, "have no outcome yet"),
            (self.repeated, "say again what another row says; they count once"),
            (self.contradicting, "students have outcomes that contradict each other, none is used"),
            (self.unknown, "students are not among those that were scored"),
        )
        return tuple(f"{count:,} {text}" for count, text in told if count)


def read_labels(path: str, dataset: DatasetConfig) -> tuple[pd.DataFrame, LabelCounts]:
    """Who was at risk after all, by the rule of the contract.

    The table has the columns that name a row and the outcome of the rule. Sensitive columns are
    read too where they are there. Other columns are not looked at, so that the full table of a
    finished term will do.

    Returns:
        One row a student: key, `at_risk` and sensitive columns; and what became of the others.

    Raises:
        InvalidDataError: It is no such CSV, or a cell breaks the contract.
        UsageError: The table of the contract names no student.
    """
    if dataset.id_column == ROW_NUMBER:
        raise UsageError(
            f"The tables of {dataset.name} name no student, so outcomes cannot be joined to them.",
            f"python run.py monitor --dataset {dataset.name} --data FILE",
        )
    narrow, key = _of_labels(path, dataset), list(dataset.row_key)
    target = dataset.target.column
    parts: list[pd.DataFrame] = []
    violations: list[Violation] = []
    rows = 0
    for cells in chunks(path, narrow):
        rows += len(cells)
        known = cells[cells[target].astype("str").str.strip().replace("", None).notna()]
        if len(known):
            part, found = checked(known, narrow)
            parts.append(part)
            violations += found
    if violations:
        raise broken(path, violations, dataset)
    if not parts:
        raise InvalidDataError(f"{path} holds no outcome in the column `{target}`.")
    frame = pd.concat(parts, ignore_index=True)
    frame[AT_RISK] = at_risk(frame[target], dataset)
    sensitive = [name for name in narrow.columns if narrow.columns[name].role is Role.SENSITIVE]
    return _once(frame[[*key, AT_RISK, *sensitive]], key, rows)


def _of_labels(path: str, dataset: DatasetConfig) -> DatasetConfig:
    """The contract of the columns that are read; the same student may be there twice."""
    header = set(header_of(path, dataset))
    needed = {*dataset.row_key, dataset.target.column}
    welcome = {*dataset.with_role(Role.SENSITIVE)} & header
    columns = {
        # A column of context may hold the same value twice; that is looked at here.
        name: column.model_copy(update={"role": Role.CONTEXT})
        if name in dataset.row_key
        else column
        for name, column in dataset.columns.items()
        if name in needed | welcome
    }
    return dataset.model_copy(update={"columns": columns, "world": None})


def _once(frame: pd.DataFrame, key: list[str], rows: int) -> tuple[pd.DataFrame, LabelCounts]:
    outcomes = frame.groupby(key, sort=False)[AT_RISK].transform("nunique")
    agreed = frame[outcomes == 1]
    once = agreed.drop_duplicates(key)
    return once, LabelCounts(
        rows=rows,
        empty=rows - len(frame),
        repeated=len(agreed) - len(once),
        contradicting=len(frame[outcomes > 1].drop_duplicates(key)),
        students=len(once),
    )


class Joined:
    """Risks of students whose outcome is known, collected chunk by chunk."""

    def __init__(self, labels: pd.DataFrame, key: list[str]) -> None:
        self._labels, self._key = labels, key
        self._parts: list[pd.DataFrame] = []

    def add(self, table: pd.DataFrame, risks: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        """Keep the scored rows of a chunk whose outcome is known."""
        scored = table[self._key].assign(risk=risks)
        self._parts.append(scored.merge(self._labels, on=self._key, how="inner"))

    def table(self) -> pd.DataFrame:
        """Key, `risk`, `at_risk` and sensitive columns, shape (students, 3 or more)."""
        if not self._parts:
            return self._labels.head(0).assign(risk=np.zeros(0))
        return pd.concat(self._parts, ignore_index=True)
