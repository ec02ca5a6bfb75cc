"""Features that a model sees as a share or a rank, so that they travel from course to course.

Shares of the largest value and ranks need the whole group, also when a prediction is made: the
rank of a single student, or of half a course, is another number. Predict for complete groups.
"""

from typing import TYPE_CHECKING, Any

import pandas as pd

from student_performance.contract import Column, DatasetConfig

if TYPE_CHECKING:
    from pandas.api.typing import SeriesGroupBy


def derived(frame: pd.DataFrame, dataset: DatasetConfig) -> pd.DataFrame:
    """Replace the cells of derived features by what the model sees.

    Every feature is derived from the cells as they are in the file, also where the other column is
    a derived feature itself. Each group is compared with itself only, and a group ends with its
    cohort, so that a hold-out by cohort is not needed for the rows before it. In a split by student
    the features of a group's hold-out take part in the ranks of the others, as they will when a
    prediction is made; its outcomes never do.

    Args:
        frame: The contract's columns, numbers as numbers.
        dataset: The contract.

    Returns:
        A new frame; derived features are floats, and empty where there is nothing to divide by.
        The other columns are as they were.
    """
    values = {
        name: _value(frame, name, column, dataset.cohort_column)
        for name, column in dataset.features.items()
        if column.derivation
    }
    return frame.assign(**values)


def of_groups(dataset: DatasetConfig) -> tuple[str, ...]:
    """Features that are a rank or a share within a group: they need the whole of it."""
    features = dataset.features.items()
    return tuple(n for n, c in features if c.rank_within or c.share_of_largest_in)


def _value(frame: pd.DataFrame, name: str, column: Column, cohort: str | None) -> pd.Series:
    cells = frame[name].astype("float64")
    if column.share_of is not None:
        whole = frame[column.share_of].astype("float64")
        return cells / whole.where(whole != 0)
    if column.share_of_largest_in is not None:
        largest = _groups(cells, frame, column.share_of_largest_in, cohort).transform("max")
        return cells / largest.where(largest > 0)
    groups = _groups(cells, frame, str(column.rank_within), cohort)
    return groups.rank(method="average", pct=True)


def _groups(
    cells: pd.Series, frame: pd.DataFrame, by: str, cohort: str | None
) -> "SeriesGroupBy[Any, Any]":
    """Students without a group are a group: to leave them out would empty their cells."""
    keys = [by] if cohort is None else list(dict.fromkeys([by, cohort]))
    return cells.groupby([frame[key] for key in keys], dropna=False)
