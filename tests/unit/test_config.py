"""The contract of a table and the settings of a training, as frozen models."""

from typing import Any

import pytest
from pydantic import ValidationError

from student_performance.config import (
    CrossValidationConfig,
    GatePolicy,
    IntervalConfig,
    LearningConfig,
    LogisticRegressionConfig,
    RandomForestConfig,
    SplitConfig,
    TrainConfig,
)
from student_performance.config_files import load_configs
from student_performance.contract import Column, DatasetConfig, Role
from student_performance.target import Target
from tests.unit.builders import CONFIGS

ID = {"role": "id", "kind": "text"}
NUMBER = {"role": "feature", "kind": "number", "known": "before"}
SCORE = {"role": "outcome", "kind": "number"}


def dataset_of(columns: dict[str, Any], target: str = "score") -> DatasetConfig:
    return DatasetConfig.model_validate(
        {
            "name": "school",
            "description": "A school.",
            "file": "school.csv",
            "columns": columns,
            "target": {"column": target, "pass_mark": 60},
        }
    )


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"kind": "number"}, "a number"),
        ({"kind": "number", "minimum": 0, "maximum": 1.5}, "a number from 0 to 1.5"),
        ({"kind": "number", "minimum": 2}, "a number of at least 2"),
        ({"kind": "number", "maximum": -3}, "a number of at most -3"),
        ({"kind": "integer"}, "a whole number"),
        ({"kind": "integer", "minimum": 0, "maximum": 10}, "a whole number from 0 to 10"),
        ({"kind": "integer", "minimum": 0}, "a whole number of at least 0"),
        ({"kind": "integer", "maximum": 9}, "a whole number of at most 9"),
        ({"kind": "category", "categories": ("a", "b")}, "one of a, b"),
        ({"kind": "text"}, "any text"),
    ],
)
def test_column_says_in_words_what_is_allowed(column: dict[str, Any], words: str) -> None:
    assert Column.model_validate({"role": "outcome", **column}).allowed() == words


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"kind": "category"}, "`categories` belongs to kind `category`"),
        ({"kind": "number", "categories": ("a",)}, "`categories` belongs to kind `category`"),
        ({"kind": "text", "minimum": 0}, "`minimum` and `maximum` belong to kinds"),
        ({"kind": "text", "maximum": 0}, "`minimum` and `maximum` belong to kinds"),
        ({"kind": "number", "minimum": 5, "maximum": 4}, "`minimum` 5 is not below `maximum` 4"),
        ({"kind": "number", "minimum": 5, "maximum": 5}, "`minimum` 5 is not below `maximum` 5"),
        ({"kind": "text", "role": "feature"}, "a feature is a `number`, an `integer` or a"),
    ],
)
def test_column_with_limits_that_do_not_fit_is_refused(
    column: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Column.model_validate({"role": "outcome", **column})


def test_features_are_derived_from_the_roles_in_the_order_of_the_contract(
    dataset: DatasetConfig,
) -> None:
    assert list(dataset.features) == [
        "hours_studied", "attendance_percent", "assignments_completed",
    ]  # fmt: skip
    assert dataset.id_column == "student_id"
    assert dataset.with_role(Role.OUTCOME) == ("test_score",)
    assert dataset.with_role(Role.SENSITIVE) == ("gender",)
    assert dataset.with_role(Role.COHORT) == ()
    assert dataset.row_key == ("student_id",)


def test_row_is_named_by_student_and_cohort_where_there_is_one(oulad: DatasetConfig) -> None:
    assert oulad.row_key == ("student_id", "course")


@pytest.mark.parametrize(
    ("columns", "target", "message"),
    [
        (
            {"id": ID, "other": ID, "x": NUMBER, "score": SCORE},
            "score",
            "at most one column has the role `id`",
        ),
        ({"id": ID, "score": SCORE}, "score", "at least one column has the role `feature`"),
        (
            {"id": ID, "x": NUMBER, "score": SCORE},
            "scores",
            "`scores` is not among the columns; outcomes are: score. Did you mean `score`",
        ),
        ({"id": ID, "x": NUMBER}, "score", "outcomes are: none"),
        ({"id": ID, "x": NUMBER}, "x", "`x` needs the role `outcome`"),
        (
            {"id": ID, "x": NUMBER, "grade": {"role": "outcome", "kind": "text"}},
            "grade",
            "`grade` is of kind `text`: a number needs",
        ),
    ],
)
def test_contract_without_a_complete_set_of_roles_is_refused(
    columns: dict[str, Any], target: str, message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        dataset_of(columns, target)


def test_settings_are_frozen_and_know_all_of_their_keys() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        SplitConfig().test_share = 0.5
    with pytest.raises(ValidationError, match="Extra inputs"):
        SplitConfig.model_validate({"test_shares": 0.5})


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (SplitConfig, {"test_share": 0}),
        (SplitConfig, {"test_share": 1}),
        (CrossValidationConfig, {"folds": 1}),
        (IntervalConfig, {"level": 0.5}),
        (IntervalConfig, {"level": 1}),
        (IntervalConfig, {"resamples": 99}),
        (GatePolicy, {"min_test_rows": 0}),
        (LogisticRegressionConfig, {"kind": "logistic_regression", "C": 0}),
        (RandomForestConfig, {"kind": "random_forest", "n_estimators": 0}),
        (LearningConfig, {"candidates": {}}),
    ],
)
def test_value_at_the_forbidden_end_of_a_range_is_refused(model: Any, values: Any) -> None:
    with pytest.raises(ValidationError, match="1 validation error"):
        model.model_validate(values)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (CrossValidationConfig, {"folds": 2}),
        (IntervalConfig, {"resamples": 100}),
        (GatePolicy, {"min_test_rows": 1}),
        (RandomForestConfig, {"kind": "random_forest", "n_estimators": 1}),
    ],
)
def test_value_at_the_allowed_end_of_a_range_is_accepted(model: Any, values: Any) -> None:
    assert model.model_validate(values).model_dump().items() >= values.items()


def test_defaults_are_those_of_the_shipped_file() -> None:
    shipped, _ = load_configs(CONFIGS, "student_performance")

    assert TrainConfig(candidates=shipped.candidates) == shipped
    linear = LogisticRegressionConfig(kind="logistic_regression")
    assert shipped.candidates["logistic_regression"] == linear
    assert shipped.candidates["report_forest"] == RandomForestConfig(kind="random_forest")


def test_cells_may_not_be_empty_unless_the_contract_says_so() -> None:
    assert not Column.model_validate(NUMBER).nullable
    assert Column.model_validate(NUMBER | {"nullable": True}).nullable


def test_name_of_the_baseline_is_taken() -> None:
    with pytest.raises(ValidationError, match="`majority` is the baseline and always takes part"):
        LearningConfig(candidates={"majority": RandomForestConfig(kind="random_forest")})


def test_learning_is_the_training_without_the_gate() -> None:
    candidates = {"a": LogisticRegressionConfig(kind="logistic_regression", C=0.3)}
    split, folds = SplitConfig(test_share=0.3), CrossValidationConfig(folds=4)
    intervals = IntervalConfig(resamples=200)
    strict, lax = (
        TrainConfig(
            candidates=candidates,
            split=split,
            cross_validation=folds,
            intervals=intervals,
            gate=GatePolicy(min_test_rows=rows),
        )
        for rows in (1_000, 10)
    )

    assert strict.learning == lax.learning
    assert type(strict.learning) is LearningConfig
    assert strict.learning == LearningConfig(
        candidates=candidates, split=split, cross_validation=folds, intervals=intervals
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"known": None}, "a feature says when it is known"),
        ({"share_of": "y", "rank_within": "y"}, "a share or a rank, not both"),
        ({"kind": "category", "categories": ("a",), "share_of": "y"}, "only a feature that is a"),
        (
            {"kind": "category", "categories": ("a",), "risk": "falls"},
            "`risk` belongs to a feature",
        ),
        ({"term": "(a)"}, "`term` belongs to the role `cohort`"),
        ({"role": "cohort", "kind": "text", "term": "a"}, "needs exactly one group"),
        ({"role": "cohort", "kind": "text", "term": "("}, "is no regular expression"),
    ],
)
def test_use_that_does_not_fit_the_role_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Column.model_validate(NUMBER | changes)


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"passing": ()},
        {"pass_mark": 1, "passing": ("a",)},
        {"passing": ("a",), "at_risk": ("b",)},
    ],
)
def test_target_has_exactly_one_rule(rules: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a target has one rule"):
        Target(column="score", **rules)


def test_target_says_in_words_who_passes() -> None:
    assert Target(column="x", pass_mark=60).text() == "x >= 60"
    assert Target(column="x", passing=("A", "B")).text() == "x is A or B"
    assert Target(column="x", at_risk=("C",)).text() == "x is not C"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere", "not among the columns"),
        ("score", "cannot be derived from the outcome"),
        ("id", "cannot be derived from the id"),
        ("group", "cannot be divided by `group`, which is no number"),
    ],
)
def test_share_of_what_cannot_be_a_divisor_is_refused(source: str, message: str) -> None:
    group = {"role": "context", "kind": "text"}
    share = NUMBER | {"share_of": source}
    with pytest.raises(ValidationError, match=message):
        dataset_of({"id": ID, "x": share, "group": group, "score": SCORE})


def test_table_without_an_identifier_is_named_by_the_number_of_the_row() -> None:
    contract = dataset_of({"x": NUMBER, "score": SCORE})

    assert contract.id_column == "row_number"
    assert contract.row_key == ()
