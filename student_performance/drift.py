"""Whether new students look like those a model learned from, feature by feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from student_performance.contract import DatasetConfig
from student_performance.significance import chi_square, holm, kolmogorov_smirnov
from student_performance.strict import Strict

Floats = NDArray[np.float64]
Level = Literal["ok", "warn", "drift", "no_data"]

MIN_ROWS = 30
FALSE_ALARMS = 0.05  # of batches without drift in which any feature may be called different
WARN, DRIFT = 0.1, 0.25  # the usual limits of a PSI that is free of sampling noise
_STEPS = 200  # at most, with ten students between two of them


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
        steps: Values of a number between which at least ten students lie; empty for a category,
            and in a report of an earlier release.
        below: Share of the cells that are not empty up to each step.
    """

    feature: str
    edges: tuple[float, ...]
    categories: tuple[str, ...]
    shares: tuple[float, ...]
    missing: float
    n: int
    steps: tuple[float, ...] = ()
    below: tuple[float, ...] = ()


class RiskReference(Strict):
    """The risks that a model gave to the hold-out.

    Attributes:
        distribution: Of the risks.
        mean: Mean of the risks.
    """

    distribution: FeatureReference
    mean: float


class FeatureDrift(Strict):
    """How far a batch is from the reference.

    Attributes:
        feature: Name of the feature.
        psi: Population stability index.
        expected: Mean of the index without drift, by chance alone.
        p: The chance of such a difference without drift, corrected for the number of features.
        missing: Share of empty cells of the batch.
        unknown: Rows of the batch with a category that the contract does not know.
        level: The verdict; `no_data` if either side has fewer than 30 rows.
        n: Rows of the batch.
    """

    feature: str
    psi: float
    expected: float
    p: float = 1.0
    missing: float = 0.0
    unknown: int = 0
    level: Level
    n: int


@dataclass(frozen=True)
class FeatureCounts:
    """What is kept of a feature of a batch; those of several chunks can be added up.

    Attributes:
        bins: Rows in each bin, then those with an unknown category, then those that are empty.
        steps: Rows up to the first step, then between steps, then beyond the last.
    """

    bins: Floats
    steps: Floats

    def __add__(self, other: "FeatureCounts") -> "FeatureCounts":
        return FeatureCounts(self.bins + other.bins, self.steps + other.steps)


def reference(
    features: pd.DataFrame, dataset: DatasetConfig, bins: int = 10
) -> tuple[FeatureReference, ...]:
    """Describe the training rows, so that later batches can be compared without them.

    Args:
        features: Shape (rows, features).
        dataset: The contract; it names the features and their categories.
        bins: Bins of equal share of a number; fewer where its values are tied.
    """
    return tuple(
        describe(features[name], column.categories or (), bins)
        for name, column in dataset.features.items()
    )


def describe(
    cells: pd.Series, categories: tuple[str, ...] = (), bins: int = 10
) -> FeatureReference:
    """The distribution of one feature; its name is that of the series.

    Args:
        cells: Shape (rows,).
        categories: The allowed values; none for a number.
        bins: Bins of equal share of a number; fewer where its values are tied.
    """
    present = int(cells.notna().sum())
    empty = FeatureReference(
        feature=str(cells.name),
        edges=() if categories else _inner_edges(cells, bins),
        categories=categories,
        shares=(),
        missing=0.0,
        n=len(cells),
        steps=() if categories else _inner_edges(cells, max(min(_STEPS, present // 10), 2)),
    )
    # A value outside of the contract is in no bin; it would only come from an unchecked table.
    found = counts(empty, cells)
    shares = found.bins / max(len(cells), 1)
    return empty.model_copy(
        update={
            "shares": tuple(shares[:-2].tolist()),
            "missing": float(shares[-1]),
            "below": tuple(_below(found.steps).tolist()) if empty.steps else (),
        }
    )


def compare(
    references: Sequence[FeatureReference], features: pd.DataFrame
) -> tuple[FeatureDrift, ...]:
    """Compare a batch with the training rows, one result a feature.

    A feature has drifted if it differs by more than chance and by enough to matter. Chance: a
    Kolmogorov-Smirnov test for numbers and a chi-square test for categories and for empty cells,
    with Holm's correction over all of them, so that in at most 5 % of batches without drift any
    feature differs. Enough: the index minus its mean without drift is above .1 or .25; that mean
    is `bins - 1` times `1 / n_ref + 1 / n` (Yurdakul 2018, "Statistical properties of population
    stability index"). In a large batch everything differs by more than chance, and in a small one
    the index is large by chance alone.

    Args:
        references: What `reference` returned.
        features: The batch, shape (rows, features).
    """
    return compare_counts(references, [counts(one, features[one.feature]) for one in references])


def compare_counts(
    references: Sequence[FeatureReference], found: Sequence[FeatureCounts]
) -> tuple[FeatureDrift, ...]:
    """The same, from the `counts` of each feature: those of several chunks can be added up."""
    pairs = list(zip(references, found, strict=True))
    tests = [(place, p) for place, pair in enumerate(pairs) for p in _chances(*pair)]
    smallest = [1.0] * len(pairs)
    for (place, _), p in zip(tests, holm([p for _, p in tests]), strict=True):
        smallest[place] = min(smallest[place], p)
    return tuple(_compare(*pair, p) for pair, p in zip(pairs, smallest, strict=True))


def _chances(reference: FeatureReference, new: FeatureCounts) -> list[float]:
    """P-values of the tests of one feature; one of empty cells only where there are any."""
    n = int(new.bins.sum())
    if min(n, reference.n) < MIN_ROWS:
        return []
    old = _old(reference)
    if not reference.steps:  # a category, or of an earlier release
        return [chi_square(old, new.bins)]
    here, there = n - int(new.bins[-1]), reference.n - round(reference.missing * reference.n)
    now = _below(new.steps)
    tests = [kolmogorov_smirnov(np.array(reference.below), there, now, here)]
    if old[-1] or new.bins[-1]:
        empty = np.array([old[:-1].sum(), old[-1]]), np.array([here, new.bins[-1]])
        tests.append(chi_square(*empty))
    return tests


def _compare(reference: FeatureReference, new: FeatureCounts, p: float) -> FeatureDrift:
    n = int(new.bins.sum())
    if min(n, reference.n) == 0:
        return FeatureDrift(feature=reference.feature, psi=0, expected=0, level="no_data", n=n)
    old = _old(reference)
    used = (old > 0) | (new.bins > 0)
    psi = _psi(old[used] / reference.n, new.bins[used] / n, reference.n, n)
    expected = max(int(used.sum()) - 1, 0) * (1 / reference.n + 1 / n)
    level: Level = "ok"
    if min(n, reference.n) < MIN_ROWS:
        level = "no_data"
    elif p < FALSE_ALARMS and psi - expected > WARN:
        level = "drift" if psi - expected > DRIFT else "warn"
    return FeatureDrift(
        feature=reference.feature, psi=psi, expected=expected, p=p,
        missing=float(new.bins[-1]) / n, unknown=int(new.bins[-2]), level=level, n=n,
    )  # fmt: skip


def _old(reference: FeatureReference) -> Floats:
    return np.array([*reference.shares, 0.0, reference.missing]) * reference.n


def _below(steps: Floats) -> Floats:
    return np.asarray(np.cumsum(steps)[:-1] / max(steps.sum(), 1), np.float64)


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


def counts(reference: FeatureReference, cells: pd.Series) -> FeatureCounts:
    """Rows of a batch in each bin and between the steps of a reference."""
    present = cells.dropna()
    if reference.categories:
        places = pd.Index(reference.categories).get_indexer(pd.Index(present.astype("str")))
        size = len(reference.categories)
        bins = np.bincount(np.where(places < 0, size, places), minlength=size + 1)
        steps = np.zeros(0)
    else:
        values = present.to_numpy(dtype=np.float64)
        bins = np.append(_between(reference.edges, values), 0)
        steps = _between(reference.steps, values)
    return FeatureCounts(np.append(bins, len(cells) - len(present)).astype(np.float64), steps)


def _between(borders: tuple[float, ...], values: Floats) -> Floats:
    places = np.searchsorted(borders, values, side="left")
    return np.bincount(places, minlength=len(borders) + 1).astype(np.float64)
