"""Curves and tables behind the scores: over thresholds, over risks, and at one threshold."""

import numpy as np
from sklearn import metrics as sk

from student_performance.metrics import Labels, bins_of, wilson
from student_performance.resampling import Floats
from student_performance.strict import Strict

_CURVE_POINTS = 101
_SMALLEST_GROUP = 10  # smaller groups of students are not shown


class CurvePoint(Strict):
    """A point of the ROC curve: among students who pass and who are at risk, the share flagged."""

    false_positive_rate: float
    true_positive_rate: float


class PrecisionPoint(Strict):
    """A point of the precision-recall curve.

    Attributes:
        recall: Share of the students at risk who are flagged.
        precision: Share of the flagged students who are at risk.
        threshold: Risk from which on they are flagged.
    """

    recall: float
    precision: float
    threshold: float


class ReliabilityBin(Strict):
    """Students with similar predictions: what was predicted on average, and what came true.

    Attributes:
        predicted: Mean predicted risk.
        observed: Share that did not pass.
        low: Lower end of the Wilson interval of `observed`.
        high: Upper end.
        n: Students.
    """

    predicted: float
    observed: float
    low: float
    high: float
    n: int


class Confusion(Strict):
    """Counts of the hold-out at the threshold."""

    flagged_at_risk: int
    flagged_passing: int
    missed_at_risk: int
    cleared_passing: int


class OperatingPoint(Strict):
    """What flagging from a risk on would mean for the hold-out."""

    threshold: float
    counts: Confusion


def operating(y: Labels, p: Floats) -> tuple[OperatingPoint, ...]:
    """Counts for every threshold of whole percents between 0 and 1."""
    thresholds = [percent / 100 for percent in range(1, 100)]
    return tuple(OperatingPoint(threshold=t, counts=confusion(y, p, t)) for t in thresholds)


def roc(y: Labels, p: Floats) -> tuple[CurvePoint, ...]:
    """The ROC curve, thinned; empty where one class is missing."""
    if not 0 < y.sum() < len(y):
        return ()
    fpr, tpr, _ = sk.roc_curve(y, p)
    return tuple(
        CurvePoint(false_positive_rate=float(fpr[i]), true_positive_rate=float(tpr[i]))
        for i in _thinned(len(fpr))
    )


def precision_recall(y: Labels, p: Floats) -> tuple[PrecisionPoint, ...]:
    """The precision-recall curve, thinned; empty where one class is missing."""
    if not 0 < y.sum() < len(y):
        return ()
    precision, recall, thresholds = sk.precision_recall_curve(y, p)
    return tuple(
        PrecisionPoint(
            recall=float(recall[i]), precision=float(precision[i]), threshold=float(thresholds[i])
        )
        for i in _thinned(len(thresholds))
    )


def reliability(y: Labels, p: Floats, level: float) -> tuple[ReliabilityBin, ...]:
    """Bins of equal width over [0, 1]; those with fewer than 10 students are left out."""
    bins = bins_of(p)
    found = []
    for b in np.unique(bins):
        inside = bins == b
        n, hits = int(inside.sum()), int(y[inside].sum())
        if n < _SMALLEST_GROUP:
            continue
        low, high = wilson(hits, n, level)
        predicted = float(p[inside].mean())
        found.append(
            ReliabilityBin(predicted=predicted, observed=hits / n, low=low, high=high, n=n)
        )
    return tuple(found)


def confusion(y: Labels, p: Floats, threshold: float) -> Confusion:
    """Counts at a threshold."""
    at_risk, flagged = y == 1, p >= threshold
    return Confusion(
        flagged_at_risk=int(np.count_nonzero(at_risk & flagged)),
        flagged_passing=int(np.count_nonzero(~at_risk & flagged)),
        missed_at_risk=int(np.count_nonzero(at_risk & ~flagged)),
        cleared_passing=int(np.count_nonzero(~at_risk & ~flagged)),
    )


def _thinned(points: int) -> list[int]:
    grid = np.linspace(0, points - 1, _CURVE_POINTS).round().astype(int)
    return [int(i) for i in np.unique(grid)]
