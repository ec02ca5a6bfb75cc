"""Rows that are equal, told apart from students who are alike."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GRID = 1_000  # parts of a step: a value this near to a place stands on it
_FAR = 2.0**62  # farther steps than an integer can count are all alike
_MIX = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio: neighbours get distant hashes


def twin_shares(rest: pd.DataFrame, values: Floats, places: Floats) -> tuple[float, float]:
    """Share of rows that another row equals, and the share to be expected by nature.

    In a coarse table students are alike by nature. Then about as many differ by just one step of
    the finest column, and that is what is expected; copied rows have no such neighbours.

    Args:
        rest: The columns that are compared, but for the finest.
        values: The finest column, shape (rows,).
        places: Its values in steps.
    """
    others = pd.util.hash_pandas_object(rest, index=False).to_numpy(copy=True)
    twins = pd.DataFrame({"others": others, "value": values}).duplicated(keep=False)
    parts = np.minimum(np.round(places * _GRID), _FAR).astype(np.uint64)
    here = others + parts * _MIX  # wraps around, as a hash may
    above = others + (parts + np.uint64(_GRID)) * _MIX
    return float(twins.mean()), float(np.isin(above, here).mean())
