"""The one look at the hold-out."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from student_performance.config import DatasetConfig, IntervalConfig
from student_performance.dataset import AT_RISK
from student_performance.evaluation import EvaluationReport, evaluate
from student_performance.metrics import THRESHOLD
from tests.unit.builders import FixedRisk, Training, comparison

INTERVALS = IntervalConfig(resamples=100)


def evaluated(
    dataset: DatasetConfig, labels: Sequence[int], risks: Sequence[float]
) -> EvaluationReport:
    test = pd.DataFrame({name: np.zeros(len(labels)) for name in dataset.features})
    test[AT_RISK] = np.array(labels, np.int8)
    return evaluate(FixedRisk(np.array(risks)), test, dataset, comparison(), INTERVALS)


def test_confusion_counts_each_kind_of_right_and_wrong(dataset: DatasetConfig) -> None:
    labels = [1] * 5 + [0] * 5
    risks = [0.9, 0.8, THRESHOLD, 0.4, 0.1, 0.7, 0.3, 0.2, 0.1, 0.0]
    found = evaluated(dataset, labels, risks).confusion

    assert (found.flagged_at_risk, found.missed_at_risk) == (3, 2)
    assert (found.flagged_passing, found.cleared_passing) == (1, 4)


@settings(max_examples=40)
@given(rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=2, max_size=40))
def test_counts_add_up_and_the_curve_rises_from_corner_to_corner(
    rows: list[tuple[int, int]], dataset: DatasetConfig
) -> None:
    labels, twentieths = zip(*rows, strict=True)
    report = evaluated(dataset, labels, [k / 20 for k in twentieths])
    counts = report.confusion.model_dump().values()
    predicted = [b.predicted for b in report.reliability]

    assert sum(counts) == report.n_test == len(rows)
    assert sum(b.n for b in report.reliability) == len(rows)
    assert predicted == sorted(predicted)
    assert len(report.reliability) <= 10
    assert bool(report.roc) == (len(set(labels)) == 2)
    if report.roc:
        for name in ("false_positive_rate", "true_positive_rate"):
            along = [getattr(point, name) for point in report.roc]
            assert along == sorted(along)
            assert (along[0], along[-1]) == (0.0, 1.0)


def test_real_training_has_a_whole_report(training: Training) -> None:
    report, labels = training.report, training.test[AT_RISK]
    confusion = report.confusion

    assert report.dataset == "student_performance"
    assert report.candidate == training.comparison.chosen
    assert report.comparison == training.comparison
    assert report.threshold == THRESHOLD
    assert report.prevalence == pytest.approx(labels.mean())
    assert report.problems == ()
    assert confusion.flagged_at_risk + confusion.missed_at_risk == labels.sum()
    right = confusion.flagged_at_risk + confusion.cleared_passing
    assert report.scores["accuracy"].value == pytest.approx(right / len(labels))


def test_long_curve_is_thinned_out_without_changing_its_area(dataset: DatasetConfig) -> None:
    rng = np.random.default_rng(1)
    risks = rng.uniform(size=3_000)
    report = evaluated(dataset, (rng.uniform(size=3_000) < risks).astype(int), risks)
    x = [point.false_positive_rate for point in report.roc]
    y = [point.true_positive_rate for point in report.roc]

    assert len(report.roc) == 101
    assert np.trapezoid(y, x) == pytest.approx(report.scores["roc_auc"].value, abs=0.002)


def test_reliability_puts_predicted_beside_observed_risk(dataset: DatasetConfig) -> None:
    labels, risks = [0, 1, 1, 0, 1, 1], [0.11, 0.13, 0.2, 0.95, 1.0, 0.999]
    low, middle, high = evaluated(dataset, labels, risks).reliability

    assert (low.n, low.predicted, low.observed) == pytest.approx((2, 0.12, 0.5))
    assert (middle.n, middle.predicted, middle.observed) == pytest.approx((1, 0.2, 1.0))
    assert (high.n, high.observed) == pytest.approx((3, 2 / 3)), "a risk of 1 is in the last bin"


def test_reliability_has_ten_bins_of_equal_width(dataset: DatasetConfig) -> None:
    middles = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95]
    ends = [0.01, 0.19, 0.91]
    bins = evaluated(dataset, [0, 1] * 6 + [1], middles + ends).reliability

    assert [b.n for b in bins] == [2, 2, 1, 1, 1, 1, 1, 1, 1, 2]


def test_baseline_knows_the_prevalence_of_the_training_and_not_that_of_the_hold_out(
    dataset: DatasetConfig,
) -> None:
    labels, naive = [1] * 6 + [0] * 2, comparison().prevalence
    report = evaluated(dataset, labels, [0.7] * 8)

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
    assert report.accuracy_gain.value == pytest.approx(
        ours["accuracy"].value - theirs["accuracy"].value
    )
    assert report.log_loss_gain.low > 0
    assert report.accuracy_gain.low > 0
    assert report.log_loss_gain.n == report.n_test


@pytest.mark.parametrize(("label", "everyone"), [(1, "at risk"), (0, "passing")])
def test_hold_out_with_one_class_is_a_problem_and_not_a_crash(
    label: int, everyone: str, dataset: DatasetConfig
) -> None:
    report = evaluated(dataset, [label] * 6, np.linspace(0.1, 0.9, 6))

    assert report.problems == (
        f"every student of the hold-out is {everyone}, so no ranking can be judged",
    )
    assert report.roc == ()
    assert "roc_auc" not in report.scores
    assert "average_precision" not in report.baseline
    assert sum(report.confusion.model_dump().values()) == 6


def test_report_survives_its_file(training: Training) -> None:
    text = training.report.model_dump_json()

    assert EvaluationReport.model_validate_json(text) == training.report
