"""The folds in which candidates are compared, and the intervals of their means."""

import numpy as np
import pytest
from scipy import stats
from sklearn.model_selection import StratifiedKFold

from student_performance import training as module
from student_performance.config import CrossValidationConfig
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK
from student_performance.training import folds_of
from tests.unit.trainings import Training, repeating

ONE_REPEAT = CrossValidationConfig(folds=3, repeats=1)


def test_every_row_is_tested_once_a_repeat_in_folds_with_the_same_share_at_risk(
    training: Training, dataset: DatasetConfig
) -> None:
    train = training.train
    folds = folds_of(train, dataset, CrossValidationConfig(folds=3, repeats=2))

    assert len(folds) == 6
    for repeat in (folds[:3], folds[3:]):
        tested = np.concatenate([test for _, test in repeat])
        assert sorted(tested) == list(range(len(train)))
    assert not np.array_equal(folds[0][1], folds[3][1])
    for learn, test in folds:
        assert not set(learn) & set(test)
        assert train[AT_RISK].iloc[test].mean() == pytest.approx(train[AT_RISK].mean(), abs=0.01)


def test_seed_decides_about_the_folds(training: Training, dataset: DatasetConfig) -> None:
    def first(seed: int) -> list[int]:
        options = ONE_REPEAT.model_copy(update={"seed": seed})
        return list(folds_of(training.train, dataset, options)[0][1])

    assert first(1) == first(1)
    assert first(1) != first(2)


def test_student_who_repeats_is_never_on_both_sides_of_a_fold(oulad: DatasetConfig) -> None:
    table = repeating()
    names = table["student_id"]
    folds = folds_of(table, oulad, CrossValidationConfig(folds=3, repeats=2))

    assert len(folds) == 6
    assert sorted(np.concatenate([test for _, test in folds[:3]])) == list(range(len(table)))
    for learn, test in folds:
        assert not set(names.iloc[learn]) & set(names.iloc[test])
        assert table[AT_RISK].iloc[test].mean() == pytest.approx(table[AT_RISK].mean(), abs=0.05)


def test_students_with_a_row_each_are_divided_as_by_scikit_learn(
    training: Training, dataset: DatasetConfig
) -> None:
    y = training.train[AT_RISK].to_numpy()
    theirs = StratifiedKFold(3, shuffle=True, random_state=42).split(y, y)

    for ours, expected in zip(folds_of(training.train, dataset, ONE_REPEAT), theirs, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(ours, expected, strict=True))


def test_students_who_were_ever_at_risk_are_spread_evenly(oulad: DatasetConfig) -> None:
    table = repeating(students=300, terms=3)
    table[AT_RISK] = np.random.default_rng(1).random(len(table)) < 0.2
    ever = table.groupby("student_id")[AT_RISK].max()
    options = CrossValidationConfig(folds=5, repeats=1)
    tested = [
        table["student_id"].iloc[test].unique() for _, test in folds_of(table, oulad, options)
    ]

    assert [len(names) for names in tested] == [60] * 5
    assert np.ptp([ever[names].sum() for names in tested]) <= 1


@pytest.mark.parametrize("rare", [0, 1], ids=["passing", "at risk"])
def test_few_rows_of_an_outcome_are_spread_over_the_folds(rare: int, oulad: DatasetConfig) -> None:
    table = repeating(students=100, terms=3)
    table[AT_RISK] = np.int8(1 - rare)
    table.loc[:4, AT_RISK] = np.int8(rare)  # the first term of five students

    for seed in range(20):
        options = CrossValidationConfig(folds=5, repeats=1, seed=seed)
        folds = folds_of(table, oulad, options)
        assert [(table[AT_RISK].iloc[test] == rare).sum() for _, test in folds] == [1] * 5


@pytest.mark.filterwarnings("error")
def test_everyone_may_have_had_the_rarer_outcome_once(oulad: DatasetConfig) -> None:
    table = repeating(students=30, terms=3)
    table[AT_RISK] = (table["course"] == "term_0").astype(np.int8)
    table.loc[:1, AT_RISK] = np.int8(0)  # but for two students
    folds = folds_of(table, oulad, CrossValidationConfig(folds=5, repeats=1))

    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(table)))
    assert all(table[AT_RISK].iloc[test].nunique() == 2 for _, test in folds)


def test_interval_is_that_of_nadeau_and_bengio(training: Training) -> None:
    options = CrossValidationConfig(folds=5, repeats=2)
    values = np.array([0.50, 0.52, 0.48, 0.51, 0.49, 0.53, 0.47, 0.50, 0.54, 0.46])
    estimates = module._estimates({"log_loss": values}, len(training.train), options, 0.95)
    # One fold in five is tested on: n_test / n_train = 1 / 4.
    half = stats.t.ppf(0.975, 9) * np.sqrt((1 / 10 + 1 / 4) * values.var(ddof=1))

    found = estimates["log_loss"]
    assert found.value == pytest.approx(0.5)
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half))
    assert half == pytest.approx(0.0346, abs=5e-5)


def test_interval_of_a_share_stays_between_0_and_1(training: Training) -> None:
    far = {
        "accuracy": np.array([1.0, 0.99, 0.97]),
        "roc_auc": np.array([0.0, 0.2, 0.01]),
        "log_loss": np.array([0.01, 2.0, 0.01]),
    }
    found = module._estimates(far, len(training.train), ONE_REPEAT, 0.95)

    assert found["accuracy"].high == 1.0
    assert found["roc_auc"].low == found["log_loss"].low == 0.0
    assert found["log_loss"].high > 1


def test_ranking_score_of_a_fold_with_one_class_is_left_out(training: Training) -> None:
    scores = {"log_loss": np.array([0.5, 0.6]), "roc_auc": np.array([0.8, np.nan])}

    assert list(module._estimates(scores, len(training.train), ONE_REPEAT, 0.95)) == ["log_loss"]
