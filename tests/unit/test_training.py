"""The candidates are compared on rows they have not seen, and the baseline is never chosen."""

import numpy as np
import pandas as pd
import pytest

from student_performance import training as module
from student_performance.config import (
    CrossValidationConfig,
    DatasetConfig,
    LearningConfig,
    RandomForestConfig,
)
from student_performance.dataset import AT_RISK
from student_performance.evaluation import evaluate
from student_performance.models import risk
from student_performance.promotion import Outcome
from student_performance.simulate import ceilings, posterior, simulate
from student_performance.splitting import split
from student_performance.training import Comparison, compare, fit
from tests.unit.builders import Training, decision


def with_forest_only(learning: LearningConfig) -> LearningConfig:
    forest = RandomForestConfig(kind="random_forest", n_estimators=10)
    return learning.model_copy(update={"candidates": {"forest": forest}})


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
    assert comparison.folds == learning.cross_validation.folds == 3
    assert comparison.level == learning.intervals.level
    for candidate in comparison.candidates:
        assert {score.n for score in candidate.scores.values()} == {len(train)}


def test_candidate_with_the_lowest_log_loss_is_chosen(training: Training) -> None:
    comparison = training.comparison
    losses = {name: loss(comparison, name) for name in ("logistic_regression", "report_forest")}

    assert comparison.chosen == min(losses, key=losses.__getitem__) == "logistic_regression"


def test_choice_does_not_depend_on_the_order_of_the_candidates(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    turned = learning.model_copy(
        update={"candidates": dict(reversed(list(learning.candidates.items())))}
    )

    assert compare(training.train, dataset, turned).chosen == "logistic_regression"


def test_baseline_is_never_chosen_even_if_it_loses_least(
    students: pd.DataFrame, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    comparison = compare(shuffled(students, seed=1), dataset, with_forest_only(learning))

    assert loss(comparison, "majority") < loss(comparison, "forest")
    assert comparison.chosen == "forest"


def test_comparison_does_not_know_what_is_in_the_hold_out(
    students: pd.DataFrame, training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    held_out = students["student_id"].isin(training.test["student_id"])
    spoilt = students.copy()
    spoilt.loc[held_out, AT_RISK] = 1 - spoilt.loc[held_out, AT_RISK]
    spoilt.loc[held_out, "hours_studied"] = 0.0
    train, _ = split(spoilt, dataset, learning.split, learning.cross_validation.folds)

    assert compare(train, dataset, learning) == training.comparison


def test_every_row_is_tested_once_in_folds_with_the_same_share_at_risk(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    train = training.train
    folds = module._folds(train, dataset, learning)

    assert len(folds) == 3
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(train)))
    for learn, test in folds:
        assert not set(learn) & set(test)
        assert train[AT_RISK].iloc[test].mean() == pytest.approx(train[AT_RISK].mean(), abs=0.01)


def test_seed_decides_about_the_folds(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    def first(seed: int) -> list[int]:
        folds = CrossValidationConfig(folds=3, seed=seed)
        config = learning.model_copy(update={"cross_validation": folds})
        return list(module._folds(training.train, dataset, config)[0][1])

    assert first(1) == first(1)
    assert first(1) != first(2)


def repeating(students: int = 150, terms: int = 4) -> pd.DataFrame:
    """Each student returns with the same habits and the same outcome, which is pure chance."""
    once = simulate(students, seed=2).drop(columns="test_score")
    labels = np.random.default_rng(3).integers(0, 2, students).astype(np.int8)
    each = once.assign(**{AT_RISK: labels})
    return pd.concat([each.assign(course=f"term {t}") for t in range(terms)], ignore_index=True)


def test_student_who_repeats_is_never_on_both_sides_of_a_fold(
    oulad: DatasetConfig, learning: LearningConfig
) -> None:
    table = repeating()
    names = table["student_id"]
    folds = module._folds(table, oulad, learning)

    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(table)))
    for learn, test in folds:
        assert not set(names.iloc[learn]) & set(names.iloc[test])
        assert table[AT_RISK].iloc[test].mean() == pytest.approx(table[AT_RISK].mean(), abs=0.05)


def test_forest_that_remembers_students_scores_like_chance(
    oulad: DatasetConfig, learning: LearningConfig
) -> None:
    comparison = compare(repeating(), oulad, with_forest_only(learning))

    # In folds that divide students this forest reaches an AUC of 1.
    assert comparison.candidates[1].scores["roc_auc"].value < 0.65


def test_fitted_candidate_has_its_settings_and_the_features_of_the_contract(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    model = fit("report_forest", training.train, dataset, learning)

    assert len(model.named_steps["estimator"].estimators_) == 10
    assert list(model.feature_names_in_) == list(dataset.features)
    assert risk(model, training.train).shape == (len(training.train),)


def test_same_training_gives_the_same_model(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    again = fit("logistic_regression", training.train, dataset, learning)

    assert np.array_equal(risk(again, training.test), risk(training.model, training.test))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_model_that_learnt_shuffled_labels_does_not_beat_the_baseline(
    seed: int, students: pd.DataFrame, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    # The hold-out is shuffled too: a chance direction would agree with its true labels by half.
    table = shuffled(students, seed)
    train, test = split(table, dataset, learning.split, learning.cross_validation.folds)
    comparison = compare(train, dataset, learning)
    model = fit(comparison.chosen, train, dataset, learning)
    report = evaluate(model, test, dataset, comparison, learning.intervals)

    assert comparison.candidates[1].scores["roc_auc"].value == pytest.approx(0.5, abs=0.06)
    assert report.log_loss_gain.low <= 0
    assert decision(report).outcome is Outcome.REFUSED


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
