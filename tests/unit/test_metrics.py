"""Scores, their intervals, and the bootstrap behind them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sk

from student_performance import metrics
from student_performance.config import IntervalConfig
from student_performance.metrics import (
    LABELS,
    Costs,
    Scores,
    cost_of,
    log_losses,
    paired_gain,
    wilson,
)
from student_performance.simulate import PASS_MARK, ceilings, posterior, simulate
from tests.unit.builders import estimate

Sample = tuple[NDArray[np.int8], NDArray[np.float64], NDArray[np.float64]]
CONFIG = IntervalConfig(resamples=100)


def score(y: NDArray[np.int8], p: NDArray[np.float64], config: IntervalConfig) -> Scores:
    return metrics.score(y, p, Costs(), config)


@st.composite
def weighted_samples(draw: st.DrawFn) -> Sample:
    """Labels, predictions with many ties, and the weights of one bootstrap draw."""
    rows = draw(st.integers(2, 25))
    labels = draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows))
    tenths = draw(st.lists(st.integers(0, 10), min_size=rows, max_size=rows))
    picked = draw(st.lists(st.integers(0, rows - 1), min_size=rows, max_size=rows))
    weights = np.bincount(picked, minlength=rows).astype(np.float64)
    return np.array(labels, np.int8), np.array(tenths) / 10, weights


def simulated(rows: int, seed: int) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Labels, and the exact chance of being at risk as the prediction."""
    frame = simulate(rows, seed)
    return (frame["test_score"] < PASS_MARK).to_numpy(np.int8), 1.0 - posterior(frame)


@given(weighted_samples())
def test_weighted_losses_and_threshold_scores_equal_those_of_scikit_learn(sample: Sample) -> None:
    y, p, weights = sample
    flagged = p >= 0.5
    options = {"sample_weight": weights, "labels": [0, 1], "zero_division": 0}
    ours = {k: v[0] for k, v in metrics._weighted_scores(y, p, Costs())(weights[None, :]).items()}

    assert ours["log_loss"] == pytest.approx(
        sk.log_loss(y, p, sample_weight=weights, labels=[0, 1])
    )
    assert ours["brier"] == pytest.approx(sk.brier_score_loss(y, p, sample_weight=weights))
    assert ours["balanced_accuracy"] == pytest.approx(
        sk.recall_score(y, flagged, average="macro", **options)
    )
    assert ours["f1_macro"] == pytest.approx(sk.f1_score(y, flagged, average="macro", **options))


@given(weighted_samples())
def test_weighted_ranking_scores_equal_those_of_scikit_learn(sample: Sample) -> None:
    y, p, weights = sample
    ours = {k: v[0] for k, v in metrics._weighted_scores(y, p, Costs())(weights[None, :]).items()}
    if 0 < weights @ y < weights.sum():
        assert ours["roc_auc"] == pytest.approx(sk.roc_auc_score(y, p, sample_weight=weights))
        assert ours["average_precision"] == pytest.approx(
            sk.average_precision_score(y, p, sample_weight=weights)
        )
    else:
        assert not np.isfinite(ours["roc_auc"])


def test_many_weightings_are_scored_each_for_itself() -> None:
    y, p = simulated(50, seed=3)
    weights = np.random.default_rng(0).multinomial(50, np.full(50, 0.02), size=4).astype(float)
    together = metrics._weighted_scores(y, p, Costs())(weights)

    for i, alone in enumerate(weights):
        for name, value in metrics._weighted_scores(y, p, Costs())(alone[None, :]).items():
            assert together[name][i] == pytest.approx(value[0])


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (1, 10), (5, 10), (10, 10), (787, 1_000)])
@pytest.mark.parametrize(("level", "z"), [(0.95, 1.959963984540054), (0.9, 1.6448536269514722)])
def test_wilson_interval_equals_the_formula(hits: int, n: int, level: float, z: float) -> None:
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))

    assert wilson(hits, n, level) == pytest.approx((centre - half, centre + half), abs=1e-12)


def test_accuracy_has_the_wilson_interval() -> None:
    y, p = simulated(300, seed=1)
    accuracy = score(y, p, CONFIG)["accuracy"]

    assert accuracy.value == pytest.approx(sk.accuracy_score(y, p >= 0.5))
    assert (accuracy.low, accuracy.high) == wilson(round(accuracy.value * 300), 300, 0.95)


def test_point_values_equal_those_of_scikit_learn_and_name_their_rows() -> None:
    y, p = simulated(300, seed=2)
    scores = score(y, p, CONFIG)

    assert list(scores) == list(LABELS)
    assert {found.n for found in scores.values()} == {300}
    assert scores["roc_auc"].value == pytest.approx(sk.roc_auc_score(y, p))
    assert scores["average_precision"].value == pytest.approx(sk.average_precision_score(y, p))
    assert scores["log_loss"].value == pytest.approx(sk.log_loss(y, p))
    assert scores["brier"].value == pytest.approx(sk.brier_score_loss(y, p))
    assert scores["f1_macro"].value == pytest.approx(sk.f1_score(y, p >= 0.5, average="macro"))
    assert scores["balanced_accuracy"].value == pytest.approx(
        sk.balanced_accuracy_score(y, p >= 0.5)
    )


@pytest.mark.parametrize("seed", range(5))
def test_every_interval_contains_its_value(seed: int) -> None:
    y, p = simulated(200, seed)
    for name, found in score(y, p, CONFIG).items():
        assert found.low <= found.value <= found.high, name
        assert found.low < found.high, name


def test_nine_in_ten_intervals_contain_the_truth() -> None:
    config = IntervalConfig(level=0.9, resamples=100)
    frame, samples = simulate(60_000, seed=5), 200
    eta = posterior(frame)
    truth = ceilings(eta)
    labels = (frame["test_score"] < PASS_MARK).to_numpy(np.int8)
    covered = dict.fromkeys(("accuracy", "roc_auc", "brier", "log_loss"), 0)
    for rows in np.split(np.arange(60_000), samples):
        scores = score(labels[rows], 1.0 - eta[rows], config)
        for name in covered:
            covered[name] += scores[name].low <= getattr(truth, name) <= scores[name].high

    # Four standard errors of a share of 0.9 in 200 are 0.085.
    assert all(0.815 <= hits / samples <= 0.985 for hits in covered.values()), covered


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only_leaves_the_ranking_scores_out(label: int) -> None:
    y, p = np.full(20, label, np.int8), np.linspace(0.1, 0.9, 20)
    scores = score(y, p, CONFIG)

    assert list(scores) == [n for n in LABELS if n not in ("roc_auc", "average_precision")]
    assert scores["log_loss"].value == pytest.approx(log_losses(y, p).mean())


@pytest.mark.parametrize("label", [0, 1])
def test_intervals_contain_their_values_also_if_there_is_one_class_only(label: int) -> None:
    y = np.full(20, label, np.int8)
    for name, found in score(y, np.full(20, 0.1), CONFIG).items():
        assert found.low - 1e-12 <= found.value <= found.high + 1e-12, (name, found.text())


def test_same_seed_gives_the_same_intervals_and_another_seed_others() -> None:
    y, p = simulated(200, seed=7)
    again = score(y, p, CONFIG)
    other = score(y, p, CONFIG.model_copy(update={"seed": 43}))

    assert score(y, p, CONFIG) == again
    assert other["roc_auc"] != again["roc_auc"]
    assert other["roc_auc"].value == again["roc_auc"].value


def test_higher_level_is_a_wider_interval() -> None:
    y, p = simulated(200, seed=7)
    narrow, wide = (score(y, p, CONFIG.model_copy(update={"level": x})) for x in (0.8, 0.99))

    for name in LABELS:
        assert wide[name].low < narrow[name].low
        assert wide[name].high > narrow[name].high


def test_gain_is_positive_for_the_model_that_loses_less_and_turns_its_sign() -> None:
    rng = np.random.default_rng(1)
    theirs = rng.uniform(0.4, 0.6, 300)
    ours = theirs - rng.uniform(0.05, 0.15, 300)
    better, worse = paired_gain(ours, theirs, CONFIG), paired_gain(theirs, ours, CONFIG)

    assert 0 < better.low < better.value < better.high
    assert better.value == pytest.approx((theirs - ours).mean())
    assert better.n == 300
    assert (worse.value, worse.low, worse.high) == pytest.approx(
        (-better.value, -better.high, -better.low)
    )


def test_gain_of_equal_losses_is_exactly_zero() -> None:
    losses = np.linspace(0, 1, 50)

    assert paired_gain(losses, losses, CONFIG) == estimate(0, 0, 0, n=50)


def test_gain_depends_on_the_seed_only_in_its_interval() -> None:
    ours, theirs = np.random.default_rng(2).uniform(size=(2, 100))
    first = paired_gain(ours, theirs, CONFIG)
    other = paired_gain(ours, theirs, CONFIG.model_copy(update={"seed": 1}))

    assert paired_gain(ours, theirs, CONFIG) == first
    assert other.value == first.value
    assert (other.low, other.high) != (first.low, first.high)


def test_gain_is_paired_so_a_constant_lead_has_no_width() -> None:
    theirs = np.random.default_rng(3).uniform(size=100)
    gain = paired_gain(theirs - 0.25, theirs, CONFIG)

    assert (gain.low, gain.high) == pytest.approx((0.25, 0.25))


def test_row_losses_are_finite_and_those_of_scikit_learn() -> None:
    y, p = np.array([0, 1, 0, 1], np.int8), np.array([0.0, 1.0, 1.0, 0.0])
    losses = log_losses(y, p)

    assert losses[:2] == pytest.approx(0, abs=1e-15)
    assert losses[2:] == pytest.approx(-math.log(np.finfo(np.float64).eps))
    assert losses.mean() == pytest.approx(sk.log_loss(y, p))


def test_student_is_flagged_from_exactly_the_threshold_on() -> None:
    y, p = np.array([1, 1, 0, 0, 1], np.int8), np.array([0.5, 0.4999, 0.5, 0.4999, 0.5])
    scores = score(y, p, CONFIG)

    assert cost_of(y, p, Costs()).tolist() == [0.0, 1.0, 1.0, 0.0, 0.0]
    assert scores["accuracy"].value == 0.6
    assert scores["balanced_accuracy"].value == pytest.approx((2 / 3 + 1 / 2) / 2)


@pytest.mark.parametrize("alone", [0, 1])
def test_one_student_of_a_class_is_enough_for_the_ranking_scores(alone: int) -> None:
    y = np.full(10, 1 - alone, np.int8)
    y[3] = alone

    assert list(score(y, np.linspace(0.1, 0.9, 10), CONFIG)) == list(LABELS)


def test_resample_without_a_score_does_not_spoil_the_interval() -> None:
    replicates = np.array([np.nan, *range(101)])

    assert metrics.percentiles(replicates, 0.9) == pytest.approx((5, 95))


@pytest.mark.parametrize(("digits", "text"), [(3, "0.787 [0.769, 0.804]"), (1, "0.8 [0.8, 0.8]")])
def test_estimate_reads_as_value_and_interval(digits: int, text: str) -> None:
    assert estimate(0.7871, 0.7693, 0.8039).text(digits) == text
    assert estimate(0.7871, 0.7693, 0.8039).text() == "0.787 [0.769, 0.804]"
