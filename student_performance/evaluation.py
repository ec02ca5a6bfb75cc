"""The one look at the hold-out: scores with intervals, the baseline beside them, and the curves."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics as sk

from student_performance.config import DatasetConfig, IntervalConfig, Strict
from student_performance.dataset import AT_RISK, features_of
from student_performance.metrics import (
    THRESHOLD,
    Estimate,
    Floats,
    Labels,
    Scores,
    errors,
    log_losses,
    paired_gain,
    score,
)
from student_performance.models import risk
from student_performance.training import Comparison

_CURVE_POINTS = 101
_BINS = 10


class CurvePoint(Strict):
    """A point of the ROC curve: among students who pass and who are at risk, the share flagged."""

    false_positive_rate: float
    true_positive_rate: float


class ReliabilityBin(Strict):
    """Students with similar predictions: what was predicted on average, and what came true."""

    predicted: float
    observed: float
    n: int


class Confusion(Strict):
    """Counts of the hold-out at the threshold."""

    flagged_at_risk: int
    flagged_passing: int
    missed_at_risk: int
    cleared_passing: int


class EvaluationReport(Strict):
    """Everything that is known about a model before it may serve.

    Attributes:
        dataset: Name of the data set.
        candidate: Name of the chosen candidate.
        comparison: The cross-validation that chose it.
        n_test: Rows of the hold-out.
        prevalence: Share of the hold-out at risk.
        threshold: A student is flagged from this risk on.
        scores: The model on the hold-out.
        baseline: The majority baseline, with the training prevalence, on the same rows.
        log_loss_gain: Log loss of the baseline minus that of the model, row by row.
        accuracy_gain: Accuracy of the model minus that of the baseline, row by row.
        roc: ROC curve.
        reliability: Predicted against observed risk.
        confusion: Counts at the threshold.
        problems: Why the hold-out cannot judge a model; empty if it can.
    """

    dataset: str
    candidate: str
    comparison: Comparison
    n_test: int
    prevalence: float
    threshold: float
    scores: Scores
    baseline: Scores
    log_loss_gain: Estimate
    accuracy_gain: Estimate
    roc: tuple[CurvePoint, ...]
    reliability: tuple[ReliabilityBin, ...]
    confusion: Confusion
    problems: tuple[str, ...]


def evaluate(
    model: Any,
    test: pd.DataFrame,
    dataset: DatasetConfig,
    comparison: Comparison,
    intervals: IntervalConfig,
) -> EvaluationReport:
    """Score a fitted model once on rows that neither it nor its choice has seen."""
    y: Labels = test[AT_RISK].to_numpy(copy=True)
    p = risk(model, features_of(test, dataset))
    naive = np.full(len(y), comparison.prevalence)
    return EvaluationReport(
        dataset=dataset.name,
        candidate=comparison.chosen,
        comparison=comparison,
        n_test=len(y),
        prevalence=float(y.mean()),
        threshold=THRESHOLD,
        scores=score(y, p, intervals),
        baseline=score(y, naive, intervals),
        log_loss_gain=paired_gain(log_losses(y, p), log_losses(y, naive), intervals),
        accuracy_gain=paired_gain(errors(y, p), errors(y, naive), intervals),
        roc=_roc(y, p),
        reliability=_reliability(y, p),
        confusion=_confusion(y, p),
        problems=_problems(y),
    )


def _problems(y: Labels) -> tuple[str, ...]:
    if 0 < y.sum() < len(y):
        return ()
    everyone = "at risk" if y.all() else "passing"
    return (f"every student of the hold-out is {everyone}, so no ranking can be judged",)


def _roc(y: Labels, p: Floats) -> tuple[CurvePoint, ...]:
    if _problems(y):
        return ()
    fpr, tpr, _ = sk.roc_curve(y, p)
    grid = np.unique(np.linspace(0, len(fpr) - 1, _CURVE_POINTS).round().astype(int))
    return tuple(
        CurvePoint(false_positive_rate=float(fpr[i]), true_positive_rate=float(tpr[i]))
        for i in grid
    )


def _reliability(y: Labels, p: Floats) -> tuple[ReliabilityBin, ...]:
    """Bins of equal width over [0, 1]; empty bins are left out."""
    bins = np.minimum((p * _BINS).astype(int), _BINS - 1)
    return tuple(
        ReliabilityBin(
            predicted=float(p[bins == b].mean()),
            observed=float(y[bins == b].mean()),
            n=int((bins == b).sum()),
        )
        for b in np.unique(bins)
    )


def _confusion(y: Labels, p: Floats) -> Confusion:
    (tn, fp), (fn, tp) = sk.confusion_matrix(y, p >= THRESHOLD, labels=[0, 1])
    return Confusion(
        flagged_at_risk=int(tp),
        flagged_passing=int(fp),
        missed_at_risk=int(fn),
        cleared_passing=int(tn),
    )
