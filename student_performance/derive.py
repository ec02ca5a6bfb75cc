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
    a derived feature itself. Nothing is learned: each group is compared with itself only, so no
    row of the hold-out is needed for another group.

    Args:
        frame: The contract's columns, numbers as numbers.
        dataset: The contract.

    Returns:
        A new frame; derived features are floats, and empty where there is nothing to divide by.
        The other columns are as they were.
    """
    values = {
        name: _value(frame, name, column)
        for name, column in dataset.features.items()
        if column.derivation
    }
    return frame.assign(**values)


def _value(frame: pd.DataFrame, name: str, column: Column) -> pd.Series:
    cells = frame[name].astype("float64")
    if column.share_of is not None:
        whole = frame[column.share_of].astype("float64")
        return cells / whole.where(whole != 0)
    if column.share_of_largest_in is not None:
        largest = _groups(cells, frame[column.share_of_largest_in]).transform("max")
        return cells / largest.where(largest > 0)
    return _groups(cells, frame[str(column.rank_within)]).rank(method="average", pct=True)


def _groups(cells: pd.Series, by: pd.Series) -> "SeriesGroupBy[Any, Any]":
    """Students without a group are a group: to leave them out would empty their cells."""
    return cells.groupby(by, dropna=False)
