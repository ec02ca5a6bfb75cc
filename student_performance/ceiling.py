"""The best that any model can do on simulated rows, since their truth is known exactly."""

import numpy as np
import pandas as pd
from scipy import stats

from student_performance.contract import DatasetConfig
from student_performance.metrics import Bootstrapped, Estimate, Labels, Scores
from student_performance.resampling import Floats
from student_performance.simulate import ceilings, posterior
from student_performance.strict import Strict

_CONFIDENCE = 0.9999
_STRICT = 0.999  # level at which a lower log loss than that of the truth is no chance
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


def true_risks(test: pd.DataFrame, dataset: DatasetConfig, y: Labels) -> Floats | None:
    """The exact chance of each student to be at risk, shape (rows,).

    Args:
        test: The hold-out; its habits and gender are those of the simulation.
        dataset: The contract, with the world that made the rows.
        y: Labels.

    Returns:
        None if no world is known, or if the rows are not from it: then other students pass than it
        says.
    """
    if dataset.world is None or dataset.target.pass_mark is None:
        return None
    eta = posterior(test, dataset.world, dataset.target.pass_mark)
    return 1.0 - eta if fits(eta, y) else None


def ceiling_of(risks: Floats, truth: Bootstrapped, model: Bootstrapped, level: float) -> Ceiling:
    """Hold a model against the truth.

    Args:
        risks: The exact chances.
        truth: What they score.
        model: What the model scores on the same rows.
        level: Confidence level of the intervals.
    """
    bound = accuracy_bound(1.0 - risks)
    return Ceiling(
        scores=truth.scores(level),
        log_loss_excess=truth.gain_over(model, "log_loss", level),
        accuracy_bound=bound,
        exceeded=model.values["accuracy"] > bound
        or truth.gain_over(model, "log_loss", _STRICT).high < 0,
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
