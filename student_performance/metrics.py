"""Scores of predicted risks, each with a confidence interval and the number of rows behind it.

Everywhere `y` is 1 for a student at risk and `p` is the predicted chance of that, shape (rows,).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics as sk

from student_performance.config import IntervalConfig, Strict

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

THRESHOLD = 0.5
LABELS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "F1, macro",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss (lower is better)",
    "brier": "Brier score (lower is better)",
}
_CELLS = 4_000_000  # of a resampling matrix held at once: 32 MB


class Estimate(Strict):
    """A score with its confidence interval and the rows it was computed on."""

    value: float
    low: float
    high: float
    n: int

    def text(self, digits: int = 3) -> str:
        """`0.787 [0.769, 0.804]`."""
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


Scores = dict[str, Estimate]


def score(y: Labels, p: Floats, config: IntervalConfig) -> Scores:
    """All scores of one set of predictions.

    The accuracy has a Wilson interval, the others a percentile bootstrap over the rows. A ranking
    score of a sample with one class only is not a number and is left out.
    """
    replicates = _resampled(lambda weights: _weighted_scores(weights, y, p), len(y), config)
    right = int(((p >= THRESHOLD) == y).sum())
    low, high = wilson(right, len(y), config.level)
    scores = {"accuracy": Estimate(value=right / len(y), low=low, high=high, n=len(y))}
    for name, value in _point_scores(y, p).items():
        low, high = _percentiles(replicates[name], config.level)
        scores[name] = Estimate(value=value, low=low, high=high, n=len(y))
    return {name: scores[name] for name in LABELS if name in scores}


def paired_gain(ours: Floats, theirs: Floats, config: IntervalConfig) -> Estimate:
    """Mean of `theirs - ours` over the same rows, with a percentile bootstrap interval.

    Args:
        ours: Loss of each row under one model, shape (rows,).
        theirs: Loss of the same rows under the other model.
        config: Level, resamples and seed.

    Returns:
        A positive estimate if `ours` loses less.
    """
    gain = theirs - ours
    means = _resampled(lambda weights: {"gain": weights @ gain / len(gain)}, len(gain), config)
    low, high = _percentiles(means["gain"], config.level)
    return Estimate(value=float(gain.mean()), low=low, high=high, n=len(gain))


def log_losses(y: Labels, p: Floats) -> Floats:
    """Logarithmic loss of each row, in nats; chances are kept `eps` away from 0 and 1."""
    eps = np.finfo(np.float64).eps
    clipped = np.clip(p, eps, 1 - eps)
    return -np.where(y == 1, np.log(clipped), np.log1p(-clipped))


def errors(y: Labels, p: Floats) -> Floats:
    """1.0 for each row on the wrong side of the threshold."""
    wrong: NDArray[np.bool_] = (p >= THRESHOLD) != y
    return wrong.astype(np.float64)


def wilson(hits: int, n: int, level: float) -> tuple[float, float]:
    """Wilson score interval of a proportion (Wilson 1927, doi:10.2307/2276774)."""
    interval = stats.binomtest(hits, n).proportion_ci(confidence_level=level, method="wilson")
    return float(interval.low), float(interval.high)


def _point_scores(y: Labels, p: Floats) -> dict[str, float]:
    flagged = p >= THRESHOLD
    scores = {
        "log_loss": float(log_losses(y, p).mean()),
        "brier": float(np.mean((p - y) ** 2)),
        "balanced_accuracy": float(
            sk.recall_score(y, flagged, labels=[0, 1], average="macro", zero_division=0)
        ),
        "f1_macro": float(sk.f1_score(y, flagged, labels=[0, 1], average="macro", zero_division=0)),
    }
    if 0 < y.sum() < len(y):
        scores["roc_auc"] = float(sk.roc_auc_score(y, p))
        scores["average_precision"] = float(sk.average_precision_score(y, p))
    return scores


def _weighted_scores(weights: Floats, y: Labels, p: Floats) -> dict[str, Floats]:
    """The same scores for many weightings at once; `weights` has shape (draws, rows)."""
    n = weights.shape[1]
    flagged = p >= THRESHOLD
    tp, fn = weights @ (flagged & (y == 1)), weights @ (~flagged & (y == 1))
    fp, tn = weights @ (flagged & (y == 0)), weights @ (~flagged & (y == 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        ranking = _weighted_ranking(weights, y, p)
        recalls = np.nan_to_num([tp / (tp + fn), tn / (tn + fp)])
        f1 = np.nan_to_num([2 * tp / (2 * tp + fp + fn), 2 * tn / (2 * tn + fp + fn)])
    return {
        "log_loss": weights @ log_losses(y, p) / n,
        "brier": weights @ (p - y) ** 2 / n,
        "balanced_accuracy": recalls.mean(axis=0),
        "f1_macro": f1.mean(axis=0),
        **ranking,
    }


def _weighted_ranking(weights: Floats, y: Labels, p: Floats) -> dict[str, Floats]:
    """ROC AUC and average precision with ties, from sums over the distinct predictions."""
    order = np.argsort(-p, kind="stable")
    starts = np.flatnonzero(np.diff(p[order], prepend=np.inf))
    positives = np.add.reduceat(weights[:, order] * (y[order] == 1), starts, axis=1)
    negatives = np.add.reduceat(weights[:, order] * (y[order] == 0), starts, axis=1)
    tp, fp = positives.cumsum(axis=1), negatives.cumsum(axis=1)
    below = fp[:, -1:] - fp + negatives / 2
    precision = np.nan_to_num(tp / (tp + fp))
    return {
        "roc_auc": (positives * below).sum(axis=1) / (tp[:, -1] * fp[:, -1]),
        "average_precision": (positives * precision).sum(axis=1) / tp[:, -1],
    }


def _resampled(
    statistic: Callable[[Floats], dict[str, Floats]], rows: int, config: IntervalConfig
) -> dict[str, Floats]:
    """Bootstrap replicates of a statistic of row weights, a block at a time to bound memory."""
    rng = np.random.default_rng(config.seed)
    block = max(1, _CELLS // rows)
    parts = []
    for start in range(0, config.resamples, block):
        draws = min(block, config.resamples - start)
        picked = rng.integers(rows, size=(draws, rows)) + rows * np.arange(draws)[:, None]
        weights = np.bincount(picked.ravel(), minlength=draws * rows).reshape(draws, rows)
        parts.append(statistic(weights.astype(np.float64)))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _percentiles(replicates: Floats, level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    low, high = np.nanquantile(replicates, [tail, 1 - tail])
    return float(low), float(high)
