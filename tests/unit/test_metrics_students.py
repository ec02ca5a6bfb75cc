"""Scores where students repeat, where mistakes have a cost, and of the calibration."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from student_performance import metrics, resampling
from student_performance.config import IntervalConfig
from student_performance.metrics import Costs, bins_of, cost_of, paired_gain, score
from student_performance.resampling import repeated_students
from student_performance.simulate import PASS_MARK, posterior, simulate

CONFIG = IntervalConfig(resamples=400)
COSTS = Costs(threshold=1 / 6, missed=5.0, false_alarm=1.0)


def simulated(rows: int, seed: int) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    frame = simulate(rows, seed)
    return (frame["test_score"] < PASS_MARK).to_numpy(np.int8), 1.0 - posterior(frame)


def doubled(values: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.concatenate([values, values])


def test_rows_that_stand_twice_under_their_student_prove_no_more_than_once() -> None:
    y, p = simulated(300, seed=1)
    once = score(y, p, COSTS, CONFIG, np.arange(300))
    twice = score(doubled(y), doubled(p), COSTS, CONFIG, doubled(np.arange(300)))

    for name, found in twice.items():
        assert found.value == pytest.approx(once[name].value), name
        assert (found.low, found.high) == pytest.approx((once[name].low, once[name].high)), name
    assert {found.n for found in twice.values()} == {600}


def test_students_who_repeat_make_intervals_wider_than_their_rows_would() -> None:
    y, p = simulated(300, seed=1)
    codes = doubled(np.arange(300))
    by_student = score(doubled(y), doubled(p), COSTS, CONFIG, codes)
    by_row = score(doubled(y), doubled(p), COSTS, CONFIG)
    for name in by_student:
        width = by_student[name].high - by_student[name].low
        ratio = width / (by_row[name].high - by_row[name].low)
        assert ratio == pytest.approx(np.sqrt(2), rel=0.25), name


def test_gain_is_resampled_by_student_too() -> None:
    ours, theirs = np.random.default_rng(2).uniform(size=(2, 200))
    once = paired_gain(ours, theirs, CONFIG)
    twice = paired_gain(doubled(ours), doubled(theirs), CONFIG, students=doubled(np.arange(200)))
    by_row = paired_gain(doubled(ours), doubled(theirs), CONFIG)

    assert (twice.value, twice.low, twice.high) == pytest.approx((once.value, once.low, once.high))
    assert by_row.high - by_row.low < 0.85 * (twice.high - twice.low)


@given(st.lists(st.integers(0, 6), min_size=2, max_size=40))
def test_students_are_drawn_with_all_of_their_rows(owners: list[int]) -> None:
    students = np.unique(owners, return_inverse=True)[1]
    drawn: list[NDArray[np.float64]] = []

    def keep(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        drawn.append(weights)
        return {"rows": weights.sum(axis=1)}

    resampling.resampled(keep, len(owners), IntervalConfig(resamples=100), students)
    weights = np.concatenate(drawn)
    first = np.unique(students, return_index=True)[1]

    assert weights.shape == (100, len(owners))
    for code in range(len(first)):
        same = weights[:, students == code]
        assert (same == same[:, :1]).all()
    assert (weights[:, first].sum(axis=1) == len(first)).all(), "as many students as there are"


def test_only_repeated_students_need_codes() -> None:
    assert repeated_students(pd.Series(["b", "a", "c"])) is None
    codes = repeated_students(pd.Series(["b", "a", "b"]))

    assert codes is not None
    assert codes.tolist() == [1, 0, 1]


def test_accuracy_of_repeated_students_has_no_wilson_interval() -> None:
    y, p = simulated(100, seed=3)
    wilson = score(y, p, COSTS, CONFIG)["accuracy"]
    bootstrap = score(y, p, COSTS, CONFIG, np.arange(100))["accuracy"]

    assert (wilson.low, wilson.high) == metrics.wilson(round(wilson.value * 100), 100, 0.95)
    assert (bootstrap.low, bootstrap.high) != (wilson.low, wilson.high)


def test_cost_counts_each_mistake_with_its_price() -> None:
    y = np.array([1, 1, 0, 0, 1], np.int8)
    p = np.array([1 / 6, 0.1, 0.2, 0.1, 0.9])

    assert cost_of(y, p, COSTS).tolist() == [0.0, 5.0, 1.0, 0.0, 0.0]
    assert score(y, p, COSTS, CONFIG)["cost"].value == pytest.approx(6 / 5)
    assert score(y, p, Costs(), CONFIG)["cost"].value == pytest.approx(2 / 5)


def test_cost_of_equal_mistakes_is_what_the_accuracy_lacks() -> None:
    y, p = simulated(500, seed=4)
    scores = score(y, p, Costs(), CONFIG)

    assert scores["cost"].value == pytest.approx(1 - scores["accuracy"].value)


@pytest.mark.parametrize("costs", [Costs(), COSTS, Costs(threshold=0.9, missed=0.5)])
@pytest.mark.parametrize("seed", range(3))
def test_weighted_scores_with_weights_of_one_are_the_scores(costs: Costs, seed: int) -> None:
    y, p = simulated(150, seed)
    p = np.round(p, 1)  # ties
    weighted = metrics._weighted_scores(y, p, costs)(np.ones((1, 150)))

    assert {name: value[0] for name, value in weighted.items()} == pytest.approx(
        metrics._point_scores(y, p, costs)
    )


def test_calibration_error_of_known_bins() -> None:
    y = np.array([0, 0, 1, 1, 1, 1, 0, 1], np.int8)
    p = np.array([0.1, 0.1, 0.15, 0.15, 0.9, 0.9, 0.9, 0.9])
    # Half of the first four fail, .125 were expected; of the last four 3, 3.6 were expected.
    expected = (4 * abs(0.5 - 0.125) + 4 * abs(0.75 - 0.9)) / 8

    assert score(y, p, Costs(), CONFIG)["calibration_error"].value == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_each_risk_is_in_the_bin_that_holds_it(risks: list[float]) -> None:
    p = np.array(risks)
    bins = bins_of(p)

    assert bins.min() >= 0
    assert bins.max() <= 9
    assert (bins <= p * 10).all()
    assert ((p * 10 <= bins + 1) | (bins == 9)).all()


@pytest.mark.parametrize(("rows", "shift"), [(30, 0.0), (200, 0.0), (200, 0.2), (2_000, 0.1)])
@pytest.mark.parametrize("seed", range(3))
def test_interval_of_the_calibration_error_contains_it(rows: int, shift: float, seed: int) -> None:
    y, p = simulated(rows, seed)
    found = score(y, np.clip(p + shift, 0, 1), Costs(), CONFIG)["calibration_error"]

    assert 0 <= found.low <= found.value <= found.high


def test_calibration_error_of_a_calibrated_model_is_not_proved() -> None:
    lows = []
    for seed in range(20):
        y, p = simulated(300, seed)
        lows.append(score(y, p, Costs(), CONFIG)["calibration_error"].low)

    assert max(lows) < 0.05
    y, p = simulated(2_000, seed=1)
    off = score(y, np.clip(p + 0.2, 0, 1), Costs(), CONFIG)["calibration_error"]
    assert off.low > 0.1, "the gate's limit can be broken"
