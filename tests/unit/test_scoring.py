"""Risks of students whose outcome is not known yet."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from student_performance.contract import Column, DatasetConfig, Kind, Role
from student_performance.curves import ReliabilityBin
from student_performance.dataset import survey
from student_performance.drift import FeatureReference
from student_performance.models import risk
from student_performance.schema import Violation
from student_performance.scoring import (
    alike,
    blank,
    influences,
    plausible_range,
    risk_of,
    scored,
    to_spreadsheet,
    typical,
    unlabelled,
    what_if,
)
from tests.unit.trainings import FixedRisk, Training

HABITS = "student_id,hours_studied,attendance_percent,assignments_completed"
THREE = f"{HABITS}\nS1,20,95,10\nS2,2,50,1\nS3,9,80,6\n"
NUMBER = Column(role=Role.FEATURE, kind=Kind.NUMBER, known="before")


def read(tmp_path: Path, text: str, dataset: DatasetConfig) -> tuple[pd.DataFrame, list[Violation]]:
    path = tmp_path / "new.csv"
    path.write_text(text)
    return survey(str(path), unlabelled(dataset))


def reference(edges: tuple[float, ...]) -> FeatureReference:
    return FeatureReference(
        feature="x", edges=edges, categories=(), shares=(1.0,), missing=0, n=100
    )


def test_neither_outcome_nor_sensitive_column_is_asked_for(dataset: DatasetConfig) -> None:
    assert ",".join(unlabelled(dataset).columns) == HABITS
    assert blank(dataset).decode() == f"{HABITS}\n"


def test_column_that_a_feature_is_derived_from_is_asked_for(oulad: DatasetConfig) -> None:
    kept = unlabelled(oulad).columns
    sources = {
        source
        for column in oulad.features.values()
        for source in (column.share_of, column.share_of_largest_in, column.rank_within)
        if source
    }

    assert sources
    assert sources <= set(kept)
    assert oulad.target.column not in kept


def test_table_is_scored_with_the_riskiest_student_first(
    tmp_path: Path, training: Training, dataset: DatasetConfig
) -> None:
    frame, violations = read(tmp_path, THREE, dataset)
    found = scored(training.model, frame, dataset, 0.5)

    assert not violations
    assert list(found.columns) == ["student_id", "risk", "flagged"]
    assert list(found["student_id"]) == ["S2", "S3", "S1"]
    own = risk(training.model, frame[list(dataset.features)])
    assert_allclose(found["risk"], sorted(own, reverse=True))
    assert list(found["flagged"]) == [True, False, False]


def test_student_is_flagged_from_the_threshold_on(tmp_path: Path, dataset: DatasetConfig) -> None:
    frame, _ = read(tmp_path, THREE, dataset)
    found = scored(FixedRisk(np.array([0.3, 0.29, 0.31])), frame, dataset, 0.3)

    assert dict(zip(found["student_id"], found["flagged"], strict=True)) == {
        "S1": True, "S2": False, "S3": True,
    }  # fmt: skip


def test_violations_of_a_new_table_name_row_and_column(
    tmp_path: Path, dataset: DatasetConfig
) -> None:
    _, violations = read(tmp_path, f"{HABITS}\nS1,20,95,10\nS2,many,150,1\n", dataset)

    assert [(v.row, v.column) for v in violations] == [
        (3, "hours_studied"), (3, "attendance_percent"),
    ]  # fmt: skip


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1 cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_text_is_a_formula_for_a_spreadsheet(cell: str) -> None:
    table = pd.DataFrame({"student_id": [cell, "S1"], "risk": [-0.5, 0.25]})
    back = pd.read_csv(io.BytesIO(to_spreadsheet(table)))

    assert list(back["risk"]) == [-0.5, 0.25]
    assert back["student_id"][0].startswith("'")
    assert back["student_id"][1] == "S1"


def test_column_name_is_no_formula_either() -> None:
    table = pd.DataFrame({"=cmd()": ["S1"], "risk": [0.5]})

    assert to_spreadsheet(table).startswith(b'"\'=cmd()","risk"\n')


def test_typical_student_is_moved_by_nothing(training: Training) -> None:
    references = training.report.setup.reference
    middle = typical(references)

    assert [i.change for i in influences(training.model, middle, references)] == [0, 0, 0]


def test_influence_is_what_a_typical_value_would_change(training: Training) -> None:
    references = training.report.setup.reference
    student = {"hours_studied": 2.0, "attendance_percent": 99.0, "assignments_completed": 1.0}
    found = influences(training.model, student, references)

    sizes = [abs(influence.change) for influence in found]
    assert sizes == sorted(sizes, reverse=True)
    for influence in found:
        other = {**student, influence.feature: typical(references)[influence.feature]}
        assert influence.risk_if_typical == pytest.approx(risk_of(training.model, other))
        change = risk_of(training.model, student) - influence.risk_if_typical
        assert influence.change == pytest.approx(change)
    signs = {influence.feature: influence.change > 0 for influence in found}
    assert signs == {
        "hours_studied": True, "attendance_percent": False, "assignments_completed": True,
    }  # fmt: skip


def test_what_if_follows_one_factor_and_leaves_the_others(training: Training) -> None:
    student = typical(training.report.setup.reference)
    curve = what_if(training.model, student, "hours_studied", [0.0, 5.0, 30.0])

    assert curve[0] > curve[1] > curve[2]
    assert curve[1] == pytest.approx(risk_of(training.model, {**student, "hours_studied": 5.0}))


def test_students_alike_are_those_of_the_same_bin() -> None:
    low, high = (ReliabilityBin(predicted=p, observed=p, low=0, high=1, n=20) for p in (0.15, 0.72))

    assert alike(0.19, [low, high]) == low
    assert alike(0.70, [low, high]) == high
    assert alike(0.20, [low, high]) is None
    assert alike(0.5, []) is None


@pytest.mark.parametrize(
    ("limits", "edges", "expected"),
    [
        ({"minimum": 0, "maximum": 168}, (4.0, 9.0, 18.0), (0, 60)),
        ({}, (4.0, 9.0, 18.0), (-38, 60)),
        ({}, (), (-10, 10)),
        ({}, (5.0,), (-5, 15)),
        ({"rank_within": "course"}, (0.1, 0.9), (0, 1)),
    ],
)
def test_form_asks_for_numbers_near_those_of_the_training_part(
    limits: dict[str, object], edges: tuple[float, ...], expected: tuple[float, float]
) -> None:
    column = NUMBER.model_copy(update=limits)

    assert plausible_range(column, reference(edges)) == expected
