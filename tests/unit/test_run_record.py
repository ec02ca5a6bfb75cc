"""What a training leaves in the tracker: flat, complete, and without a student."""

from typing import Any

import pandas as pd
import pytest

from student_performance.config import Column, DatasetConfig, LearningConfig, Target
from student_performance.run_record import metrics, parameters, question, synthetic_example
from student_performance.schema import contract
from tests.unit.builders import Training, one_class_report, report


def with_feature(dataset: DatasetConfig, **limits: Any) -> DatasetConfig:
    column = Column.model_validate({"role": "feature", "kind": "number", **limits})
    others = {name: c for name, c in dataset.columns.items() if name not in dataset.features}
    return dataset.model_copy(update={"columns": {**others, "x": column}})


def test_parameters_have_the_names_that_overrides_take(
    learning: LearningConfig, dataset: DatasetConfig
) -> None:
    assert parameters(learning, dataset, report()) == {
        "split.test_share": "0.2",
        "split.key": "student-performance",
        "cross_validation.folds": "3",
        "cross_validation.seed": "42",
        "candidates.logistic_regression.kind": "logistic_regression",
        "candidates.logistic_regression.C": "1.0",
        "candidates.report_forest.kind": "random_forest",
        "candidates.report_forest.n_estimators": "10",
        "candidates.report_forest.random_state": "42",
        "intervals.level": "0.95",
        "intervals.resamples": "100",
        "intervals.seed": "42",
        "chosen": "logistic_regression",
        "dataset": "student_performance",
        "features": "hours_studied, attendance_percent, assignments_completed",
        "target": "test_score < 60",
    }


def test_metrics_hold_every_score_with_its_bounds_and_the_baseline_beside_it() -> None:
    flat = metrics(report())

    assert flat["test_rows"] == 300
    assert flat["train_rows"] == 1_600
    assert flat["test_prevalence"] == 0.342
    assert flat["test_accuracy"] == 0.787654
    assert flat["baseline_test_accuracy"] == 0.658
    assert (flat["test_gain_log_loss_low"], flat["test_gain_log_loss_high"]) == (0.1, 0.3)
    assert (flat["test_gain_accuracy"], flat["test_gain_accuracy_low"]) == (0.13, 0.11)
    assert flat["cv_majority_log_loss"] == 0.64
    assert flat["cv_report_forest_log_loss_high"] == pytest.approx(0.73)
    for name in ("test_roc_auc", "baseline_test_roc_auc", "cv_logistic_regression_roc_auc"):
        assert flat[f"{name}_low"] < flat[name] < flat[f"{name}_high"]


def test_metrics_of_a_real_training_are_numbers_and_none_is_lost(training: Training) -> None:
    flat, made = metrics(training.report), training.report
    scores = len(made.scores) + len(made.baseline) + 2
    scores += sum(len(c.scores) for c in made.comparison.candidates)

    assert len(flat) == 3 + 3 * scores
    assert {type(value) for value in flat.values()} == {float}


def test_score_that_does_not_exist_is_left_out_of_the_metrics() -> None:
    assert not {"test_roc_auc", "baseline_test_roc_auc"} & set(metrics(one_class_report()))


def test_question_depends_on_target_pass_mark_and_features_only(dataset: DatasetConfig) -> None:
    turned = dataset.model_copy(
        update={"name": "other", "columns": dict(reversed(list(dataset.columns.items())))}
    )
    harder = dataset.model_copy(update={"target": Target(column="test_score", pass_mark=60.5)})

    assert question(dataset) == (
        "test_score<60|assignments_completed,attendance_percent,hours_studied"
    )
    assert question(turned) == question(dataset)
    assert question(harder).startswith("test_score<60.5|")
    assert question(with_feature(dataset)) == "test_score<60|x"


def test_example_is_one_made_up_student_with_the_features_only(dataset: DatasetConfig) -> None:
    expected = {
        "hours_studied": [84.0], "attendance_percent": [50.0], "assignments_completed": [5.0],
    }  # fmt: skip

    pd.testing.assert_frame_equal(synthetic_example(dataset), pd.DataFrame(expected))


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"minimum": 0, "maximum": 4},
        {"minimum": 100},
        {"maximum": 30},
        {"maximum": -5},
        {"kind": "integer", "minimum": 0, "maximum": 10},
        {"kind": "integer", "minimum": 0, "maximum": 5},
        {"kind": "category", "categories": ("a", "b")},
    ],
    ids=str,
)
def test_example_keeps_the_contract(limits: dict[str, Any], dataset: DatasetConfig) -> None:
    changed = with_feature(dataset, **limits)
    example = synthetic_example(changed)

    contract(changed).columns["x"].validate(example)
    assert list(example.columns) == ["x"]
