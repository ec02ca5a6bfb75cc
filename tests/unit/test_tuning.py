"""The validation part decides whether to calibrate, and from which risk on a student is flagged."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from student_performance import tuning
from student_performance.config import (
    Capacity,
    CrossValidationConfig,
    GradientBoostingConfig,
    LearningConfig,
    LogisticRegressionConfig,
    RandomForestConfig,
    ThresholdPolicy,
)
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK, features_of
from student_performance.drift import reference
from student_performance.metrics import Estimate, log_losses
from student_performance.models import build, fit, risk
from student_performance.simulate import PASS_MARK, simulate
from student_performance.training import folds_of
from student_performance.tuning import Calibration, Setup, set_up
from student_performance.tuning import _threshold as threshold_of
from tests.unit.builders import estimate, threshold
from tests.unit.trainings import FixedRisk, Training, repeating

LINEAR = LogisticRegressionConfig(kind="logistic_regression")
REPORT_FOREST = RandomForestConfig(kind="random_forest")
BOOSTING = GradientBoostingConfig(kind="gradient_boosting", max_iter=20)
EVEN = np.linspace(0.01, 1.0, 100)  # one student at each percent of risk


def simulated(rows: int, seed: int) -> pd.DataFrame:
    frame = simulate(rows, seed)
    return frame.assign(**{AT_RISK: (frame["test_score"] < PASS_MARK).astype("int8")})


def fitted(candidate: Any, train: pd.DataFrame, dataset: DatasetConfig) -> Any:
    labels = train[AT_RISK].to_numpy(copy=True)
    return fit(build(candidate, dataset), features_of(train, dataset), labels)


def labels_of(table: pd.DataFrame) -> Any:
    return table[AT_RISK].to_numpy(copy=True)


def test_calibration_is_adopted_for_the_forest_of_the_report(
    dataset: DatasetConfig, learning: LearningConfig
) -> None:
    train, validation, test = (simulated(2_000, seed) for seed in (1, 2, 3))
    forest = fitted(REPORT_FOREST, train, dataset)
    model, found = set_up(forest, train, validation, dataset, learning)
    features, y = features_of(test, dataset), labels_of(test)
    before, after = (risk(m, features) for m in (forest, model))

    assert found.calibration.method == "sigmoid"
    assert found.calibration.gain is not None
    assert found.calibration.gain.low > 0
    assert log_losses(y, after).mean() < log_losses(y, before).mean() - 0.05
    assert 0 == before.min() < after.min(), "no risk is said to be nothing at all"
    assert (np.diff(after[np.argsort(before, kind="stable")]) >= 0).all(), "the ranking stays"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_calibration_is_not_adopted_for_logistic_regression(
    seed: int, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    train, validation = simulated(1_500, seed), simulated(500, seed + 100)
    linear = fitted(LINEAR, train, dataset)
    model, found = set_up(linear, train, validation, dataset, learning)

    assert model is linear
    assert found.calibration.method == "none"
    assert found.calibration.gain is not None
    assert found.calibration.gain.low <= 0
    assert found.calibration.gain.n == 500


class Remembering(FixedRisk):
    """A calibrator that knows the students it was fitted on, and answers .5."""

    def __init__(self, students: pd.Series) -> None:
        super().__init__(np.array([]))
        self._students = students

    def fit(self, features: pd.DataFrame, labels: Any) -> "Remembering":
        self._known = set(self._students[features.index])
        return self

    def predict_proba(self, features: pd.DataFrame) -> Any:
        asked = set(self._students[features.index])
        assert asked == set(self._students) or not self._known & asked
        return np.full((len(features), 2), 0.5)


def test_calibration_is_judged_on_other_students_than_it_was_fitted_on(
    oulad: DatasetConfig, learning: LearningConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = repeating().sort_values("student_id", kind="stable", ignore_index=True)
    calibrator = Remembering(table["student_id"])
    monkeypatch.setattr(tuning, "_calibrator", lambda model: calibrator)
    model = FixedRisk(np.where(table[AT_RISK] == 1, 0.1, 0.9))  # as wrong as can be
    _, found = set_up(model, table, table, oulad, learning)

    assert found.calibration.method == "sigmoid"
    assert found.calibration.gain is not None
    assert found.calibration.gain.value == pytest.approx(np.log(0.5 / 0.1))


def test_order_of_the_rows_has_no_part_in_what_calibration_gains(
    dataset: DatasetConfig, learning: LearningConfig
) -> None:
    train, validation = (simulated(500, seed) for seed in (1, 2))
    model = fitted(REPORT_FOREST, train, dataset)
    found, shuffled = (
        set_up(model, train, rows, dataset, learning)[1].calibration
        for rows in (validation, validation.sample(frac=1, random_state=0))
    )

    assert found == shuffled


@pytest.mark.parametrize("candidate", [LINEAR, REPORT_FOREST, BOOSTING], ids=lambda c: c.kind)
def test_gain_is_that_of_calibrating_the_model_itself_which_is_asked_only_once(
    candidate: Any,
    dataset: DatasetConfig,
    learning: LearningConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train, validation = simulated(1_000, 1), simulated(400, 2).sort_values("student_id")
    model, y = fitted(candidate, train, dataset), labels_of(validation)
    features, p = features_of(validation, dataset), np.empty(len(y))
    for learn, check in folds_of(validation, dataset, CrossValidationConfig(folds=5, repeats=1)):
        calibrated = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid", cv=2)
        calibrated.fit(features.iloc[learn], y[learn])
        p[check] = calibrated.predict_proba(features.iloc[check])[:, 1]
    expected = log_losses(y, risk(model, features)).mean() - log_losses(y, p).mean()

    asked: list[int] = []
    prepare = model[0].transform
    monkeypatch.setattr(
        model[0], "transform", lambda rows: asked.append(len(rows)) or prepare(rows)
    )
    before = risk(model, features)
    asked.clear()
    gain = tuning._calibration_gain(model, before, validation, dataset, learning.intervals)

    assert gain is not None
    assert gain.value == pytest.approx(expected, abs=1e-9)
    assert asked == ([] if candidate is REPORT_FOREST else [400])


def test_ties_at_the_limit_are_flagged_together_or_not_at_all() -> None:
    p = np.array([0.9, 0.8, 0.8, 0.8, 0.7, 0.1, 0.1, 0.1, 0.1, 0.1])
    flagged = {}
    for students in (1, 3, 4, 5):
        policy = ThresholdPolicy(capacity=Capacity(students=students, of=10))
        flagged[students] = int((p >= threshold_of(p, policy).value).sum())

    assert flagged == {1: 1, 3: 1, 4: 4, 5: 5}


def test_gain_of_repeated_students_is_no_surer_than_that_of_students(
    oulad: DatasetConfig, learning: LearningConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gain(terms: int) -> Estimate:
        table = repeating(terms=terms).sort_values("student_id", ignore_index=True)
        monkeypatch.setattr(tuning, "_calibrator", lambda _: Remembering(table["student_id"]))
        p = (table["attendance_percent"] / 101).to_numpy()
        found = set_up(FixedRisk(p), table, table, oulad, learning)[1].calibration.gain
        assert found is not None
        return found

    once, often = gain(terms=1), gain(terms=9)

    assert often.value == pytest.approx(once.value)
    assert often.high - often.low == pytest.approx(once.high - once.low, rel=0.4)


@pytest.mark.parametrize(("at_risk", "told"), [(4, False), (5, True)])
def test_too_few_students_cannot_tell_whether_calibration_helps(
    at_risk: int, told: bool, training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    by_outcome = dict(list(training.validation.groupby(AT_RISK)))
    few = pd.concat([by_outcome[1].head(at_risk), by_outcome[0].head(40)], ignore_index=True)
    linear = fitted(LINEAR, training.train, dataset)
    model, found = set_up(linear, training.train, few, dataset, learning)

    assert (found.calibration.gain is not None) == told
    if not told:
        assert model is linear
        assert "too small to tell" in found.calibration.text()


def test_reference_is_that_of_the_training_part(training: Training, dataset: DatasetConfig) -> None:
    assert training.setup.reference == reference(features_of(training.train, dataset), dataset)


@pytest.mark.parametrize(
    ("missed", "false_alarm", "value"),
    [(1, 1, 1 / 2), (5, 1, 1 / 6), (1, 5, 5 / 6), (10, 2, 1 / 6), (1, 3, 3 / 4)],
)
def test_threshold_follows_from_the_costs_alone(
    missed: float, false_alarm: float, value: float
) -> None:
    policy = ThresholdPolicy(missed=missed, false_alarm=false_alarm)
    found = threshold_of(EVEN, policy)

    assert (found.by, found.policy, found.rows) == ("costs", policy, 100)
    assert found.value == pytest.approx(value)
    assert found.value == threshold_of(EVEN[:10], policy).value
    assert (found.costs.missed, found.costs.false_alarm) == (missed, false_alarm)
    assert found.costs.threshold == found.value


def test_threshold_by_costs_is_the_cheapest_on_many_students(dataset: DatasetConfig) -> None:
    y = np.random.default_rng(1).random(400_000) < np.linspace(0, 1, 400_000)
    p = np.linspace(0, 1, 400_000)
    value = threshold_of(p, ThresholdPolicy(missed=5)).value
    cost = {t: (5 * (y & (p < t)) + (~y & (p >= t))).mean() for t in (0.1, value, 0.25, 0.5)}

    assert min(cost, key=cost.__getitem__) == value


@pytest.mark.parametrize(("students", "of"), [(10, 100), (1, 100), (1, 10), (33, 100), (3, 10)])
def test_capacity_flags_as_many_as_can_be_helped(students: int, of: int) -> None:
    policy = ThresholdPolicy(capacity=Capacity(students=students, of=of))
    found = threshold_of(EVEN, policy)

    assert found.by == "capacity"
    assert (found.value <= EVEN).sum() == 100 * students // of


@pytest.mark.parametrize(("students", "of"), [(60, 100), (100, 100), (51, 100), (9, 10)])
def test_capacity_never_flags_students_for_whom_it_does_not_pay(students: int, of: int) -> None:
    policy = ThresholdPolicy(capacity=Capacity(students=students, of=of))
    found = threshold_of(EVEN, policy)

    assert (found.value, found.by) == (0.5, "costs")


RISKS = st.lists(st.integers(0, 20).map(lambda k: k / 20), min_size=1, max_size=60)


@given(risks=RISKS, students=st.integers(1, 30), missed=st.sampled_from([0.2, 1, 5]))
def test_capacity_is_an_upper_limit_and_never_lowers_the_threshold(
    risks: list[float], students: int, missed: float
) -> None:
    p, capacity = np.array(risks), Capacity(students=students, of=30)
    by_costs = threshold_of(p, ThresholdPolicy(missed=missed)).value
    found = threshold_of(p, ThresholdPolicy(missed=missed, capacity=capacity))

    assert found.value >= by_costs
    if found.by == "capacity":
        assert (p >= found.value).sum() <= len(p) * students / 30 + 1e-9


def test_setup_of_a_policy_is_kept_with_the_model(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    policy = ThresholdPolicy(missed=5, capacity=Capacity(students=1, of=20))
    config = learning.model_copy(update={"threshold": policy})
    linear = fitted(LINEAR, training.train, dataset)
    _, found = set_up(linear, training.train, training.validation, dataset, config)
    flagged = risk(linear, features_of(training.validation, dataset)) >= found.threshold.value

    assert found.threshold.by == "capacity"
    assert found.threshold.rows == len(training.validation)
    assert 0.04 < flagged.mean() <= 0.05
    assert Setup.model_validate_json(found.model_dump_json()) == found


def test_threshold_and_calibration_say_what_was_done_and_why() -> None:
    few = Capacity(students=30, of=400)

    assert threshold(1 / 6, missed=5).text() == (
        "flagged from a risk of 0.167 on: missing a student costs 5, a false alarm 1"
    )
    assert threshold(0.812, by="capacity", capacity=few).text() == (
        "flagged from a risk of 0.812 on: 30 of 400 students can be helped"
    )
    assert threshold(capacity=few).text().endswith("costs 1, a false alarm 1")
    assert Calibration(method="sigmoid", gain=estimate(0.02, 0.01, 0.03)).text() == (
        "calibrated, which gains 0.0200 [0.0100, 0.0300] of log loss on 400 rows"
    )
    assert (
        Calibration(method="none", gain=estimate(-0.02, -0.03, -0.01))
        .text()
        .startswith("not calibrated: that would gain -0.0200")
    )
