"""Divides a table in parts by the same rule as one in memory: students by a hash, or cohorts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from student_performance.cohorts import cohort_order, terms_of
from student_performance.config import SplitConfig
from student_performance.contract import RETURNING, DatasetConfig
from student_performance.dataset import AT_RISK, without_outcomes
from student_performance.errors import UsageError
from student_performance.parts.crew import Crew
from student_performance.parts.table import Hashes, Survey, read_labelled
from student_performance.reading.parquet import Fragment, fragments
from student_performance.splitting import Division, Parts, chances, check_sizes, shares

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Sides:
    """Which part each row of a piece belongs to; what is in none of three is to learn from.

    Attributes:
        chance: The number that the student's hash draws, shape (rows,).
        test: The hold-out.
        validation: To set up with.
        left_out: Earlier rows of students of the hold-out.
    """

    chance: NDArray[np.float64]
    test: Mask
    validation: Mask
    left_out: Mask

    @property
    def learnt(self) -> Mask:
        """The rows to learn from."""
        return ~(self.test | self.validation | self.left_out)


@dataclass(frozen=True)
class Rule:
    """How rows are told apart.

    Attributes:
        key: Of the hash.
        test_share: Share of the students in the hold-out, where students are divided.
        validation_share: Share of the others that set up.
        terms: Cohorts in their order, where these are divided; else empty.
        members: Hashes of the students of the last cohort, sorted.
    """

    key: str
    test_share: float
    validation_share: float
    terms: tuple[str, ...]
    members: Hashes

    @property
    def drawn(self) -> float:
        """Below it, a student's number is not one to learn from."""
        return self.validation_share if self.terms else self.test_share + self.validation_share

    def sides(self, table: pd.DataFrame, dataset: DatasetConfig) -> Sides:
        """Tell the rows of a piece apart."""
        students = table[dataset.id_column]
        chance = chances(students, self.key)
        if self.terms:
            last = terms_of(table[str(dataset.cohort_column)], dataset) == self.terms[-1]
            test = last.to_numpy(bool)
            left_out = ~test & np.isin(_hashed(students), self.members)
        else:
            test, left_out = chance < self.test_share, np.zeros(len(table), bool)
        return Sides(chance, test, ~test & ~left_out & (chance < self.drawn), left_out)


def rule_of(crew: Crew, found: Survey, dataset: DatasetConfig, config: SplitConfig) -> Rule:
    """Look through a table for its cohorts, and for the students of the last one.

    Raises:
        InvalidDataError: The name of a cohort does not say when it was.
        UsageError: Cohorts are asked for, and there are no two; or their names say no order.
    """
    test_share, validation_share = shares(config, found.rows)
    pieces = fragments(found.path)
    terms: list[str] = []
    if config.by != "student" and dataset.cohort_column is not None:
        named = crew.gathered("split", crew.each(_terms, pieces, dataset))
        terms = cohort_order(set().union(*named), dataset)
    if len(terms) < 2:
        if config.by == "cohort":
            raise UsageError(
                f"The table has no two cohorts to divide: {dataset.name} needs a column with the"
                " role `cohort` and several values.",
                f"python run.py train --dataset {dataset.name} --set split.by=student",
            )
        return Rule(config.key, test_share, validation_share, (), np.zeros(0, np.uint64))
    members = crew.gathered("split", crew.each(_members, pieces, dataset, terms[-1]))
    return Rule(
        config.key, test_share, validation_share, tuple(terms), np.unique(np.concatenate(members))
    )


def divide(
    crew: Crew, found: Survey, dataset: DatasetConfig, config: SplitConfig, folds: int
) -> Parts:
    """Collect the validation part and the hold-out; what is left to learn from stays where it is.

    Args:
        crew: Who does it.
        found: The table.
        dataset: The contract.
        config: Way, shares and key.
        folds: How many stratified folds the training part must allow.

    Returns:
        The parts that fit into memory, as for a table that does; that to learn from is empty.

    Raises:
        InvalidDataError: A part is too small.
        UsageError: Cohorts are asked for, and there are no two.
    """
    rule = rule_of(crew, found, dataset, config)
    told = crew.gathered("split", crew.each(_held_out, fragments(found.path), dataset, rule))
    validation, test = (
        pd.concat([getattr(one, name) for one in told], ignore_index=True)
        for name in ("validation", "test")
    )
    if rule.terms:
        earlier = np.concatenate([one.earlier for one in told])
        back = np.isin(_hashed(test[dataset.id_column]), earlier)
        test = test.assign(**{RETURNING: back})
    passing, at_risk, left_out = (int(n) for n in np.sum([one.counts for one in told], axis=0))
    sizes = passing + at_risk, len(validation), len(test)
    check_sizes({0: passing, 1: at_risk}, sizes, dataset, folds)
    division = Division(
        by="cohort" if rule.terms else "student",
        term=rule.terms[-1] if rule.terms else None,
        first_term=rule.terms[0] if rule.terms else None,
        test_share=config.test_share if rule.terms else rule.test_share,
        key=config.key,
        train_rows=sizes[0],
        validation_rows=sizes[1],
        test_rows=sizes[2],
        left_out=left_out,
    )
    return Parts(train=test.head(0), validation=validation, test=test, division=division)


@dataclass(frozen=True)
class _Held:
    """Of one piece: rows that are collected, how many stay, and who was there before."""

    validation: pd.DataFrame
    test: pd.DataFrame
    counts: Sequence[int]
    earlier: Hashes


def _held_out(fragment: Fragment, dataset: DatasetConfig, rule: Rule) -> _Held:
    table = without_outcomes(read_labelled(fragment, dataset), dataset)
    sides = rule.sides(table, dataset)
    at_risk = int(table.loc[sides.learnt, AT_RISK].sum())
    return _Held(
        validation=table[sides.validation],
        test=table[sides.test],
        counts=(int(sides.learnt.sum()) - at_risk, at_risk, int(sides.left_out.sum())),
        earlier=np.unique(_hashed(table.loc[sides.left_out, dataset.id_column])),
    )


def _terms(fragment: Fragment, dataset: DatasetConfig) -> set[str]:
    cohorts = read_labelled(fragment, dataset)[str(dataset.cohort_column)]
    return {*terms_of(cohorts, dataset)}


def _members(fragment: Fragment, dataset: DatasetConfig, last: str) -> Hashes:
    table = read_labelled(fragment, dataset)
    there = terms_of(table[str(dataset.cohort_column)], dataset) == last
    return np.unique(_hashed(table.loc[there, dataset.id_column]))


def _hashed(students: pd.Series) -> Hashes:
    return np.asarray(pd.util.hash_pandas_object(students, index=False), np.uint64)
