"""The one look at the hold-out."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from student_performance import curves
from student_performance.config import AuditConfig, LearningConfig
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK, features_of
from student_performance.drift import FeatureDrift
from student_performance.evaluation import EvaluationReport, evaluate
from student_performance.leakage import LeakageReport, Severity
from student_performance.metrics import Costs, score
from student_performance.models import risk
from student_performance.tuning import Setup
from tests.unit.builders import comparison, division, leakage, report, setup, threshold
from tests.unit.trainings import FixedRisk, Training, repeating


class FeatureRisk(FixedRisk):
    """The risk is a share of the attendance, whoever asks."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__(np.array([]))
        self._scale = scale

    def fit(self, features: pd.DataFrame, labels: object) -> "FeatureRisk":
        raise AssertionError("nothing is learnt from the hold-out")

    def predict_proba(self, features: pd.DataFrame) -> np.ndarray:
        p = np.clip(features["attendance_percent"].to_numpy() * self._scale, 0, 1)
        return np.column_stack([1 - p, p])


def evaluated(
    dataset: DatasetConfig,
    config: LearningConfig,
    labels: Sequence[int],
    risks: Sequence[float],
    before: Setup | None = None,
    found: LeakageReport | None = None,
) -> EvaluationReport:
    test = pd.DataFrame({name: np.zeros(len(labels)) for name in dataset.features})
    test["attendance_percent"] = np.array(risks)
    test["student_id"] = [f"S{number}" for number in range(len(labels))]
    test["gender"] = ["Female", "Male"] * (len(labels) // 2) + ["Female"] * (len(labels) % 2)
    test[AT_RISK] = np.array(labels, np.int8)
    training = (comparison(), before or setup(), division(), found or leakage())
    real = dataset.model_copy(update={"world": None})
    return evaluate(FeatureRisk(), test, real, training, config)


def test_real_training_has_a_whole_report(training: Training, dataset: DatasetConfig) -> None:
    report, labels = training.report, training.test[AT_RISK]
    confusion = report.confusion

    assert report.dataset == "student_performance"
    assert report.candidate == training.comparison.chosen
    assert report.comparison == training.comparison
    assert report.setup == training.setup
    assert report.division == training.division
    assert report.threshold == training.setup.threshold.value == 0.5
    assert report.n_test == len(labels)
    assert report.prevalence == pytest.approx(labels.mean())
    assert report.problems == ()
    assert confusion.flagged_at_risk + confusion.missed_at_risk == labels.sum()
    right = confusion.flagged_at_risk + confusion.cleared_passing
    assert report.scores["accuracy"].value == pytest.approx(right / len(labels))
    assert report.ceiling is not None
    assert {i.feature for i in report.importances} == set(dataset.features)
    assert {e.feature for e in report.effects} == set(dataset.features)
    assert [audit.attribute for audit in report.fairness] == ["gender"]
    assert [(d.feature, d.level) for d in report.drift] == [(f, "ok") for f in dataset.features]


def test_curves_and_counts_are_those_of_the_predictions(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    y = training.test[AT_RISK].to_numpy(copy=True)
    p = risk(training.model, features_of(training.test, dataset))
    report = training.report

    assert report.roc == curves.roc(y, p)
    assert report.precision_recall == curves.precision_recall(y, p)
    assert report.reliability == curves.reliability(y, p, learning.intervals.level)
    assert report.confusion == curves.confusion(y, p, 0.5)
    assert report.scores == score(y, p, Costs(), learning.intervals)


def test_stored_threshold_and_costs_decide_and_not_one_half(
    dataset: DatasetConfig, learning: LearningConfig
) -> None:
    before = setup(threshold=threshold(0.2, missed=4))
    labels, risks = [1] * 5 + [0] * 5, [0.9, 0.3, 0.2, 0.19, 0.1, 0.7, 0.3, 0.1, 0.1, 0.0]
    report = evaluated(dataset, learning, labels, risks, before)
    confusion = report.confusion

    assert (confusion.flagged_at_risk, confusion.missed_at_risk) == (3, 2)
    assert (confusion.flagged_passing, confusion.cleared_passing) == (2, 3)
    assert report.scores["accuracy"].value == 0.6
    assert report.scores["cost"].value == pytest.approx((2 * 4 + 2) / 10)
    # A risk of .35 is flagged as well: the baseline misses nobody.
    assert report.baseline["cost"].value == pytest.approx(5 / 10)
    assert report.cost_gain.value == pytest.approx(0.5 - 1.0)
    groups = {g.group: g for g in report.fairness[0].groups}
    assert groups["Female"].n is groups["Male"].n is None  # fewer than 10: hidden


def test_baseline_knows_the_prevalence_of_the_training_and_not_that_of_the_hold_out(
    dataset: DatasetConfig, learning: LearningConfig
) -> None:
    labels, naive = [1] * 6 + [0] * 2, comparison().prevalence
    report = evaluated(dataset, learning, labels, [0.7] * 8)

    expected = -(0.75 * np.log(naive) + 0.25 * np.log(1 - naive))
    assert report.baseline["log_loss"].value == pytest.approx(expected)
    assert report.baseline["accuracy"].value == 0.25, "a risk of 0.35 flags nobody"


def test_gains_are_the_differences_to_the_baseline_and_positive_if_better(
    training: Training,
) -> None:
    report = training.report
    ours, theirs = report.scores, report.baseline

    assert report.log_loss_gain.value == pytest.approx(
        theirs["log_loss"].value - ours["log_loss"].value
    )
    assert report.cost_gain.value == pytest.approx(theirs["cost"].value - ours["cost"].value)
    assert report.cost_gain.value == pytest.approx(
        ours["accuracy"].value - theirs["accuracy"].value
    )
    assert report.log_loss_gain.low > 0
    assert report.cost_gain.low > 0
    assert report.log_loss_gain.n == report.cost_gain.n == report.n_test


@pytest.mark.parametrize(("label", "everyone"), [(1, "at risk"), (0, "passing")])
def test_hold_out_with_one_class_is_a_problem_and_not_a_crash(
    label: int, everyone: str, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    report = evaluated(dataset, learning, [label] * 6, np.linspace(0.1, 0.9, 6).tolist())

    assert report.problems == (
        f"every student of the hold-out is {everyone}, so no ranking can be judged",
    )
    assert report.roc == report.precision_recall == ()
    assert "roc_auc" not in report.scores
    assert "average_precision" not in report.baseline
    assert sum(report.confusion.model_dump().values()) == 6


def test_groups_under_the_limit_of_the_audit_are_not_judged(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    def judged(min_group: int) -> set[bool]:
        config = learning.model_copy(update={"audit": AuditConfig(min_group=min_group)})
        before = (training.comparison, training.setup, training.division, leakage())
        found = evaluate(training.model, training.test, dataset, before, config)
        return {gap.sufficient for audit in found.fairness for gap in audit.gaps}

    assert judged(10) == {True}
    assert judged(1_000) == {False}


def test_repeated_students_are_one_proof_in_every_interval(
    oulad: DatasetConfig, learning: LearningConfig
) -> None:
    def found(terms: int) -> EvaluationReport:
        test = repeating(students=200, terms=terms).sort_values("student_id", ignore_index=True)
        before = (comparison(), setup(), division(), leakage())
        return evaluate(FeatureRisk(0.01), test, oulad, before, learning)

    once, often = found(1), found(4)
    for name in ("log_loss_gain", "cost_gain"):
        narrow, wide = (getattr(r, name) for r in (once, often))
        assert wide.high - wide.low == pytest.approx(narrow.high - narrow.low, rel=0.35), name
    assert often.n_test == 800
    for name, wide in often.scores.items():
        narrow = once.scores[name]
        ratio = (wide.high - wide.low) / (narrow.high - narrow.low)
        assert ratio > 0.7, name  # of 800 students, it would be one half


def test_data_set_without_sensitive_columns_has_no_audit(
    dataset: DatasetConfig, learning: LearningConfig, training: Training
) -> None:
    columns = {name: c for name, c in dataset.columns.items() if name != "gender"}
    blind = dataset.model_copy(update={"columns": columns, "world": None})
    before = (training.comparison, training.setup, training.division, leakage())
    test = training.test.drop(columns="gender")

    assert evaluate(training.model, test, blind, before, learning).fairness == ()


def test_warnings_are_suspicions_and_features_that_moved() -> None:
    moved = [
        FeatureDrift(feature=level, psi=0.3, expected=0.02, level=level, n=300)
        for level in ("ok", "warn", "drift", "no_data")
    ]
    suspicious = leakage("a column looks odd", severity=Severity.SUSPICION)

    assert report().warnings() == ()
    assert report(leakage=suspicious, drift=tuple(moved)).warnings() == (
        "a column looks odd",
        "warn: warn is not distributed in the hold-out as in the training part (PSI 0.30, by chance"
        " about 0.02), so the model meets other students than it learnt from",
        "drift: drift is not distributed in the hold-out as in the training part (PSI 0.30, by"
        " chance about 0.02), so the model meets other students than it learnt from",
    )


def test_feature_that_moved_is_seen(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    moved = training.test.assign(hours_studied=training.test["hours_studied"] + 10)
    before = (training.comparison, training.setup, training.division, leakage())
    found = evaluate(training.model, moved, dataset, before, learning)

    assert [d.level for d in found.drift] == ["drift", "ok", "ok"]
    assert found.ceiling is None
    assert "simulated world" in found.warnings()[0]
    assert "hours_studied" in found.warnings()[1]


def test_report_survives_its_file(training: Training) -> None:
    text = training.report.model_dump_json()

    assert EvaluationReport.model_validate_json(text) == training.report
