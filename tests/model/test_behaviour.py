"""How the default model behaves: what a teacher would expect of it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from student_performance.config import GradientBoostingConfig
from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK, features_of
from student_performance.metrics import Costs, score
from student_performance.models import build, fit, risk
from student_performance.training import Comparison, compare, fit_chosen
from tests.conftest import PROJECT
from tests.model.conftest import simulated

# How much of a habit makes a difference that is worth telling.
HABITS = {"hours_studied": 2.0, "attendance_percent": 5.0, "assignments_completed": 1.0}
each_habit = pytest.mark.parametrize("habit", HABITS)


@pytest.fixture(scope="module")
def train() -> pd.DataFrame:
    return simulated(3_000, seed=1)


@pytest.fixture(scope="module")
def comparison(train: pd.DataFrame, dataset: DatasetConfig) -> Comparison:
    """The default candidates in fewer folds."""
    fewer = ("cross_validation.folds=3", "cross_validation.repeats=1")
    config, _ = load_configs(PROJECT / "configs", "student_performance", fewer)
    return compare(train, dataset, config.learning)


@pytest.fixture(scope="module")
def model(comparison: Comparison, train: pd.DataFrame, dataset: DatasetConfig) -> Pipeline:
    return fit_chosen(comparison, train, dataset)


@pytest.fixture(scope="module")
def boosting(train: pd.DataFrame, dataset: DatasetConfig) -> Pipeline:
    config = GradientBoostingConfig(kind="gradient_boosting")
    labels = train[AT_RISK].to_numpy(copy=True)
    return fit(build(config, dataset), features_of(train, dataset), labels)


def test_default_training_chooses_the_simplest_model_and_not_the_forest_of_the_report(
    comparison: Comparison,
) -> None:
    loss = {c.name: c.scores["log_loss"].value for c in comparison.candidates}

    assert comparison.chosen == "logistic_regression"
    assert loss["report_forest"] > loss["tuned_forest"] > loss["logistic_regression"]


@each_habit
def test_more_of_a_good_habit_lowers_the_risk(
    habit: str, model: Pipeline, students: pd.DataFrame, dataset: DatasetConfig
) -> None:
    more = students.assign(**{habit: students[habit] + HABITS[habit]})
    change = risk(model, features_of(more, dataset)) - risk(model, features_of(students, dataset))

    assert change.max() < 0
    assert change.mean() < -0.01


@each_habit
def test_boosting_never_raises_the_risk_with_a_good_habit(
    habit: str, boosting: Pipeline, students: pd.DataFrame, dataset: DatasetConfig
) -> None:
    some = students.head(300)
    column = dataset.columns[habit]
    ladder = np.linspace(column.minimum or 0, column.maximum or 1, 60)
    steps = [some.assign(**{habit: value}) for value in ladder]
    risks = np.array([risk(boosting, features_of(step, dataset)) for step in steps])

    assert (np.diff(risks, axis=0) <= 1e-12).all()
    assert (risks[0] - risks[-1]).mean() > 0.05


def test_name_and_gender_change_nothing(
    model: Pipeline, students: pd.DataFrame, dataset: DatasetConfig
) -> None:
    other = students.assign(student_id="S99999", gender="Female")

    assert np.array_equal(
        risk(model, features_of(other, dataset)), risk(model, features_of(students, dataset))
    )


def test_risks_are_what_comes_true(
    model: Pipeline, students: pd.DataFrame, dataset: DatasetConfig
) -> None:
    config, _ = load_configs(PROJECT / "configs", "student_performance")
    y = students[AT_RISK].to_numpy(copy=True)
    found = score(y, risk(model, features_of(students, dataset)), Costs(), config.intervals)

    assert found["calibration_error"].value <= 0.02


def test_extreme_students_have_extreme_but_possible_risks(
    model: Pipeline, dataset: DatasetConfig
) -> None:
    habits = {name: [0.0, 100.0] for name in HABITS} | {"assignments_completed": [0, 10]}
    lazy, diligent = risk(model, features_of(pd.DataFrame(habits), dataset))

    assert 0 < diligent < 0.01
    assert 0.99 < lazy < 1
