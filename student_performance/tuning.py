"""What the validation part is for: calibration, if it helps, and the threshold."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from student_performance.config import (
    Capacity,
    CrossValidationConfig,
    IntervalConfig,
    LearningConfig,
    ThresholdPolicy,
)
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK, features_of
from student_performance.drift import FeatureReference, reference
from student_performance.metrics import Costs, Estimate, Labels, log_losses, paired_gain
from student_performance.models import risk
from student_performance.resampling import Floats, repeated_students
from student_performance.strict import Strict
from student_performance.training import folds_of

_FOLDS = CrossValidationConfig(folds=5, repeats=1, seed=42)
_DIGITS = 4


class Calibration(Strict):
    """Whether the risks were corrected, and what that gained on rows it was not fitted on.

    Attributes:
        method: Platt's sigmoid, or nothing.
        gain: Log loss before minus after, out of fold on the validation part; None where that part
            is too small to tell.
    """

    method: Literal["none", "sigmoid"]
    gain: Estimate | None

    def text(self) -> str:
        """What was done and why, in a sentence."""
        if self.gain is None:
            return "not calibrated: the validation part is too small to tell whether it helps"
        gain = f"{self.gain.text(_DIGITS)} of log loss on {self.gain.n:,} rows"
        if self.method == "sigmoid":
            return f"calibrated, which gains {gain}"
        return f"not calibrated: that would gain {gain}"


class Threshold(Strict):
    """From which risk on a student is flagged, and why.

    Attributes:
        value: The risk.
        policy: The costs and the capacity behind it.
        by: Which of the two decided.
        rows: Rows of the validation part, which the capacity was read off.
    """

    value: float
    policy: ThresholdPolicy
    by: Literal["costs", "capacity"]
    rows: int

    @property
    def costs(self) -> Costs:
        """The threshold with the costs of either mistake."""
        return Costs(self.value, self.policy.missed, self.policy.false_alarm)

    def text(self) -> str:
        """The rule in words."""
        costs = (
            f"missing a student costs {self.policy.missed:g}, a false alarm"
            f" {self.policy.false_alarm:g}"
        )
        if self.by == "costs" or self.policy.capacity is None:
            return f"flagged from a risk of {self.value:.3f} on: {costs}"
        capacity = self.policy.capacity
        return (
            f"flagged from a risk of {self.value:.3f} on: {capacity.students:,} of"
            f" {capacity.of:,} students can be helped"
        )


class Setup(Strict):
    """What goes with a model.

    Attributes:
        calibration: Set up on the validation part.
        threshold: Set up on the validation part.
        reference: What the features looked like in the training part, to notice drift later.
    """

    calibration: Calibration
    threshold: Threshold
    reference: tuple[FeatureReference, ...]


def set_up(
    model: Any,
    train: pd.DataFrame,
    validation: pd.DataFrame,
    dataset: DatasetConfig,
    config: LearningConfig,
) -> tuple[Any, Setup]:
    """Calibrate a fitted model if that helps, and set its threshold.

    Args:
        model: Fitted on the training part.
        train: The training part.
        validation: The validation part.
        dataset: The contract.
        config: Intervals and the threshold's policy.

    Returns:
        The model, wrapped if it was calibrated, and what was done.
    """
    # Sorted, so that the folds do not depend on the order of the rows.
    validation = validation.sort_values(dataset.id_column, kind="stable", ignore_index=True)
    features = features_of(validation, dataset)
    p = risk(model, features)
    gain = _calibration_gain(model, p, validation, dataset, config.intervals)
    method: Literal["none", "sigmoid"] = "none"
    if gain is not None and gain.low > 0:
        method = "sigmoid"
        model = _calibrator(model).fit(features, _labels(validation))
        p = risk(model, features)
    threshold = _threshold(p, config.threshold)
    return model, Setup(
        calibration=Calibration(method=method, gain=gain),
        threshold=threshold,
        reference=reference(features_of(train, dataset), dataset),
    )


def _calibration_gain(
    model: Any,
    p: Floats,
    validation: pd.DataFrame,
    dataset: DatasetConfig,
    intervals: IntervalConfig,
) -> Estimate | None:
    """What calibrating gains on rows that the calibrator was not fitted on.

    Args:
        model: Fitted on other rows.
        p: The risks of the validation part.
        validation: In the order of its students.
        dataset: The contract.
        intervals: Level, resamples and seed.
    """
    labels, students = _labels(validation), validation[dataset.id_column]
    if validation.groupby(AT_RISK)[dataset.id_column].nunique().reindex([0, 1]).fillna(0).min() < (
        _FOLDS.folds
    ):
        return None
    # The model is the same in every fold, and a large forest takes long to answer.
    answers = p
    if hasattr(model, "decision_function"):  # which a calibrator prefers
        answers = model.decision_function(features_of(validation, dataset))
    known = pd.DataFrame({"answer": answers})
    after = np.empty(len(labels))
    for learn, check in folds_of(validation, dataset, _FOLDS):
        fitted = _calibrator(_answered()).fit(known.iloc[learn], labels[learn])
        after[check] = risk(fitted, known.iloc[check])
    return paired_gain(
        log_losses(labels, after),
        log_losses(labels, p),
        intervals,
        repeated_students(students),
    )


def _answered() -> LogisticRegression:
    """Stands for a model that was asked already: its decision is the answer it is given."""
    same = LogisticRegression()
    same.classes_, same.feature_names_in_ = np.array([0, 1]), np.array(["answer"])
    same.coef_, same.intercept_ = np.ones((1, 1)), np.zeros(1)
    return same


def _calibrator(model: Any) -> CalibratedClassifierCV:
    return CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid", cv=2)


def _threshold(p: Floats, policy: ThresholdPolicy) -> Threshold:
    """Flag where the expected cost of a miss is the larger one (Elkan 2001, equation 2)."""
    by_costs = policy.false_alarm / (policy.false_alarm + policy.missed)
    if policy.capacity is not None:
        by_capacity = _threshold_of(p, policy.capacity)
        if by_capacity > by_costs:
            return Threshold(value=by_capacity, policy=policy, by="capacity", rows=len(p))
    return Threshold(value=by_costs, policy=policy, by="costs", rows=len(p))


def _threshold_of(p: Floats, capacity: Capacity) -> float:
    """The lowest risk from which on no more are flagged than can be helped; ties stay together."""
    helped = len(p) * capacity.students // capacity.of
    if helped == len(p):
        return 0.0
    first_not_helped = np.sort(p)[::-1][helped]
    riskier = p[p > first_not_helped]
    return float(riskier.min() if len(riskier) else np.nextafter(first_not_helped, np.inf))


def _labels(rows: pd.DataFrame) -> Labels:
    return rows[AT_RISK].to_numpy(copy=True)
