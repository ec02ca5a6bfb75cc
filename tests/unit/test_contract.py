"""Rules of a contract that keep a table from being read wrongly."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from student_performance.config_files import load_configs
from student_performance.contract import Column, DatasetConfig, Kind, Role
from student_performance.dataset import AT_RISK, labelled, without_outcomes
from student_performance.errors import UsageError
from student_performance.target import Target
from tests.unit.builders import CONFIGS


def changed(dataset: DatasetConfig, **columns: dict[str, Any]) -> DatasetConfig:
    """The contract with other columns, checked again."""
    tree = dataset.model_dump()
    tree["columns"] |= columns
    return DatasetConfig.model_validate(tree)


def test_low_grades_may_be_the_good_ones(dataset: DatasetConfig) -> None:
    grades = dataset.model_copy(update={"target": Target(column="test_score", pass_at_most=4.0)})
    frame = pd.DataFrame(
        {name: ["S1", "S2", "S3"] if name == "student_id" else 1.0 for name in dataset.columns}
    ).assign(test_score=[1.0, 4.0, 4.3])

    assert grades.target.text() == "test_score <= 4"
    assert labelled(frame, grades)[AT_RISK].tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("column", "complaint"),
    [
        ({"gender": {"role": Role.SENSITIVE, "kind": Kind.NUMBER}}, "is a `category`"),
        ({"term": {"role": Role.COHORT, "kind": Kind.TEXT, "nullable": True}}, "no empty cell"),
    ],
)
def test_groups_are_categories_and_every_row_has_a_cohort(
    column: dict[str, Any], complaint: str, dataset: DatasetConfig
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        changed(dataset, **column)


def test_world_needs_the_columns_that_it_made(dataset: DatasetConfig) -> None:
    hidden = dataset.columns["gender"].model_dump() | {"role": Role.CONTEXT}

    with pytest.raises(ValidationError, match="gender cannot be told"):
        changed(dataset, gender=hidden)


def test_context_ends_in_the_first_step(dataset: DatasetConfig) -> None:
    named = changed(dataset, full_name=Column(role=Role.CONTEXT, kind=Kind.TEXT).model_dump())
    frame = pd.DataFrame({name: [1.0] for name in named.columns}).assign(**{AT_RISK: 1})

    kept = without_outcomes(frame, named)

    assert "full_name" not in kept
    assert "test_score" not in kept
    assert set(dataset.features) | {"student_id", "gender", AT_RISK} == set(kept)


def test_contract_has_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "train.yaml").write_text((CONFIGS / "train.yaml").read_text())
    text = (CONFIGS / "datasets" / "report.yaml").read_text()
    (tmp_path / "datasets" / "other.yaml").write_text(text)

    with pytest.raises(UsageError, match="Write `name: other` or rename the file"):
        load_configs(tmp_path, "other")
