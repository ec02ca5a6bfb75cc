"""Candidates are whole pipelines: they prepare what they see, and see only the features."""

from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from student_performance.config import (
    CandidateConfig,
    GradientBoostingConfig,
    LogisticRegressionConfig,
    RandomForestConfig,
)
from student_performance.contract import Column, DatasetConfig
from student_performance.models import build, build_baseline, fit, risk, variants
from tests.unit.trainings import FixedRisk

LINEAR = LogisticRegressionConfig(kind="logistic_regression")
BOOSTING = GradientBoostingConfig(kind="gradient_boosting", max_iter=30)
HOURS = {"role": "feature", "known": "before", "kind": "number", "nullable": True}
COURSE = {
    "role": "feature",
    "known": "before",
    "kind": "category",
    "categories": ("a", "b"),
    "nullable": True,
}


def contract(**features: dict[str, Any]) -> DatasetConfig:
    columns = {"id": {"role": "id", "kind": "text"}, "score": {"role": "outcome", "kind": "number"}}
    return DatasetConfig(
        name="school",
        description="A school.",
        file="school.csv",
        columns={k: Column.model_validate(v) for k, v in (columns | features).items()},
        target={"column": "score", "pass_mark": 60},
    )


def habits(rows: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    """Much studying helps, and so does course b."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "hours": rng.uniform(0, 10, rows),
            "course": pd.Series(["a", "b"] * (rows // 2), dtype="str"),
        }
    )
    at_risk = table["hours"] + 3 * (table["course"] == "b") + rng.normal(0, 1, rows) < 6
    return table, at_risk.to_numpy(np.int8)


@pytest.mark.parametrize(
    ("candidate", "kind", "settings"),
    [
        (LINEAR.model_copy(update={"C": 0.25}), LogisticRegression, {"C": 0.25}),
        (
            RandomForestConfig(kind="random_forest", n_estimators=7, random_state=3),
            RandomForestClassifier,
            {"n_estimators": 7, "random_state": 3, "min_samples_leaf": 1},
        ),
        (
            RandomForestConfig(kind="random_forest", min_samples_leaf=(20,)),
            RandomForestClassifier,
            {"n_estimators": 100, "random_state": 42, "min_samples_leaf": 20},
        ),
        (
            BOOSTING.model_copy(update={"learning_rate": 0.2, "max_leaf_nodes": 4}),
            HistGradientBoostingClassifier,
            {"learning_rate": 0.2, "max_iter": 30, "max_leaf_nodes": 4, "early_stopping": False},
        ),
    ],
)
def test_candidate_is_built_with_its_settings(
    candidate: CandidateConfig, kind: type[Any], settings: dict[str, Any], dataset: DatasetConfig
) -> None:
    estimator = build(candidate, dataset).named_steps["estimator"]

    assert type(estimator) is kind
    assert {name: estimator.get_params()[name] for name in settings} == settings


@pytest.mark.parametrize("kinds", [("hours",), ("course",), ("hours", "course")])
def test_numbers_and_categories_can_be_learnt_from_alone_and_together(
    kinds: tuple[str, ...],
) -> None:
    table, y = habits()
    dataset = contract(**{name: {"hours": HOURS, "course": COURSE}[name] for name in kinds})
    features = table[list(kinds)]
    model = build(LINEAR, dataset).fit(features, y)
    diligent = pd.DataFrame({"hours": [9.5], "course": ["b"]})[list(kinds)]
    lazy = pd.DataFrame({"hours": [0.5], "course": ["a"]})[list(kinds)]

    assert risk(model, diligent)[0] < y.mean() < risk(model, lazy)[0]


def test_empty_number_is_taken_for_the_median() -> None:
    table, y = habits()
    model = build(LINEAR, contract(hours=HOURS)).fit(table[["hours"]], y)
    both = pd.DataFrame({"hours": [np.nan, table["hours"].median()]})
    empty, median = risk(model, both)

    assert empty == pytest.approx(median)


def test_numbers_are_scaled_so_that_their_unit_does_not_matter() -> None:
    table, y = habits()
    dataset = contract(hours=HOURS)
    hours = table[["hours"]]

    in_hours = risk(build(LINEAR, dataset).fit(hours, y), hours)
    in_minutes = risk(build(LINEAR, dataset).fit(hours * 60, y), hours * 60)
    assert in_minutes == pytest.approx(in_hours)


@pytest.mark.parametrize("course", [np.nan, "c"])
def test_empty_or_new_category_stands_between_the_known_ones(course: Any) -> None:
    table, y = habits()
    model = build(LINEAR, contract(course=COURSE)).fit(table[["course"]], y)
    frame = pd.DataFrame({"course": pd.Series(["b", course, "a"], dtype="str")})
    low, between, high = risk(model, frame)

    assert low < between < high


def test_category_without_a_row_in_training_has_a_column_all_the_same() -> None:
    table, y = habits()
    dataset = contract(course={**COURSE, "categories": ("a", "b", "rare")})
    model = build(LINEAR, dataset).fit(table[["course"]], y)

    assert model.named_steps["estimator"].n_features_in_ == 3


def test_nullable_number_that_is_empty_throughout_does_not_stop_a_training() -> None:
    _, y = habits()
    empty = pd.DataFrame({"hours": np.full(len(y), np.nan)})
    model = build(LINEAR, contract(hours=HOURS)).fit(empty, y)

    assert risk(model, empty) == pytest.approx(y.mean(), abs=0.01)


def test_candidate_sees_the_features_and_nothing_else(
    students: pd.DataFrame, dataset: DatasetConfig
) -> None:
    model = build(LINEAR, dataset).fit(students, students["at_risk"].to_numpy(copy=True))

    assert model.named_steps["estimator"].n_features_in_ == len(dataset.features)
    assert model[:-1].get_feature_names_out().tolist() == [
        f"numbers__{name}" for name in dataset.features
    ]


def test_baseline_gives_everybody_the_chance_of_the_training_rows() -> None:
    table, y = habits()

    assert risk(build_baseline().fit(table, y), table) == pytest.approx(y.mean())


@pytest.mark.parametrize("classes", [(0, 1), (1, 0)])
def test_risk_is_the_chance_of_class_one_wherever_it_stands(classes: tuple[int, int]) -> None:
    risks = np.array([0.1, 0.7])
    found = risk(FixedRisk(risks, classes), pd.DataFrame(index=range(2)))

    assert found == pytest.approx(risks)
    assert found.dtype == np.float64


def test_boosting_keeps_the_directions_of_the_contract_and_no_other() -> None:
    dataset = contract(
        course=COURSE,
        hours={**HOURS, "risk": "falls"},
        absences={**HOURS, "risk": "rises"},
        age=HOURS,
    )
    estimator = build(BOOSTING, dataset).named_steps["estimator"]

    # The preprocessing puts the numbers first, then one column for each category.
    assert list(estimator.monotonic_cst) == [-1, 1, 0, 0, 0]


def test_boosting_does_not_learn_a_direction_that_the_contract_rules_out() -> None:
    table, y = habits(400)
    hours, wrong = table[["hours"]], (1 - y).astype(np.int8)  # here, much studying hurts
    falls = build(BOOSTING, contract(hours={**HOURS, "risk": "falls"})).fit(hours, wrong)
    free = build(BOOSTING, contract(hours=HOURS)).fit(hours, wrong)
    asked = pd.DataFrame({"hours": np.linspace(0, 10, 50)})

    assert (np.diff(risk(falls, asked)) <= 0).all()
    assert risk(free, asked)[-1] > risk(free, asked)[0] + 0.5


def test_variants_are_the_leaf_sizes_by_their_description() -> None:
    forest = RandomForestConfig(kind="random_forest", min_samples_leaf=(5, 20))
    one = forest.model_copy(update={"min_samples_leaf": 5})

    assert variants(LINEAR) == {"": LINEAR}
    assert variants(one) == {"": one}
    assert variants(forest) == {
        "min_samples_leaf=5": one,
        "min_samples_leaf=20": forest.model_copy(update={"min_samples_leaf": 20}),
    }


@pytest.mark.parametrize(
    "candidate",
    [LINEAR, RandomForestConfig(kind="random_forest", n_estimators=5), BOOSTING],
    ids=lambda candidate: candidate.kind,
)
def test_fit_gives_the_same_model_each_time(candidate: CandidateConfig) -> None:
    table, y = habits()
    dataset = contract(hours=HOURS, course=COURSE)
    first, second = (
        fit(build(candidate, dataset), table[["hours", "course"]], y) for _ in range(2)
    )

    assert joblib.hash(first) == joblib.hash(second)
