"""The bootstrap: what a statistic is in tables drawn anew from the students of one."""

from collections.abc import Callable, Hashable
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from student_performance.config import IntervalConfig

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Name = TypeVar("Name", bound=Hashable)
# Values by name, shape (draws,), of weights with shape (draws, rows).
Statistic = Callable[[Floats], dict[Name, Floats]]

_CELLS = 1_000_000  # of a resampling matrix held at once: 8 MB


def repeated_students(identifiers: pd.Series) -> Codes | None:
    """Codes of the students, from 0, where one has several rows; else None."""
    if identifiers.is_unique:
        return None
    return np.unique(identifiers.to_numpy(), return_inverse=True)[1]


def resampled(
    statistic: Statistic[Name],
    rows: int,
    config: IntervalConfig,
    students: Codes | None = None,
) -> dict[Name, Floats]:
    """Bootstrap replicates of a statistic of row weights, a block at a time to bound memory.

    Students are drawn, not rows: all rows of a student come together (cluster bootstrap, Davison
    and Hinkley 1997, section 3.8).
    """
    rng = np.random.default_rng(config.seed)
    units = rows if students is None else int(students.max()) + 1
    block = max(1, _CELLS // rows)
    parts = []
    # Threads divide a product, and its last digit follows their number: it shall not depend on
    # the machine.
    with threadpool_limits(1):
        for start in range(0, config.resamples, block):
            draws = min(block, config.resamples - start)
            weights = np.empty((draws, rows))
            for row, picked in zip(weights, rng.integers(units, size=(draws, units)), strict=True):
                drawn = np.bincount(picked, minlength=units)
                row[:] = drawn if students is None else drawn[students]
            parts.append(statistic(weights))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def percentiles(replicates: Floats, level: float) -> tuple[float, float]:
    """Lower and upper bound of a percentile interval."""
    tail = (1 - level) / 2
    low, high = np.nanquantile(replicates, [tail, 1 - tail])
    return float(low), float(high)
