"""Whether two samples differ by more than chance, from counts alone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
_EXPECTED = 5  # rows that a cell of a chi-square test is expected to hold at least (Cochran 1954)


def kolmogorov_smirnov(below_old: Floats, n_old: int, below_new: Floats, n_new: int) -> float:
    """The chance of a largest distance like this between two samples of one distribution.

    Args:
        below_old: Share of the first sample up to each of some values, shape (values,).
        n_old: Its rows.
        below_new: Share of the second sample up to the same values.
        n_new: Its rows.

    Returns:
        The p-value. The distance between these values is not looked at, and tied numbers are not
        continuous; both make it too large rather than too small.
    """
    if not len(below_old) or not min(n_old, n_new):
        return 1.0
    distance = float(np.abs(below_old - below_new).max())
    return float(stats.kstwo.sf(distance, max(round(n_old * n_new / (n_old + n_new)), 1)))


def chi_square(old: Floats, new: Floats) -> float:
    """The p-value of the test that two rows of counts have the same shares.

    Rare columns are put together until each is expected to hold five rows of either sample; two
    columns that are rarer still are compared by Fisher's exact test.

    Args:
        old: Rows of the first sample in each column, shape (columns,).
        new: Rows of the second.
    """
    table = np.vstack([old, new])
    if not table.sum(axis=1).all():
        return 1.0
    table = _pooled(table[:, table.sum(axis=0) > 0])
    if table.shape[1] < 2:
        return 1.0
    if _expected(table) < _EXPECTED:
        return float(stats.fisher_exact(table.round().astype(np.int64)).pvalue)
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def holm(chances: Sequence[float]) -> list[float]:
    """P-values made larger so that any of them is below .05 in 5 % of undrifted batches at most.

    Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    values = np.asarray(chances, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(value) for value in adjusted]


def _pooled(table: Floats) -> Floats:
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    while table.shape[1] > 2 and _expected(table) < _EXPECTED:
        table = np.column_stack([table[:, :-2], table[:, -2:].sum(axis=1)])
        table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    return table


def _expected(table: Floats) -> float:
    """Rows that the rarest cell would hold if both samples had the same shares."""
    return float(table.sum(axis=0).min() * table.sum(axis=1).min() / table.sum())
