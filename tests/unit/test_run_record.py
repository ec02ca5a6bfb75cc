"""What a training leaves in the tracker: flat, complete, and without a student."""

from typing import Any

import pandas as pd
import pytest

from student_performance.config import LearningConfig
from student_performance.contract import Column, DatasetConfig
from student_performance.run_record import metrics, parameters, question, synthetic_example
from student_performance.schema import contract
from student_performance.target import Target
from tests.unit.builders import ceiling, division, one_class_report, report, setup, threshold
from tests.unit.trainings import Training


def with_feature(dataset: DatasetConfig, **limits: Any) -> DatasetConfig:
    column = Column.model_validate(
        {"role": "feature", "known": "before", "kind": "number", **limits}
    )
    others = {name: c for name, c in dataset.columns.items() if name not in dataset.features}
    return dataset.model_copy(update={"columns": {**others, "x": column}})


def test_parameters_have_the_names_that_overrides_take(
    learning: LearningConfig, dataset: DatasetConfig
) -> None:
    found = parameters(learning, dataset, report())

    assert (
        found.items()
        >= {
            "split.by": "auto",
            "split.validation_share": "0.2",
            "split.test_share": "0.2",
            "split.key": "student-performance",
            "cross_validation.folds": "3",
            "cross_validation.repeats": "1",
            "candidates.logistic_regression.C": "1.0",
            "candidates.tuned_forest.min_samples_leaf": "[5, 50]",
            "candidates.monotone_boosting.kind": "gradient_boosting",
            "threshold.missed": "1.0",
            "threshold.capacity": "None",
            "intervals.resamples": "100",
            "audit.min_group": "100",
        }.items()
    )
    assert not {key for key in found if key.startswith("gate")}


def test_parameters_say_what_came_out(learning: LearningConfig, dataset: DatasetConfig) -> None:
    before = setup(threshold=threshold(1 / 6, missed=5.0))
    by_cohort = division(by="cohort", term="2014J")
    found = parameters(learning, dataset, report(setup=before, division=by_cohort))

    assert (
        found.items()
        >= {
            "chosen": "logistic_regression",
            "chosen.calibration": "none",
            "chosen.threshold": "0.166667",
            "dataset": "student_performance",
            "features": "hours_studied, attendance_percent, assignments_completed",
            "target": "at risk unless test_score >= 60",
            "test_part": "the last cohort, 2014J",
        }.items()
    )
    assert all(len(value) < 6_000 for value in found.values()), "MLflow's limit"


def test_metrics_hold_every_score_with_its_bounds_and_the_baseline_beside_it() -> None:
    flat = metrics(report())

    assert flat["test_rows"] == 300
    assert (flat["train_rows"], flat["validation_rows"]) == (1_600, 400)
    assert flat["test_prevalence"] == 0.342
    assert flat["test_accuracy"] == 0.787654
    assert flat["baseline_test_accuracy"] == 0.658
    assert (flat["test_gain_log_loss_low"], flat["test_gain_log_loss_high"]) == (0.1, 0.3)
    assert (flat["test_gain_cost"], flat["test_gain_cost_low"]) == (0.13, 0.11)
    assert flat["cv_majority_log_loss"] == 0.64
    assert flat["cv_tuned_forest_log_loss_high"] == pytest.approx(0.73)
    for name in ("test_roc_auc", "baseline_test_roc_auc", "cv_logistic_regression_roc_auc"):
        assert flat[f"{name}_low"] < flat[name] < flat[f"{name}_high"]


def test_metrics_of_a_real_training_are_numbers_and_none_is_lost(training: Training) -> None:
    flat, made = metrics(training.report), training.report
    assert made.ceiling is not None
    scores = len(made.scores) + len(made.baseline) + len(made.ceiling.scores) + 2
    scores += sum(len(c.scores) for c in made.comparison.candidates)

    assert len(flat) == 4 + 3 * scores
    assert {type(value) for value in flat.values()} == {float}


def test_score_that_does_not_exist_is_left_out_of_the_metrics() -> None:
    assert not {"test_roc_auc", "baseline_test_roc_auc"} & set(metrics(one_class_report()))


def test_ceiling_is_beside_the_scores_only_where_it_is_known() -> None:
    assert metrics(report(ceiling=ceiling()))["ceiling_test_accuracy"] == 0.791
    assert not {name for name in metrics(report()) if name.startswith("ceiling")}


def test_question_depends_on_target_pass_mark_and_features_only(dataset: DatasetConfig) -> None:
    turned = dataset.model_copy(
        update={"name": "other", "columns": dict(reversed(list(dataset.columns.items())))}
    )
    harder = dataset.model_copy(update={"target": Target(column="test_score", pass_mark=60.5)})

    assert question(dataset) == (
        "test_score >= 60|assignments_completed integer,attendance_percent number,"
        "hours_studied number"
    )
    assert question(turned) == question(dataset)
    assert question(harder).startswith("test_score >= 60.5|")
    assert question(dataset.model_copy(update={"world": None})) == question(dataset)
    assert question(with_feature(dataset)) == "test_score >= 60|x number"


def test_share_or_rank_is_another_question_than_the_number(dataset: DatasetConfig) -> None:
    rank = with_feature(dataset, rank_within="gender")
    share = with_feature(dataset, share_of_largest_in="gender")

    assert question(rank) == "test_score >= 60|x number rank_within gender"
    assert len({question(d) for d in (rank, share, with_feature(dataset))}) == 3


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


@pytest.mark.parametrize("way", [{"rank_within": "gender"}, {"share_of_largest_in": "gender"}])
def test_example_of_a_share_or_rank_is_in_its_middle(
    way: dict[str, str], dataset: DatasetConfig
) -> None:
    changed = with_feature(dataset, minimum=0, maximum=168, **way)

    assert synthetic_example(changed).to_dict("list") == {"x": [0.5]}
