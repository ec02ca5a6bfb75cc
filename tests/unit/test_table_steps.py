"""From the file to the table in steps: types, classes, row numbers, derived features."""

import logging
from typing import Any

import pytest

from student_performance.contract import ROW_NUMBER, DatasetConfig
from student_performance.dataset import (
    AT_RISK,
    labelled,
    load_table,
    read,
    survey,
    without_outcomes,
)
from student_performance.errors import UsageError
from tests.unit.builders import HEADER, WriteCsv
from tests.unit.refusals import failure

GOOD = ("S1,Male,5.0,80.0,5,60.0", "S2,Female,2.5,50.5,2,59.9", "S3,Male,0,100,0,0")


def changed(dataset: DatasetConfig, target: dict[str, Any], **columns: Any) -> DatasetConfig:
    """The contract with another target and other columns; None takes a column away."""
    values = dataset.model_dump()
    values["columns"] = {
        name: column for name, column in {**values["columns"], **columns}.items() if column
    }
    return DatasetConfig.model_validate({**values, "target": target or values["target"]})


def test_table_is_read_labelled_and_freed_of_outcomes_in_three_steps(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = str(write_csv(*GOOD))
    frame = read(path, dataset)
    table = labelled(frame, dataset)

    assert frame["test_score"].tolist() == [60.0, 59.9, 0.0]
    assert AT_RISK not in frame
    assert table["test_score"].tolist() == [60.0, 59.9, 0.0]
    assert without_outcomes(table, dataset).equals(load_table(path, dataset))


def test_types_are_those_of_the_contract_whatever_the_cells_are(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    frame = read(str(write_csv("1,Male,5,80,5.0,60", "2,Male,5,80,5,1")), dataset)

    assert frame.dtypes.astype("str").to_dict() == {
        "student_id": "str",
        "gender": "str",
        "hours_studied": "float64",
        "attendance_percent": "float64",
        "assignments_completed": "int64",
        "test_score": "float64",
    }


def test_whole_numbers_that_may_be_empty_are_floats_also_if_none_is(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    column = {**dataset.columns["assignments_completed"].model_dump(), "nullable": True}
    lenient = changed(dataset, {}, assignments_completed=column)
    frame = read(str(write_csv(*GOOD)), lenient)

    assert frame["assignments_completed"].dtype == "float64"


GRADE = {"role": "outcome", "kind": "text"}
CLASSES = {"A": 0, "B": 0, "C": 1, "D": 1}


@pytest.mark.parametrize(
    "rule", [{"passing": ("A", "B")}, {"at_risk": ("C", "D", "E")}], ids=["passing", "at risk"]
)
def test_target_with_several_classes_is_a_rule_about_their_names(
    rule: dict[str, Any], write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    contract = changed(dataset, {"column": "grade", **rule}, grade=GRADE, test_score=None)
    header = HEADER.replace("test_score", "grade")
    path = write_csv(*(f"S{g},Male,5,80,5,{g}" for g in CLASSES), header=header)
    table = load_table(str(path), contract)

    assert table[AT_RISK].tolist() == list(CLASSES.values())
    assert "grade" not in table


def test_classes_of_one_side_are_refused_with_the_rule_to_change(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    contract = changed(
        dataset, {"column": "grade", "passing": ("Z",)}, grade=GRADE, test_score=None
    )
    path = write_csv("S1,Male,5,80,5,A", header=HEADER.replace("test_score", "grade"))
    error = failure(path, contract)

    assert "Every student is at risk by the rule grade is Z" in error.message
    assert str(error.next_command).endswith("--set 'dataset.target.passing=[VALUE]'")


def test_table_without_identifiers_is_named_by_the_rows_of_the_file(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    contract = changed(dataset, {}, student_id=None)
    table = load_table(str(write_csv(GOOD[0], "", GOOD[1], GOOD[1])), contract)

    assert table[ROW_NUMBER].tolist() == ["1", "3", "4"]
    assert contract.id_column == table.columns[0] == ROW_NUMBER


@pytest.mark.parametrize("name", [AT_RISK, ROW_NUMBER])
def test_names_of_the_pipeline_cannot_be_columns_of_the_file(
    name: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    columns = {name: {"role": "context", "kind": "text"}, "student_id": None}
    with pytest.raises(UsageError, match=f"column name `{name}` is taken"):
        read(str(write_csv(*GOOD)), changed(dataset, {}, **columns))


def test_derived_feature_is_what_the_model_sees(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    hours = {**dataset.columns["hours_studied"].model_dump(), "share_of": "attendance_percent"}
    unknown = dataset.model_copy(update={"world": None})  # a derived habit is not as it was made
    contract = changed(unknown, {}, hours_studied=hours)
    path = str(write_csv(*GOOD))

    assert read(path, contract)["hours_studied"].tolist() == [5.0, 2.5, 0.0]
    assert load_table(path, contract)["hours_studied"].tolist() == [5 / 80, 2.5 / 50.5, 0.0]


def test_extra_columns_are_noted_and_nothing_of_them_is_kept(
    write_csv: WriteCsv, dataset: DatasetConfig, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_csv(*(f"{row},x" for row in GOOD), header=f"{HEADER},note")
    with caplog.at_level(logging.INFO):
        load_table(str(path), dataset)

    assert f"{path}: not in the contract, and ignored: note" in caplog.text


def test_survey_collects_every_violation_and_keeps_the_good_cells(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv("S1,Male,many,80,5,60", *(f"S{i},x,1,80,5,60" for i in range(2, 10)))
    frame, violations = survey(str(path), dataset)

    assert len(violations) == 9
    assert len(frame) == 9
    assert frame["hours_studied"].isna().tolist() == [True, *[False] * 8]
