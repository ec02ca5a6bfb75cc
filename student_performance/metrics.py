"""Scores of predicted risks, each with a confidence interval and the number of rows behind it.

Everywhere `y` is 1 for a student at risk and `p` is the predicted chance of that, shape (rows,).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics as sk

from student_performance.config import IntervalConfig
from student_performance.resampling import Codes, Floats, Statistic, percentiles, resampled
from student_performance.strict import Strict

Labels = NDArray[np.int8]

LABELS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "F1, macro",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss (lower is better)",
    "brier": "Brier score (lower is better)",
    "calibration_error": "calibration error (lower is better)",
    "cost": "cost per student (lower is better)",
}
BINS = 10  # of equal width, for the reliability table and the calibration error


class Estimate(Strict):
    """A score with its confidence interval and the rows it was computed on."""

    value: float
    low: float
    high: float
    n: int

    def text(self, digits: int = 3) -> str:
        """`0.787 [0.769, 0.804]`, without a minus before zeros."""
        value, low, high = (round(v, digits) + 0.0 for v in (self.value, self.low, self.high))
        return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


Scores = dict[str, Estimate]


@dataclass(frozen=True)
class Costs:
    """When a student is flagged, and what it costs to be wrong.

    Attributes:
        threshold: A student is flagged from this risk on.
        missed: Cost of not flagging a student at risk.
        false_alarm: Cost of flagging a student who passes.
    """

    threshold: float = 0.5
    missed: float = 1.0
    false_alarm: float = 1.0


@dataclass(frozen=True)
class Bootstrapped:
    """What predictions score on rows, and in every resample of these.

    Attributes:
        values: By name of the score.
        replicates: The same in each resample, shape (resamples,).
        rows: Number of rows.
        independent: Whether each row is another student.
    """

    values: dict[str, float]
    replicates: dict[str, Floats]
    rows: int
    independent: bool

    def scores(self, level: float) -> Scores:
        """Each score with its interval."""
        return {name: self._estimate(name, level) for name in LABELS if name in self.values}

    def gain_over(self, other: "Bootstrapped", loss: str, level: float) -> Estimate:
        """How much less these predictions lose than others of the same call, with its interval.

        `loss` is the name of a score of which less is better.
        """
        gains = other.replicates[loss] - self.replicates[loss]
        low, high = percentiles(gains, level)
        value = other.values[loss] - self.values[loss]
        return Estimate(value=value, low=low, high=high, n=self.rows)

    def _estimate(self, name: str, level: float) -> Estimate:
        value, replicates = self.values[name], self.replicates[name]
        low, high = percentiles(replicates, level)
        if name == "calibration_error":  # resampling adds noise to every bin, and so to their sum
            bias = float(replicates.mean()) - value
            low, high = max(0.0, low - bias), high - bias
        if name == "accuracy" and self.independent:
            low, high = wilson(round(value * self.rows), self.rows, level)
        return Estimate(value=value, low=low, high=high, n=self.rows)


def bootstrap(
    y: Labels,
    predictions: Mapping[str, Floats],
    costs: Costs,
    config: IntervalConfig,
    students: Codes | None = None,
) -> dict[str, Bootstrapped]:
    """Score several predictions of the same rows, each in the same resamples.

    Args:
        y: Labels.
        predictions: Predicted chances by name.
        costs: Threshold and costs.
        config: Resamples and seed.
        students: Code of the student behind each row, from 0; None if each row is another one.
    """
    statistics = {name: _weighted_scores(y, p, costs) for name, p in predictions.items()}

    def scores(weights: Floats) -> dict[tuple[str, str], Floats]:
        return {
            (name, key): values
            for name, statistic in statistics.items()
            for key, values in statistic(weights).items()
        }

    replicates = resampled(scores, len(y), config, students)
    return {
        name: Bootstrapped(
            values=_point_scores(y, p, costs),
            replicates={
                key: values for (whose, key), values in replicates.items() if whose == name
            },
            rows=len(y),
            independent=students is None,
        )
        for name, p in predictions.items()
    }


def score(
    y: Labels, p: Floats, costs: Costs, config: IntervalConfig, students: Codes | None = None
) -> Scores:
    """All scores of one set of predictions.

    The accuracy has a Wilson interval, the others a percentile bootstrap over the rows. Where a
    student has several rows, all intervals are bootstraps over the students. A ranking score of a
    sample with one class only is not a number and is left out.

    Args:
        y: Labels.
        p: Predicted chances.
        costs: Threshold and costs.
        config: Level, resamples and seed.
        students: Code of the student behind each row, from 0; None if each row is another one.
    """
    return bootstrap(y, {"p": p}, costs, config, students)["p"].scores(config.level)


def paired_gain(
    ours: Floats, theirs: Floats, config: IntervalConfig, students: Codes | None = None
) -> Estimate:
    """Mean of `theirs - ours` over the same rows, with a percentile bootstrap interval.

    Args:
        ours: Loss of each row under one model, shape (rows,).
        theirs: Loss of the same rows under the other model.
        config: Level, resamples and seed.
        students: Code of the student behind each row, from 0; None if each row is another one.

    Returns:
        A positive estimate if `ours` loses less.
    """
    gain = theirs - ours
    means = resampled(
        lambda weights: {"gain": weights @ gain / weights.sum(axis=1)}, len(gain), config, students
    )
    low, high = percentiles(means["gain"], config.level)
    return Estimate(value=float(gain.mean()), low=low, high=high, n=len(gain))


def log_losses(y: Labels, p: Floats) -> Floats:
    """Logarithmic loss of each row, in nats; chances are kept `eps` away from 0 and 1."""
    eps = np.finfo(np.float64).eps
    clipped = np.clip(p, eps, 1 - eps)
    return -np.where(y == 1, np.log(clipped), np.log1p(-clipped))


def cost_of(y: Labels, p: Floats, costs: Costs) -> Floats:
    """Cost of each row on the wrong side of the threshold, else 0."""
    flagged = p >= costs.threshold
    cost: Floats = np.where(flagged, costs.false_alarm * (y == 0), costs.missed * (y == 1))
    return cost


def bins_of(p: Floats) -> Codes:
    """The bin of each prediction, from 0 to `BINS - 1`."""
    return np.minimum((p * BINS).astype(np.int64), BINS - 1)


def wilson(hits: int, n: int, level: float) -> tuple[float, float]:
    """Wilson score interval of a proportion (Wilson 1927, doi:10.2307/2276774)."""
    interval = stats.binomtest(hits, n).proportion_ci(confidence_level=level, method="wilson")
    return float(interval.low), float(interval.high)


def _point_scores(y: Labels, p: Floats, costs: Costs) -> dict[str, float]:
    flagged = p >= costs.threshold
    off = np.bincount(bins_of(p), weights=y - p)
    scores = {
        "accuracy": float(np.mean(flagged == y)),
        "log_loss": float(log_losses(y, p).mean()),
        "brier": float(np.mean((p - y) ** 2)),
        "calibration_error": float(np.abs(off).sum() / len(y)),
        "cost": float(cost_of(y, p, costs).mean()),
        "balanced_accuracy": float(
            sk.recall_score(y, flagged, labels=[0, 1], average="macro", zero_division=0)
        ),
        "f1_macro": float(sk.f1_score(y, flagged, labels=[0, 1], average="macro", zero_division=0)),
    }
    if 0 < y.sum() < len(y):
        scores["roc_auc"] = float(sk.roc_auc_score(y, p))
        scores["average_precision"] = float(sk.average_precision_score(y, p))
    return scores


def _weighted_scores(y: Labels, p: Floats, costs: Costs) -> Statistic[str]:
    """The same scores for many weightings of the rows at once."""
    flagged, at_risk = p >= costs.threshold, y == 1
    decided = flagged & at_risk, ~flagged & at_risk, flagged & ~at_risk, ~flagged & ~at_risk
    bins = bins_of(p)
    off = (y - p)[:, None] * (bins[:, None] == np.unique(bins))
    columns = np.column_stack([*decided, log_losses(y, p), (p - y) ** 2, off])
    ranking = _weighted_ranking(y, p)

    def scores(weights: Floats) -> dict[str, Floats]:
        # One product, so that the weights are read once.
        sums, sums_of_bins = np.hsplit(weights @ columns, [6])
        n = weights.sum(axis=1)
        tp, fn, fp, tn, losses, squares = sums.T
        with np.errstate(invalid="ignore", divide="ignore"):
            ranks = ranking(weights)
            recalls = np.nan_to_num([tp / (tp + fn), tn / (tn + fp)])
            f1 = np.nan_to_num([2 * tp / (2 * tp + fp + fn), 2 * tn / (2 * tn + fp + fn)])
        return {
            "accuracy": (tp + tn) / n,
            "log_loss": losses / n,
            "brier": squares / n,
            "calibration_error": np.abs(sums_of_bins).sum(axis=1) / n,
            "cost": (costs.missed * fn + costs.false_alarm * fp) / n,
            "balanced_accuracy": recalls.mean(axis=0),
            "f1_macro": f1.mean(axis=0),
            **ranks,
        }

    return scores


def _weighted_ranking(y: Labels, p: Floats) -> Statistic[str]:
    """ROC AUC and average precision with ties, from sums over those who rank above each other.

    The weights are whole numbers.
    """
    order = np.argsort(-p, kind="stable")
    at_risk, passing = order[y[order] == 1], order[y[order] == 0]
    chances, others = -p[at_risk], -p[passing]
    higher = np.searchsorted(others, chances, side="left")  # so many who pass rank above each
    not_lower = np.searchsorted(others, chances, side="right")
    at_risk_not_lower = np.searchsorted(chances, chances, side="right")

    def scores(weights: Floats) -> dict[str, Floats]:
        positives = weights[:, at_risk]
        tp, fp = _running(positives), _running(weights[:, passing])
        false_alarms, hits = fp.take(not_lower, axis=1), tp.take(at_risk_not_lower, axis=1)
        below = fp[:, -1:] - (fp.take(higher, axis=1) + false_alarms) / 2
        precision = hits / np.maximum(hits + false_alarms, 1)  # nobody drawn: no hits
        return {
            "roc_auc": (positives * below).sum(axis=1) / (tp[:, -1] * fp[:, -1]),
            "average_precision": (positives * precision).sum(axis=1) / tp[:, -1],
        }

    return scores


def _running(weights: Floats) -> Floats:
    """Sums of the first 0, 1, 2, ... columns, shape (draws, columns + 1)."""
    sums = np.zeros((len(weights), weights.shape[1] + 1))
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums
