"""Which cohort comes after which."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from student_performance.contract import DatasetConfig, Kind
from student_performance.errors import InvalidDataError, UsageError

_SHOWN = 4


def terms_of(cohorts: pd.Series, dataset: DatasetConfig) -> pd.Series:
    """The part of each cohort's name that orders it in time.

    Raises:
        InvalidDataError: A name does not have that part.
    """
    pattern = dataset.columns[str(dataset.cohort_column)].term
    if pattern is None:
        return cohorts.astype("str")
    found = cohorts.astype("str").str.extract(re.compile(pattern), expand=False)
    if found.isna().any():
        raise InvalidDataError(
            f"Column {dataset.cohort_column}: {int(found.isna().sum()):,} cells do not match the"
            f" pattern `{pattern}` that orders the cohorts.",
            f"python run.py dataset check FILE --dataset {dataset.name}",
        )
    return found


def cohort_order(terms: Iterable[str], dataset: DatasetConfig) -> list[str]:
    """The terms of a table, earliest first.

    A cohort that is a category stands in the order of its categories. Other names are ordered as
    people do: numbers by value (term 9 before term 10), the rest as text.

    Raises:
        UsageError: The names say no order, such as those of seasons.
    """
    return sorted(set(terms), key=order_key(set(terms), dataset))


def order_key(terms: set[str], dataset: DatasetConfig) -> Callable[[str], Any]:
    """What terms are sorted by.

    Raises:
        UsageError: The names say no order.
    """
    column = dataset.columns[str(dataset.cohort_column)]
    if column.kind is Kind.CATEGORY and column.term is None:
        places = {name: place for place, name in enumerate(column.categories or ())}
        return places.__getitem__
    if len({_words(term) for term in terms}) > 1:
        named = ", ".join(sorted(terms)[:_SHOWN])
        raise UsageError(
            f"Column {dataset.cohort_column}: the names of the cohorts ({named} …) do not say which"
            " comes first. Make it a category with the cohorts in their order,"
            " `kind: category, categories: [EARLIEST, ..., LAST]`, or name the part that orders"
            " them with `term`.",
            f"python run.py dataset check FILE --dataset {dataset.name}",
        )
    return _natural


def _words(term: str) -> tuple[str, ...]:
    """Words of two letters and more: if they differ, as Spring and Fall do, they order nothing."""
    return tuple(word.casefold() for word in re.findall(r"[^\W\d_]{2,}", term))


def _natural(term: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", term)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
