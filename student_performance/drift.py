"""Whether new students look like those a model learned from, feature by feature."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from student_performance.contract import DatasetConfig
from student_performance.strict import Strict

Floats = NDArray[np.float64]
Level = Literal["ok", "warn", "drift", "no_data"]

MIN_ROWS = 30
_WARN, _DRIFT = 0.1, 0.25  # the usual limits of a PSI that is free of sampling noise
_FALSE_ALARMS = 0.05  # of batches without drift in which any feature may warn


class FeatureReference(Strict):
    """The distribution of a feature in the training rows.

    Attributes:
        feature: Name of the feature.
        edges: Inner borders of the bins of a number; a bin holds its upper border. Empty for a
            category.
        categories: The allowed values of a category; empty for a number.
        shares: Share of all rows in each bin or category.
        missing: Share of empty cells; `shares` and it sum to 1.
        n: Rows.
    """

    feature: str
    edges: tuple[float, ...]
    categories: tuple[str, ...]
    shares: tuple[float, ...]
    missing: float
    n: int


class FeatureDrift(Strict):
    """How far a batch is from the reference.

    Attributes:
        feature: Name of the feature.
        psi: Population stability index.
        expected: Mean of the index without drift, by chance alone.
        level: The verdict; `no_data` if either side has fewer than 30 rows.
        n: Rows of the batch.
    """

    feature: str
    psi: float
    expected: float
    level: Level
    n: int


def reference(
    features: pd.DataFrame, dataset: DatasetConfig, bins: int = 10
) -> tuple[FeatureReference, ...]:
    """Describe the training rows, so that later batches can be compared without them.

    Args:
        features: Shape (rows, features).
        dataset: The contract; it names the features and their categories.
        bins: Bins of equal share of a number; fewer where its values are tied.
    """
    found = []
    for name, column in dataset.features.items():
        cells = features[name]
        empty = FeatureReference(
            feature=name,
            edges=() if column.categories else _inner_edges(cells, bins),
            categories=column.categories or (),
            shares=(),
            missing=0.0,
            n=len(cells),
        )
        # A value outside of the contract is in no bin; it would only come from an unchecked table.
        shares = counts(empty, cells) / max(len(cells), 1)
        found.append(
            empty.model_copy(
                update={"shares": tuple(shares[:-2].tolist()), "missing": float(shares[-1])}
            )
        )
    return tuple(found)


def compare(
    references: Sequence[FeatureReference], features: pd.DataFrame
) -> tuple[FeatureDrift, ...]:
    """Compare a batch with the training rows, one result a feature.

    Without drift, the index is about chi-square with `bins - 1` degrees of freedom, times
    `1 / n_ref + 1 / n` (Yurdakul 2018, "Statistical properties of population stability index";
    the index is to second order the chi-square statistic of two samples). Its mean under no drift
    is `expected`. The limits .1 and .25 hold for an index without noise, so the quantile of the
    noise is added to both, with a Bonferroni correction over the features: in less than 5 % of
    batches without drift any feature warns. In small batches the logarithm makes the tail heavier
    than chi-square's; the quantile is added to .1 rather than put in its place, which covers that.

    Args:
        references: What `reference` returned.
        features: The batch, shape (rows, features).
    """
    return compare_counts(references, [counts(one, features[one.feature]) for one in references])


def compare_counts(
    references: Sequence[FeatureReference], found: Sequence[Floats]
) -> tuple[FeatureDrift, ...]:
    """The same, from the `counts` of each feature: those of several chunks can be added up."""
    alarm = _FALSE_ALARMS / max(len(references), 1)
    return tuple(_compare(one, new, alarm) for one, new in zip(references, found, strict=True))


def _compare(reference: FeatureReference, new: Floats, alarm: float) -> FeatureDrift:
    n = int(new.sum())
    if min(n, reference.n) == 0:
        return FeatureDrift(feature=reference.feature, psi=0, expected=0, level="no_data", n=n)
    old = np.array([*reference.shares, 0.0, reference.missing]) * reference.n
    used = (old > 0) | (new > 0)
    psi = _psi(old[used] / reference.n, new[used] / n, reference.n, n)
    noise, freedom = 1 / reference.n + 1 / n, max(int(used.sum()) - 1, 0)
    allowance = float(stats.chi2.isf(alarm, freedom)) * noise if freedom else 0.0
    level: Level = "ok"
    if min(n, reference.n) < MIN_ROWS:
        level = "no_data"
    elif psi > _WARN + allowance:
        level = "drift" if psi > _DRIFT + allowance else "warn"
    return FeatureDrift(
        feature=reference.feature, psi=psi, expected=freedom * noise, level=level, n=n
    )


def _psi(old: Floats, new: Floats, n_old: int, n_new: int) -> float:
    """Sum of `(new - old) * log(new / old)` over the bins; each term is at least 0.

    An empty bin would make it infinite: it counts as half a student of its side.
    """
    old, new = np.maximum(old, 0.5 / n_old), np.maximum(new, 0.5 / n_new)
    return float(((new - old) * np.log(new / old)).sum())


def _inner_edges(cells: pd.Series, bins: int) -> tuple[float, ...]:
    """Quantiles without ties; a constant has a border on either side, to notice any change."""
    values = cells.dropna().to_numpy(dtype=np.float64)
    if not len(values):
        return ()
    shares = np.arange(1, bins) / bins
    edges = np.unique(np.quantile(values, shares, method="inverted_cdf"))  # values that occur
    if values.min() == values.max():
        edges = np.array([np.nextafter(values[0], -np.inf), values[0]])
    return tuple(edges.tolist())


def counts(reference: FeatureReference, cells: pd.Series) -> Floats:
    """Rows in each bin, then those with an unknown category, then those that are empty."""
    present = cells.dropna()
    if reference.categories:
        places = pd.Index(reference.categories).get_indexer(pd.Index(present.astype("str")))
        size = len(reference.categories)
        places = np.where(places < 0, size, places)
    else:
        places = np.searchsorted(reference.edges, present.to_numpy(dtype=np.float64), side="left")
        size = len(reference.edges) + 1
    counts = np.bincount(places, minlength=size + 1)
    return np.append(counts, len(cells) - len(present)).astype(np.float64)
