"""Logistic regression from sums over parts: Newton's method on the objective of scikit-learn."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from student_performance.parts.sums import Floats, Slopes

_MOST_PASSES = 50
_PRECISE = 1e-9  # of the objective that a further pass would gain


@dataclass(frozen=True)
class Solution:
    """Weights of the models, the intercept last, and the passes over the parts that they took."""

    weights: Floats
    passes: int


def solve(sums: Callable[[Floats, int], Slopes], models: int, columns: int, c: float) -> Solution:
    """Minimise `c * log loss + |w|² / 2` for several models at once; the intercept is free.

    It is the objective of scikit-learn's `LogisticRegression`, which is convex and has one minimum,
    so that any method finds the same. Newton's needs few passes (Hastie, Tibshirani and Friedman
    2009, section 4.4.1); a step that goes too far is halved.

    Args:
        sums: Derivatives of the log loss at some weights, of shape (models, columns + 1); the
            second argument is the number of the pass.
        models: Their number.
        columns: Number of the features' columns.
        c: Inverse strength of the penalty.
    """
    penalty = np.append(np.ones(columns), 0.0)
    weights = np.zeros((models, columns + 1))
    best = np.full(models, np.inf)
    step = np.zeros_like(weights)
    for number in range(1, _MOST_PASSES + 1):
        found = sums(weights + step, number)
        tried = weights + step
        value = c * found.loss + (penalty * tried**2).sum(axis=1) / 2
        worse = value > best
        weights = np.where(worse[:, None], weights, tried)
        best = np.where(worse, best, value)
        gradient = c * found.gradient + penalty * tried
        curvature = c * found.curvature + np.diag(penalty)
        curvature[worse] = np.eye(columns + 1)  # there, every risk may be 0 or 1 and nothing bends
        newton = -np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        gain = -(gradient * newton).sum(axis=1) / 2  # what the next step promises
        step = np.where(worse[:, None], step / 2, newton)
        if not worse.any() and (gain <= _PRECISE * np.maximum(1.0, np.abs(best))).all():
            break
    return Solution(weights + step, number)
