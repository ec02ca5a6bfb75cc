"""Divides students, not rows, into three parts: to learn from, to set up, and to judge with."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from student_performance.cohorts import cohort_order, order_key, terms_of
from student_performance.config import SplitConfig
from student_performance.contract import RETURNING, DatasetConfig
from student_performance.dataset import AT_RISK
from student_performance.errors import InvalidDataError, UsageError
from student_performance.strict import Strict

Mask = NDArray[np.bool_]


class Division(Strict):
    """How a table was divided, and with it which rows a model has not seen.

    Attributes:
        by: Whether cohorts or students were divided.
        term: The cohort of the hold-out; None in a division of students.
        first_term: The earliest cohort of the table; None in a division of students.
        test_share: Expected share of students in the hold-out of a division of students.
        key: Key of the hash.
        train_rows: Rows to learn from.
        validation_rows: Rows that calibrate and set the threshold.
        test_rows: Rows of the hold-out.
        left_out: Earlier rows of students who are in the hold-out; no part has them.
    """

    by: Literal["cohort", "student"]
    term: str | None
    first_term: str | None
    test_share: float
    key: str
    train_rows: int
    validation_rows: int
    test_rows: int
    left_out: int

    def text(self) -> str:
        """What the hold-out is, in words."""
        if self.by == "cohort":
            return f"the last cohort, {self.term}"
        return f"{100 * self.test_share:.3g}% of the students, by a keyed hash"

    def holdout(self) -> str:
        """Identifies the hold-out by its rule: a few rows more make it no other one."""
        rule = self.term if self.by == "cohort" else f"{self.test_share}|{self.key}"
        return hashlib.sha256(f"{self.by}|{rule}".encode()).hexdigest()[:32]


class Parts(Strict, arbitrary_types_allowed=True):
    """The three parts, each with a fresh index, and how they came about."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    division: Division


@dataclass(frozen=True)
class _Masks:
    """Which rows are in which part, each of shape (rows,); what is in none is to learn from."""

    test: Mask
    validation: Mask
    left_out: Mask

    @property
    def train(self) -> Mask:
        return ~(self.test | self.validation | self.left_out)


def split(table: pd.DataFrame, dataset: DatasetConfig, config: SplitConfig, folds: int) -> Parts:
    """Divide a table into training part, validation part and hold-out.

    A student is in one part only. By student, the part stays the same when rows are added, removed
    or reordered. By cohort, the hold-out is the last one, and what its students did earlier is left
    out of the other parts.

    Args:
        table: What `load_table` returned.
        dataset: Its contract.
        config: Way, shares and key.
        folds: How many stratified folds the training part must allow.

    Raises:
        InvalidDataError: A part is too small to learn from or to judge with.
        UsageError: A split by cohort is asked for, and the table has no two cohorts.
    """
    terms = _terms(table, dataset, config)
    order = [] if terms is None else cohort_order(terms.unique(), dataset)
    if terms is None:
        masks = _by_student(table, dataset, config)
    else:
        masks = _by_cohort(table, dataset, config, (terms == order[-1]).to_numpy())
    train, validation, test = (
        table[rows].reset_index(drop=True) for rows in (masks.train, masks.validation, masks.test)
    )
    if terms is not None:
        earlier = table.loc[masks.left_out, dataset.id_column]
        test = test.assign(**{RETURNING: test[dataset.id_column].isin(earlier)})
    students = train.groupby(AT_RISK)[dataset.id_column].nunique()
    counts = {label: int(students.get(label, 0)) for label in (0, 1)}
    check_sizes(counts, (len(train), len(validation), len(test)), dataset, folds)
    division = Division(
        by="cohort" if order else "student",
        term=order[-1] if order else None,
        first_term=order[0] if order else None,
        test_share=config.test_share if order else shares(config, len(table))[0],
        key=config.key,
        train_rows=len(train),
        validation_rows=len(validation),
        test_rows=len(test),
        left_out=int(masks.left_out.sum()),
    )
    return Parts(train=train, validation=validation, test=test, division=division)


def unseen(
    test: pd.DataFrame, dataset: DatasetConfig, division: Division, other: Division
) -> pd.Series:
    """Which rows of a hold-out a model learnt by another division has not seen, as booleans.

    Args:
        test: The hold-out of one training.
        dataset: The contract.
        division: How that training divided its table.
        other: The division of the other training.
    """
    if other.by == "student":
        held_out = chances(test[dataset.id_column], other.key) < other.test_share
        return pd.Series(held_out, index=test.index)
    nothing = pd.Series(False, index=test.index)
    if dataset.cohort_column is None or RETURNING not in test:
        return nothing  # students were divided here, so nobody has looked for those who returned
    terms = terms_of(test[dataset.cohort_column], dataset)
    named = {*terms, str(other.term), str(other.first_term), str(division.first_term)}
    key = order_key(named, dataset)
    if key(str(division.first_term)) > key(str(other.first_term)):
        return nothing  # the other model knows cohorts whose students cannot be recognised here
    later = terms.map(lambda term: key(term) >= key(str(other.term))).astype("bool")
    return later & ~test[RETURNING]


def _terms(table: pd.DataFrame, dataset: DatasetConfig, config: SplitConfig) -> pd.Series | None:
    """The cohort of each row if cohorts are divided, else None."""
    if config.by == "student":
        return None
    if dataset.cohort_column is not None:
        terms = terms_of(table[dataset.cohort_column], dataset)
        if terms.nunique() > 1:
            return terms
    if config.by == "cohort":
        raise UsageError(
            f"The table has no two cohorts to divide: {dataset.name} needs a column with the role"
            " `cohort` and several values.",
            f"python run.py train --dataset {dataset.name} --set split.by=student",
        )
    return None


def _by_student(table: pd.DataFrame, dataset: DatasetConfig, config: SplitConfig) -> _Masks:
    chance = chances(table[dataset.id_column], config.key)
    test_share, validation_share = shares(config, len(table))
    test = chance < test_share
    validation = ~test & (chance < test_share + validation_share)
    return _Masks(test=test, validation=validation, left_out=np.zeros(len(table), bool))


def _by_cohort(
    table: pd.DataFrame, dataset: DatasetConfig, config: SplitConfig, test: Mask
) -> _Masks:
    students = table[dataset.id_column]
    left_out = ~test & students.isin(students[test]).to_numpy()
    drawn = chances(students, config.key) < shares(config, len(table))[1]
    return _Masks(test=test, validation=~test & ~left_out & drawn, left_out=left_out)


def check_sizes(
    students: Mapping[int, int], rows: tuple[int, int, int], dataset: DatasetConfig, folds: int
) -> None:
    """Whether the parts are large enough.

    Args:
        students: Those to learn from, by label.
        rows: Rows to learn from, to set up and to judge with.
        dataset: The contract.
        folds: How many stratified folds the students must allow.

    Raises:
        InvalidDataError: A part is too small to learn from or to judge with.
    """
    _, validation, test = rows
    if not validation or not test or min(students.values()) < folds:
        raise InvalidDataError(
            f"The table has {sum(rows):,} rows. Students to learn from: {students[1]:,} at risk and"
            f" {students[0]:,} passing; {validation:,} rows to set the threshold;"
            f" {test:,} held out. Each of the {folds} folds needs one student of either kind,"
            " and no part may be empty.",
            f"python run.py train --dataset {dataset.name} --data LARGER_FILE",
        )


def shares(config: SplitConfig, rows: int) -> tuple[float, float]:
    """Shares of the hold-out and of the validation part of a table with so many rows."""
    most = config.most / max(rows, 1)
    return min(config.test_share, most), min(config.validation_share, most)


def chances(identifiers: pd.Series, key: str) -> NDArray[np.float64]:
    """For each row a number in [0, 1) that only its student and the key decide, shape (rows,)."""
    codes, students = pd.factorize(identifiers.to_numpy())
    secret = _key_bytes(key)
    digests = b"".join(
        hashlib.blake2b(str(s).encode(), key=secret, digest_size=8).digest() for s in students
    )
    drawn = np.frombuffer(digests, ">u8").astype(np.float64) / 2.0**64
    return np.asarray(drawn[codes], np.float64)


def _key_bytes(key: str) -> bytes:
    """A key as BLAKE2b takes it; a longer one is hashed first, as HMAC does (RFC 2104)."""
    raw = key.encode()
    return raw if len(raw) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.blake2b(raw).digest()
