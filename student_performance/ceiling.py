"""The best that any model can do on simulated rows, since their truth is known exactly."""

import numpy as np
import pandas as pd
from scipy import stats

from student_performance.config import IntervalConfig
from student_performance.contract import DatasetConfig
from student_performance.metrics import (
    Codes,
    Costs,
    Estimate,
    Floats,
    Labels,
    Scores,
    log_losses,
    paired_gain,
    score,
)
from student_performance.simulate import ceilings, posterior
from student_performance.strict import Strict

_CONFIDENCE = 0.9999
_MISFIT = 4.0  # standard errors between expected and observed that chance may explain


class Ceiling(Strict):
    """A model beside the truth on the same rows.

    Attributes:
        scores: What the true risks score on the rows.
        log_loss_excess: Log loss of the model minus that of the truth, row by row.
        accuracy_bound: No honest model has more on so many rows, but once in 10,000 times.
        exceeded: Whether the model has, in accuracy or in log loss: then something leaks.
    """

    scores: Scores
    log_loss_excess: Estimate
    accuracy_bound: float
    exceeded: bool


def ceiling_of(
    test: pd.DataFrame,
    dataset: DatasetConfig,
    p: Floats,
    y: Labels,
    costs: Costs,
    intervals: IntervalConfig,
    students: Codes | None = None,
) -> Ceiling | None:
    """Score the truth on a hold-out.

    Args:
        test: The hold-out; its habits and gender are those of the simulation.
        dataset: The contract, with the world that made the rows.
        p: Risks that the model predicts.
        y: Labels.
        costs: Threshold and costs.
        intervals: Level, resamples and seed.
        students: Codes of repeated students.

    Returns:
        None if no world is known, or if the rows are not from it: then other students pass than it
        says.
    """
    if dataset.world is None or dataset.target.pass_mark is None:
        return None
    eta = posterior(test, dataset.world, dataset.target.pass_mark)
    if not fits(eta, y):
        return None
    truth = log_losses(y, 1.0 - eta)
    accuracy = float(np.mean((p >= costs.threshold) == y))
    bound = accuracy_bound(eta)
    strict = intervals.model_copy(update={"level": 0.999})
    return Ceiling(
        scores=score(y, 1.0 - eta, costs, intervals, students),
        log_loss_excess=paired_gain(truth, log_losses(y, p), intervals, students),
        accuracy_bound=bound,
        exceeded=accuracy > bound
        or paired_gain(truth, log_losses(y, p), strict, students).high < 0,
    )


def fits(eta: Floats, y: Labels) -> bool:
    """Whether the labels follow their exact chances to pass, but for chance.

    As many pass as expected, and the chances are neither too bold nor too timid: Spiegelhalter's
    test of the Brier score (1986, doi:10.1002/sim.4780050506).
    """
    surprise, variance = (1 - y) - eta, eta * (1 - eta)
    return all(
        abs(float(weights @ surprise)) <= _MISFIT * float(np.sqrt(weights**2 @ variance))
        for weights in (np.ones_like(eta), 1 - 2 * eta)
    )


def accuracy_bound(eta: Floats) -> float:
    """Accuracy that a model without a leak exceeds once in 10,000 times on such rows."""
    n = len(eta)
    return float(stats.binom.ppf(_CONFIDENCE, n, ceilings(eta).accuracy)) / n
