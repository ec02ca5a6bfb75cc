"""Passes over the encoded parts of a table: from sums to what a model and its scores need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from student_performance.parts import sums
from student_performance.parts.encoding import Encoder, Scale
from student_performance.parts.newton import Solution, solve
from student_performance.parts.sums import BINS, Checked, Floats, Moments, Plan, Slopes
from student_performance.training import FoldScores


class Adds(Protocol):
    """Whoever adds up what a function returns for each part."""

    def total(
        self, what: str, function: Callable[..., Any], parts: Sequence[Any], *same: Any
    ) -> Any:
        """The sum."""


@dataclass(frozen=True)
class Passes:
    """The passes over the parts, each of which brings back sums of the size of a model.

    Attributes:
        crew: Who makes them.
        parts: The encoded rows, where they are.
        plan: The models.
        encoder: What encoded the rows.
    """

    crew: Adds
    parts: Sequence[Any]
    plan: Plan
    encoder: Encoder

    def scales(self) -> tuple[list[Scale], Moments]:
        """What preprocessing learns, for each model; and the sums behind it."""
        found: Moments = self._total("train: means", sums.moments)
        fill = self._medians(found)
        return [
            _scale(found, model, fill[model], self.encoder) for model in range(self.plan.models)
        ], found

    def _medians(self, found: Moments) -> Floats:
        """Medians of the columns that may be empty, to a 16-millionth of their range."""
        encoder = self.encoder
        fill = np.zeros((self.plan.models, encoder.numbers))
        columns = encoder.nullable
        if not len(columns):
            return fill
        empty = found.first[:, encoder.columns : encoder.columns + len(columns)]
        present = found.rows[:, None] - empty
        limits = self._total("train: ranges", sums.ranges, columns)
        low = np.broadcast_to(limits.low, present.shape)
        high = np.broadcast_to(limits.high, present.shape)
        for _ in range(2):
            counted = self._total("train: medians", sums.counted, low, high, columns).cells
            low, high = _windows(counted, present, low, high)
        fill[:, columns] = (low + high) / 2
        return fill

    def solved(self, scales: list[Scale], c: float) -> Solution:
        """The weights of all models; of the scaled columns, the intercept last."""
        scaling = np.array([self.encoder.scaling(scale) for scale in scales])
        turned = scaling.transpose(0, 2, 1)

        def slopes(weights: Floats, number: int) -> Slopes:
            what = f"train: pass {number} over the rows"
            found: Slopes = self._total(what, sums.slopes, _apply(scaling, weights))
            curvature = turned @ found.curvature @ scaling
            return Slopes(found.loss, _apply(turned, found.gradient), curvature)

        return solve(slopes, self.plan.models, self.encoder.columns, c)

    def scores(self, scales: list[Scale], solution: Solution) -> FoldScores:
        """Log loss, accuracy and ROC AUC of each model in its fold."""
        scaling = np.array([self.encoder.scaling(scale) for scale in scales])
        weights = _apply(scaling, solution.weights)
        found: Checked = self._total("train: scores", sums.checked, weights)
        return {
            "log_loss": found.loss / found.rows,
            "accuracy": found.hits / found.rows,
            "roc_auc": areas(found.positives, found.negatives),
        }

    def _total(self, what: str, function: Callable[..., Any], *same: Any) -> Any:
        return self.crew.total(what, function, self.parts, self.plan, *same)


def naive(found: Moments, plan: Plan) -> FoldScores:
    """The same risk for everybody in each fold, that of the rows outside of it."""
    rows, hits = found.rows[:-1], found.positives[:-1]
    n, at_risk = found.rows[-1] - rows, found.positives[-1] - hits
    p = hits / rows
    return {
        "log_loss": -(at_risk * np.log(p) + (n - at_risk) * np.log1p(-p)) / n,
        "accuracy": np.where(p >= 0.5, at_risk, n - at_risk) / n,
        "roc_auc": np.full(plan.models - 1, 0.5),
    }


def areas(positives: NDArray[np.int64], negatives: NDArray[np.int64]) -> Floats:
    """Areas under ROC curves from counts by risk; pairs within a bin count half."""
    above = positives.sum(axis=1, keepdims=True) - positives.cumsum(axis=1)
    pairs = (negatives * (above + positives / 2)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        area: Floats = pairs / (positives.sum(axis=1) * negatives.sum(axis=1))
    return area


def _apply(matrices: Floats, vectors: Floats) -> Floats:
    """A matrix times a vector for each model."""
    product: Floats = (matrices @ vectors[:, :, None])[:, :, 0]
    return product


def _scale(found: Moments, model: int, fill: Floats, encoder: Encoder) -> Scale:
    """Mean and variance of the filled cells, as `StandardScaler` has them.

    Args:
        found: The sums.
        model: Which model.
        fill: Medians in the units of the encoder.
        encoder: What encoded the rows.
    """
    rows, numbers = found.rows[model], encoder.numbers
    empty = np.zeros(numbers)
    places = slice(encoder.columns, encoder.columns + len(encoder.nullable))
    empty[encoder.nullable] = found.first[model, places]
    mean = (found.first[model, :numbers] + empty * fill) / rows
    square = (found.second[model, :numbers] + empty * fill**2) / rows
    variance = np.maximum(square - mean**2, 0.0) * encoder.unit**2
    level = np.abs(encoder.centre) + encoder.unit
    constant = variance <= (10 * np.finfo(np.float64).eps * level) ** 2
    return Scale(
        fill=encoder.centre + fill * encoder.unit,
        mean=encoder.centre + mean * encoder.unit,
        variance=variance,
        deviation=np.where(constant, 1.0, np.sqrt(variance)),
        rows=int(rows),
    )


def _windows(
    counted: NDArray[np.int64], present: Floats, low: Floats, high: Floats
) -> tuple[Floats, Floats]:
    """The bin that holds the median of each model and column."""
    below = counted.cumsum(axis=2)
    place = (below[:, :, :-1] * 2 < present[:, :, None]).sum(axis=2) - 1
    place = np.clip(place, 0, BINS - 1)
    width = (high - low) / BINS
    return low + place * width, low + (place + 1) * width
