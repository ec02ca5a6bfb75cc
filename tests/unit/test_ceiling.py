"""The truth beside a model: nobody beats it, and who does is caught."""

import numpy as np
import pandas as pd
import pytest

from student_performance.ceiling import Ceiling, accuracy_bound, ceiling_of, fits, true_risks
from student_performance.config import IntervalConfig
from student_performance.contract import DatasetConfig
from student_performance.metrics import Costs, bootstrap, log_losses, score
from student_performance.simulate import PASS_MARK, World, ceilings, posterior, simulate
from student_performance.target import Target
from tests.unit.trainings import Training

INTERVALS = IntervalConfig(resamples=200)


def labels(frame: pd.DataFrame, pass_mark: float = PASS_MARK) -> np.ndarray:
    return (frame["test_score"] < pass_mark).to_numpy(np.int8)


def beside(
    frame: pd.DataFrame, p: np.ndarray, dataset: DatasetConfig, costs: Costs | None = None
) -> Ceiling | None:
    y = labels(frame, dataset.target.pass_mark or PASS_MARK)
    risks = true_risks(frame, dataset, y)
    if risks is None:
        return None
    found = bootstrap(y, {"truth": risks, "model": p}, costs or Costs(), INTERVALS)
    return ceiling_of(risks, found["truth"], found["model"], INTERVALS.level)


@pytest.mark.parametrize("rows", [1_000, 10_000])
def test_scores_of_the_truth_are_those_of_its_risks_on_the_same_rows(
    rows: int, dataset: DatasetConfig
) -> None:
    frame = simulate(rows, seed=3)
    truth, costs = 1 - posterior(frame), Costs(threshold=1 / 6, missed=5)
    found = beside(frame, np.full(rows, 0.35), dataset, costs)

    assert found is not None
    assert found.scores == score(labels(frame), truth, costs, INTERVALS)
    assert not found.exceeded
    excess = log_losses(labels(frame), np.full(rows, 0.35)) - log_losses(labels(frame), truth)
    assert found.log_loss_excess.value == pytest.approx(excess.mean())
    assert found.log_loss_excess.low > 0


def test_scores_of_the_truth_are_near_the_ceilings_of_many_students(
    dataset: DatasetConfig,
) -> None:
    frame = simulate(20_000, seed=4)
    found, limit = beside(frame, 1 - posterior(frame), dataset), ceilings(posterior(frame))

    assert found is not None
    for name in ("accuracy", "roc_auc", "brier", "log_loss"):
        assert found.scores[name].low < getattr(limit, name) < found.scores[name].high, name


def test_truth_itself_does_not_exceed_itself(dataset: DatasetConfig) -> None:
    for seed in range(30):
        frame = simulate(500, seed)
        found = beside(frame, 1 - posterior(frame), dataset)
        assert found is not None
        assert not found.exceeded
        assert found.log_loss_excess.value == 0


def test_model_whose_accuracy_is_above_the_bound_leaks(dataset: DatasetConfig) -> None:
    frame = simulate(1_000, seed=5)
    y = labels(frame)
    # Right, but so unsure of it that its log loss tells nothing.
    found = beside(frame, np.where(y == 1, 0.51, 0.49), dataset)

    assert found is not None
    assert found.exceeded
    assert found.log_loss_excess.value > 0


def test_model_whose_log_loss_is_below_that_of_the_truth_leaks(dataset: DatasetConfig) -> None:
    frame = simulate(5_000, seed=5)
    truth, y = 1 - posterior(frame), labels(frame)
    knowing = np.clip(truth + np.where(y == 1, 0.04, -0.04), 0.001, 0.999)
    # Nobody changes sides, so the accuracy is that of the truth.
    knowing = np.where((knowing >= 0.5) == (truth >= 0.5), knowing, truth)
    found = beside(frame, knowing, dataset)

    assert found is not None
    assert found.exceeded
    assert np.mean((knowing >= 0.5) == y) <= found.accuracy_bound
    assert found.log_loss_excess.high < 0


def test_trained_model_does_not_exceed_the_truth(training: Training) -> None:
    found = training.report.ceiling

    assert found is not None
    assert not found.exceeded
    accuracy = training.report.scores["accuracy"]
    assert accuracy.value <= found.accuracy_bound
    assert found.scores["log_loss"].value + found.log_loss_excess.value == pytest.approx(
        training.report.scores["log_loss"].value
    )


@pytest.mark.parametrize(
    "world",
    [World(base=4.5), World(hours_effect=10), World(base=20), World(noise=6), World(noise=12)],
    ids=["harder", "hours", "easier", "surer", "noisier"],
)
def test_rows_of_another_world_have_no_ceiling(world: World, dataset: DatasetConfig) -> None:
    frame = simulate(2_000, seed=6, world=world)

    assert beside(frame, np.full(2_000, 0.5), dataset) is None
    known = dataset.model_copy(update={"world": world})
    assert beside(frame, np.full(2_000, 0.5), known) is not None


def test_data_set_without_a_world_or_pass_mark_has_no_ceiling(dataset: DatasetConfig) -> None:
    frame = simulate(500, seed=6)
    real = dataset.model_copy(update={"world": None})
    by_name = dataset.model_copy(update={"target": Target(column="test_score", passing=("a",))})

    assert beside(frame, np.full(500, 0.5), real) is None
    assert beside(frame, np.full(500, 0.5), by_name) is None


@pytest.mark.parametrize("mark", [50, 70])
def test_truth_follows_the_pass_mark(mark: float, dataset: DatasetConfig) -> None:
    target = Target(column="test_score", pass_mark=mark)
    frame = simulate(3_000, seed=7)
    found = beside(frame, np.full(3_000, 0.5), dataset.model_copy(update={"target": target}))

    assert found is not None
    assert found.scores["calibration_error"].low < 0.02


@pytest.mark.parametrize(("rows", "bound"), [(200, 0.890), (1_000, 0.834), (10_000, 0.802)])
def test_bound_on_the_accuracy_is_that_of_the_documentation(rows: int, bound: float) -> None:
    # Students who all pass with the same chance have that as the ceiling of their accuracy.
    assert accuracy_bound(np.full(rows, 0.787)) == pytest.approx(bound, abs=5e-4)


def test_bound_is_exceeded_by_chance_once_in_ten_thousand_times() -> None:
    right = np.random.default_rng(1).binomial(1_000, 0.787, size=200_000) / 1_000
    share = (right > accuracy_bound(np.full(1_000, 0.787))).mean()

    assert 0 < share <= 1e-4 + 4 * np.sqrt(1e-4 / 200_000)


def test_labels_fit_the_chances_they_were_drawn_from_and_no_others() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        eta = rng.uniform(size=400)
        y = (rng.uniform(size=400) >= eta).astype(np.int8)
        assert fits(eta, y)
        assert not fits(np.clip(eta + 0.15, 0, 1), y), "more students pass"
        assert not fits(0.5 + (eta - 0.5) / 3, y), "the chances are too timid"
