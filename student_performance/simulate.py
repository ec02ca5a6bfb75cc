"""Simulated students with a known truth: the chance to pass is exact, so the best score is known.

The study habits come from a Gaussian copula, the test score from a saturating effect of hours and
linear effects of attendance and assignments, plus normal noise that is independent of the *rounded*
habits. Therefore `P(pass | habits)` is a normal probability and no model can beat it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from student_performance.world import World

Floats = NDArray[np.float64]

PASS_MARK = 60.0
_ASSIGNMENTS = 10
_CORRELATION = np.array([[1.0, 0.60, 0.35], [0.60, 1.0, 0.45], [0.35, 0.45, 1.0]])


@dataclass(frozen=True)
class Ceilings:
    """The best that any model can reach in expectation, and the share of students who pass."""

    prevalence: float
    accuracy: float
    roc_auc: float
    brier: float
    log_loss: float


def simulate(students: int = 10_000, seed: int = 20, world: World | None = None) -> pd.DataFrame:
    """Make students in the six columns.

    Only raw generator bits (stable by NumPy's promise) and smooth functions are used, and every
    value is rounded far from a tie, so the table is the same bytes on every platform.

    Args:
        students: Number of rows.
        seed: Seed of the bit generator.
        world: The process; the default is the fair world of the documentation.

    Returns:
        A frame of shape (students, 6); identifiers are a random permutation without information.
    """
    world = world or World()
    uniform = _uniforms(6, students, seed)
    male = uniform[3] >= 0.5
    z = np.linalg.cholesky(_CORRELATION) @ special.ndtri(uniform[:3])
    z = z + world.gender_covariates * (male - 0.5)
    hours = np.round(np.clip(world.hours_median * np.exp(0.45 * z[0]), 0.5, 40.0), 1)
    attendance = np.round(100.0 * special.expit(world.attendance_location + 0.9 * z[1]), 1)
    steps = stats.betabinom.cdf(np.arange(_ASSIGNMENTS), _ASSIGNMENTS, 4.5, 1.8)
    frame = pd.DataFrame(
        {
            "student_id": [f"S{number:05d}" for number in np.argsort(uniform[5]) + 1],
            "gender": np.where(male, "Male", "Female"),
            "hours_studied": hours,
            "attendance_percent": attendance,
            "assignments_completed": np.searchsorted(steps, special.ndtr(z[2])),
        }
    )
    score = expected_score(frame, world) + world.noise * special.ndtri(uniform[4])
    return frame.assign(test_score=np.clip(np.round(score, 1), 0.0, 100.0))


def expected_score(frame: pd.DataFrame, world: World | None = None) -> Floats:
    """Mean test score in points, given a student's habits. Shape (rows,)."""
    world = world or World()
    return np.asarray(
        world.base
        + world.hours_effect * (1.0 - np.exp(-frame["hours_studied"] / 7.0))
        + world.attendance_effect * frame["attendance_percent"]
        + world.assignment_effect * frame["assignments_completed"]
        + world.gender_effect * (frame["gender"] == "Male"),
        dtype=np.float64,
    )


def posterior(
    frame: pd.DataFrame, world: World | None = None, pass_mark: float = PASS_MARK
) -> Floats:
    """The exact `P(pass | habits)`, shape (rows,); scores are rounded, so 59.95 is the border."""
    world = world or World()
    border = pass_mark - 0.05
    return np.asarray(special.ndtr((expected_score(frame, world) - border) / world.noise))


def ceilings(eta: Floats) -> Ceilings:
    """Expected scores of the Bayes classifier on students with pass chances `eta`.

    Args:
        eta: Exact chances to pass, shape (rows,).

    Returns:
        Means of `max(eta, 1 - eta)`, of the Brier and logarithmic losses, and the AUC of the
        ranking by `eta`, in which student i passes with chance `eta[i]`.
    """
    ranked = np.sort(eta)
    fails_below = np.concatenate([[0.0], np.cumsum(1.0 - ranked)[:-1]])
    pairs = ranked.sum() * (1.0 - ranked).sum() - float(ranked @ (1.0 - ranked))
    return Ceilings(
        prevalence=float(eta.mean()),
        accuracy=float(np.maximum(eta, 1.0 - eta).mean()),
        roc_auc=float(ranked @ fails_below / pairs),
        brier=float((eta * (1.0 - eta)).mean()),
        log_loss=float((special.entr(eta) + special.entr(1.0 - eta)).mean()),
    )


def to_csv(frame: pd.DataFrame) -> bytes:
    """The table as CSV bytes: UTF-8, one decimal, line feeds."""
    return frame.to_csv(index=False, float_format="%.1f", lineterminator="\n").encode()


def _uniforms(rows: int, columns: int, seed: int) -> Floats:
    """Uniform numbers in (0, 1) from the 53 high bits of PCG64, shape (rows, columns)."""
    raw = np.random.PCG64(seed).random_raw(rows * columns)
    return np.asarray(((raw >> np.uint64(11)) + 0.5).reshape(rows, columns) * 2.0**-53, np.float64)
