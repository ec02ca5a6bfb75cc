"""Curves and tables, on examples that can be checked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_performance.curves import confusion, operating, precision_recall, reliability, roc
from student_performance.metrics import wilson

Y = np.array([1, 0, 1, 0], np.int8)
P = np.array([0.9, 0.8, 0.4, 0.1])


def test_ranking_curve_goes_from_flagging_nobody_to_flagging_everybody() -> None:
    points = [(point.false_positive_rate, point.true_positive_rate) for point in roc(Y, P)]

    assert points == [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]


def test_precision_goes_with_recall_and_threshold() -> None:
    points = [(point.recall, point.precision, point.threshold) for point in precision_recall(Y, P)]

    assert points == [
        (1.0, 0.5, 0.1), (1.0, pytest.approx(2 / 3), 0.4), (0.5, 0.5, 0.8), (0.5, 1.0, 0.9),
    ]  # fmt: skip


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_no_curve(label: int) -> None:
    y = np.full(4, label, np.int8)

    assert roc(y, P) == ()
    assert precision_recall(y, P) == ()


@pytest.mark.parametrize("rows", [50, 3_000])
def test_long_curves_are_thinned_out_and_keep_their_ends_and_area(rows: int) -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(size=rows)
    y = (rng.uniform(size=rows) < p).astype(np.int8)
    points, precise = roc(y, p), precision_recall(y, p)
    x, height = ([getattr(q, n) for q in points] for n in
                 ("false_positive_rate", "true_positive_rate"))  # fmt: skip

    assert len(points) <= 101
    assert len(precise) == min(rows, 101)
    assert (x[0], height[0], x[-1], height[-1]) == (0, 0, 1, 1)
    assert precise[0].recall == 1.0
    assert precise[-1].threshold == pytest.approx(p.max())
    right = np.mean([(a > b) + 0.5 * (a == b) for a in p[y == 1] for b in p[y == 0][:400]])
    assert np.trapezoid(height, x) == pytest.approx(right, abs=0.02)


def test_reliability_puts_predicted_beside_observed_risk_with_its_interval() -> None:
    p = np.array([0.11] * 10 + [0.13] * 10 + [0.95] * 12)
    y = np.array([0] * 15 + [1] * 5 + [1] * 9 + [0] * 3, np.int8)
    low, high = reliability(y, p, level=0.9)

    assert (low.n, low.predicted, low.observed) == pytest.approx((20, 0.12, 0.25))
    assert (low.low, low.high) == wilson(5, 20, 0.9)
    assert (high.n, high.predicted, high.observed) == pytest.approx((12, 0.95, 0.75))
    assert (high.low, high.high) == wilson(9, 12, 0.9)


@pytest.mark.parametrize(("students", "shown"), [(9, 0), (10, 1)])
def test_bin_of_fewer_than_ten_students_is_left_out(students: int, shown: int) -> None:
    y = np.zeros(students, np.int8)

    assert len(reliability(y, np.full(students, 0.3), 0.95)) == shown


def test_there_are_ten_bins_of_equal_width_and_a_risk_of_1_is_in_the_last() -> None:
    risks = np.repeat([0.0, 0.1, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.9, 1.0], 10)
    bins = reliability(np.zeros(110, np.int8), risks, 0.95)

    assert [b.n for b in bins] == [10] * 9 + [20]
    assert [b.predicted for b in bins] == pytest.approx(
        [0.0, 0.1, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95]
    )


def test_confusion_counts_each_kind_of_right_and_wrong() -> None:
    y = np.array([1] * 5 + [0] * 5, np.int8)
    p = np.array([0.9, 0.8, 0.3, 0.2, 0.1, 0.7, 0.2, 0.2, 0.1, 0.0])
    found = confusion(y, p, threshold=0.3)

    assert (found.flagged_at_risk, found.missed_at_risk) == (3, 2)
    assert (found.flagged_passing, found.cleared_passing) == (1, 4)
    assert confusion(y, p, threshold=1.5).flagged_at_risk == 0


@given(
    rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=1, max_size=60),
    threshold=st.floats(0, 1),
)
def test_counts_add_up_and_curves_never_turn_back(
    rows: list[tuple[int, int]], threshold: float
) -> None:
    labels, twentieths = zip(*rows, strict=True)
    y, p = np.array(labels, np.int8), np.array(twentieths) / 20
    bins = reliability(y, p, 0.95)
    predicted = [b.predicted for b in bins]

    assert sum(confusion(y, p, threshold).model_dump().values()) == len(rows)
    assert predicted == sorted(predicted)
    assert sum(b.n for b in bins) <= len(rows)
    assert bool(roc(y, p)) == bool(precision_recall(y, p)) == (len(set(labels)) == 2)
    for name in ("false_positive_rate", "true_positive_rate"):
        along = [getattr(point, name) for point in roc(y, p)]
        assert along == sorted(along)
    recall = [point.recall for point in precision_recall(y, p)]
    assert recall == sorted(recall, reverse=True)


def test_operating_points_count_everybody_at_every_whole_percent() -> None:
    rng = np.random.default_rng(2)
    p = np.round(rng.uniform(size=300), 2)  # many stand exactly on a threshold
    y = (rng.uniform(size=300) < p).astype(np.int8)
    points = operating(y, p)

    assert [point.threshold for point in points] == [i / 100 for i in range(1, 100)]
    for point in points:
        assert point.counts == confusion(y, p, point.threshold)
        flagged = point.counts.flagged_at_risk + point.counts.flagged_passing
        assert flagged == (p >= point.threshold).sum()
        assert sum(point.counts.model_dump().values()) == 300
