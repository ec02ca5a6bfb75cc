"""The candidates are compared on rows they have not seen, and the baseline is never chosen."""

from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

from student_performance import training as module
from student_performance.config import (
    LearningConfig,
    LogisticRegressionConfig,
    RandomForestConfig,
)
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK
from student_performance.models import build, risk
from student_performance.promotion import Outcome
from student_performance.simulate import ceilings, posterior, simulate
from student_performance.training import Comparison, compare, fit_chosen
from tests.unit.builders import comparison, decision
from tests.unit.trainings import Training, repeating, trained

LINEAR = LogisticRegressionConfig(kind="logistic_regression")
FOREST = RandomForestConfig(kind="random_forest", n_estimators=10)


def only(learning: LearningConfig, **candidates: Any) -> LearningConfig:
    return learning.model_copy(update={"candidates": candidates})


def shuffled(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    labels = np.random.default_rng(seed).permutation(table[AT_RISK].to_numpy())
    return table.assign(**{AT_RISK: labels})


def loss(comparison: Comparison, name: str) -> float:
    return next(c.scores["log_loss"].value for c in comparison.candidates if c.name == name)


def test_baseline_stands_first_and_the_candidates_follow_in_their_order(
    training: Training, learning: LearningConfig
) -> None:
    found = [candidate.name for candidate in training.comparison.candidates]

    assert found == ["majority", *learning.candidates]


def test_comparison_records_what_it_was_made_from(
    training: Training, learning: LearningConfig
) -> None:
    comparison, train = training.comparison, training.train

    assert comparison.rows == len(train)
    assert comparison.prevalence == pytest.approx(train[AT_RISK].mean())
    assert (comparison.folds, comparison.repeats) == (3, 1)
    assert comparison.level == learning.intervals.level
    for candidate in comparison.candidates:
        assert {score.n for score in candidate.scores.values()} == {len(train)}


def with_losses(
    losses: dict[str, list[float]],
    monkeypatch: pytest.MonkeyPatch,
    train: pd.DataFrame,
    dataset: DatasetConfig,
    learning: LearningConfig,
) -> Comparison:
    """A comparison in which each candidate has the given log loss in each fold."""
    candidates = {
        name: LogisticRegressionConfig(kind="logistic_regression", C=number + 1)
        for number, name in enumerate(losses)
    }
    ordered = iter([[0.7, 0.7, 0.7], *losses.values()])

    def fold_scores(*_: object) -> dict[str, Any]:
        return {name: np.array(next(ordered)) for name in ("log_loss",)}

    monkeypatch.setattr(module, "fold_scores", fold_scores)
    return compare(train, dataset, only(learning, **candidates))


# The best has a standard deviation of .1 over 3 folds: a standard error of .1 * sqrt(1/3 + 1/2).
BEST, ERROR = [0.4, 0.5, 0.6], 0.1 * np.sqrt(1 / 3 + 1 / 2)


@pytest.mark.parametrize(
    ("losses", "chosen"),
    [
        ({"a": [0.5 + 0.99 * ERROR] * 3, "b": BEST}, "a"),
        ({"a": [0.5 + 1.01 * ERROR] * 3, "b": BEST}, "b"),
        ({"a": [0.9] * 3, "b": [0.5 + 0.9 * ERROR] * 3, "c": BEST}, "b"),
        ({"a": [0.9] * 3, "b": BEST, "c": [0.5 + 0.1 * ERROR] * 3}, "b"),
        ({"a": BEST, "b": BEST}, "a"),
        # The error is that of the best: another one's may be as large as it likes.
        ({"a": [0.0, 0.7, 1.4], "b": [0.5] * 3}, "b"),
    ],
    ids=["within", "beyond", "simplest within", "complexer is no choice", "equal", "of the best"],
)
def test_simplest_within_one_standard_error_of_the_best_is_chosen(
    losses: dict[str, list[float]],
    chosen: str,
    monkeypatch: pytest.MonkeyPatch,
    training: Training,
    dataset: DatasetConfig,
    learning: LearningConfig,
) -> None:
    found = with_losses(losses, monkeypatch, training.train, dataset, learning)

    assert found.chosen == chosen
    assert np.mean(losses[found.best]) == min(map(np.mean, losses.values()))
    if losses[found.best] == BEST:
        assert found.standard_error == pytest.approx(ERROR)
    assert found.chosen_config == LogisticRegressionConfig(
        kind="logistic_regression", C=list(losses).index(chosen) + 1
    )


def test_choice_is_explained() -> None:
    assert comparison().why() == "logistic_regression has the lowest log loss"
    assert comparison(best="tuned_forest").why() == (
        "logistic_regression is simpler than tuned_forest, whose log loss is lower by less than a"
        " standard error (0.0042)"
    )


def test_tuned_forest_takes_part_with_its_best_leaf_size(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    sizes = (1, 5, 50)
    several = FOREST.model_copy(update={"min_samples_leaf": sizes})
    each = {f"leaf_{s}": FOREST.model_copy(update={"min_samples_leaf": s}) for s in sizes}
    tuned = compare(training.train, dataset, only(learning, forest=several))
    alone = compare(training.train, dataset, only(learning, **each))

    assert tuned.candidates[1].setting == "min_samples_leaf=50"
    assert tuned.candidates[1].scores == alone.candidates[3].scores
    assert loss(tuned, "forest") == min(loss(alone, name) for name in each)
    assert tuned.chosen_config == each["leaf_50"]
    assert [c.setting for c in alone.candidates] == [""] * 4


def test_chosen_forest_is_fitted_with_the_leaf_size_that_was_found(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    several = FOREST.model_copy(update={"min_samples_leaf": (50, 5), "n_estimators": 3})
    found = compare(training.train, dataset, only(learning, forest=several))
    model = fit_chosen(found, training.train, dataset)

    assert model.named_steps["estimator"].min_samples_leaf == 50
    assert len(model.named_steps["estimator"].estimators_) == 3


def test_baseline_is_never_chosen_even_if_it_loses_least(
    students: pd.DataFrame, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    found = compare(shuffled(students, seed=1), dataset, only(learning, forest=FOREST))

    assert loss(found, "majority") < loss(found, "forest")
    assert found.chosen == found.best == "forest"


def test_hold_out_has_no_influence_on_what_is_chosen(
    students: pd.DataFrame, training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    held_out = students["student_id"].isin(training.test["student_id"])
    rng = np.random.default_rng(1)
    spoilt = students.copy()
    spoilt.loc[held_out, AT_RISK] = rng.integers(0, 2, held_out.sum()).astype(np.int8)
    for feature in dataset.features:
        spoilt[feature] = spoilt[feature].astype("float64")
        spoilt.loc[held_out, feature] = rng.normal(1e6, 1e6, held_out.sum())
    spoilt.loc[held_out, "gender"] = "Male"
    again = trained(spoilt.astype(students.dtypes), dataset, learning)

    assert not again.test.equals(training.test)
    assert again.comparison == training.comparison
    assert again.setup == training.setup
    assert joblib.hash(again.model) == joblib.hash(training.model)
    assert again.report.scores != training.report.scores


def test_validation_part_has_no_influence_on_the_comparison(
    students: pd.DataFrame, training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    inside = students["student_id"].isin(training.validation["student_id"])
    spoilt = students.copy()
    spoilt.loc[inside, AT_RISK] = 1 - spoilt.loc[inside, AT_RISK]
    again = trained(spoilt, dataset, only(learning, linear=LINEAR))
    fitted = build(LINEAR, dataset).fit(training.train, training.train[AT_RISK].to_numpy())

    assert again.comparison.candidates[1].scores == training.comparison.candidates[1].scores
    assert again.setup.calibration != training.setup.calibration
    assert np.array_equal(
        risk(fit_chosen(again.comparison, again.train, dataset), again.test),
        risk(fitted, again.test),
    )


def test_forest_that_remembers_students_scores_like_chance(
    oulad: DatasetConfig, learning: LearningConfig
) -> None:
    found = compare(repeating(), oulad, only(learning, forest=FOREST))

    # In folds that divide students this forest reaches an AUC of 1.
    assert found.candidates[1].scores["roc_auc"].value < 0.65


def test_same_training_gives_the_same_model(
    training: Training, students: pd.DataFrame, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    again = trained(students, dataset, learning)

    assert joblib.hash(again.model) == joblib.hash(training.model)
    assert again.report == training.report


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_model_that_learnt_shuffled_labels_does_not_beat_the_baseline(
    seed: int, students: pd.DataFrame, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    # The hold-out is shuffled too: a chance direction would agree with its true labels by half.
    result = trained(shuffled(students, seed), dataset, only(learning, linear=LINEAR))
    linear = result.comparison.candidates[1]

    assert linear.scores["roc_auc"].value == pytest.approx(0.5, abs=0.06)
    assert result.report.log_loss_gain.low <= 0
    assert decision(result.report).outcome is Outcome.REFUSED


def test_chosen_model_is_near_the_ceiling_and_not_above_it(
    students: pd.DataFrame, training: Training
) -> None:
    eta = posterior(simulate(2_000, seed=1))
    held_out = students["student_id"].isin(training.test["student_id"]).to_numpy()
    oracle = ceilings(eta[held_out])
    scores = training.report.scores

    assert scores["log_loss"].value == pytest.approx(oracle.log_loss, abs=0.05)
    assert scores["roc_auc"].low < oracle.roc_auc
    assert scores["accuracy"].low < oracle.accuracy
