"""Each kind of violation is told in one sentence, with its row, column and what is allowed."""

from typing import Any

import pytest

from student_performance.contract import Column, DatasetConfig
from student_performance.dataset import load_table
from student_performance.errors import InvalidDataError
from student_performance.schema import Violation
from tests.unit.builders import HEADER, WriteCsv

OULAD_HEADER = f"{HEADER},course,passed"
GOOD = {
    "student_id": "S1",
    "gender": "Male",
    "hours_studied": "5",
    "attendance_percent": "80",
    "assignments_completed": "5",
    "test_score": "70",
}
HOURS, SCORE = "a number from 0 to 168", "a number from 0 to 100"
WHOLE, GENDER = "a whole number from 0 to 10", "one of Female, Male"


def row(**cells: str) -> str:
    return ",".join((GOOD | cells).values())


def lines(path: Any, dataset: DatasetConfig) -> list[str]:
    with pytest.raises(InvalidDataError) as refusal:
        load_table(str(path), dataset)
    return [line.removeprefix(f"{path}, ") for line in refusal.value.message.split("\n")]


VIOLATIONS = [
    ("gender", "x", "`x`", GENDER),
    ("gender", "", "an empty cell", GENDER),
    ("student_id", "", "an empty cell", "any text"),
    ("hours_studied", "", "an empty cell", HOURS),
    ("hours_studied", "many", "`many`", HOURS),
    ("hours_studied", "NA", "`NA`", HOURS),
    ("hours_studied", "nan", "`nan`", HOURS),
    ("hours_studied", "1_0", "`1_0`", HOURS),
    ("hours_studied", '"1,234,567"', "`1,234,567`", HOURS),
    ("hours_studied", "0x10", "`0x10`", HOURS),
    ("hours_studied", "٣", "`٣`", HOURS),
    ("hours_studied", "inf", "`inf`", HOURS),
    ("hours_studied", "-inf", "`-inf`", HOURS),
    ("hours_studied", "1e999", "`1e999`", HOURS),
    ("hours_studied", "-0.1", "`-0.1`", HOURS),
    ("hours_studied", "168.1", "`168.1`", HOURS),
    ("assignments_completed", "5.5", "`5.5`", WHOLE),
    ("assignments_completed", "11", "`11`", WHOLE),
    ("assignments_completed", "99999999999999999999999", "`99999999999999999999999`", WHOLE),
    ("test_score", "101", "`101`", SCORE),
]


@pytest.mark.parametrize(("column", "cell", "found", "allowed"), VIOLATIONS)
def test_cell_that_breaks_the_contract_is_told_with_row_column_and_what_is_allowed(
    column: str, cell: str, found: str, allowed: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    bad = row(**{"student_id": "S2", column: cell})
    path = write_csv(row(), bad, row(student_id="S3", test_score="7"))

    assert lines(path, dataset) == [f"row 3, column {column}: found {found}; allowed is {allowed}."]


@pytest.mark.parametrize("cells", [("True", "False"), ("TRUE", "true")])
def test_truth_values_are_no_numbers(
    cells: tuple[str, str], write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    first, second = cells
    passing = row(hours_studied=first)
    at_risk = row(student_id="S2", hours_studied=second, test_score="7")
    found = lines(write_csv(passing, at_risk), dataset)

    assert found[0].startswith("row 2, column hours_studied: found `")
    assert found[0].endswith(f"allowed is {HOURS}.")


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("hours_studied", "0"),
        ("hours_studied", "168"),
        ("attendance_percent", "100.0"),
        ("assignments_completed", "10.0"),
        ("student_id", "nan"),
        ("student_id", '"with, comma and ""quotes"""'),
    ],
)
def test_cell_at_the_end_of_its_range_keeps_the_contract(
    column: str, cell: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv(row(**{column: cell}), row(student_id="S2", test_score="7"))

    assert len(load_table(str(path), dataset)) == 2


def test_empty_target_is_a_violation_also_if_the_column_may_be_empty(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    score = dataset.columns["test_score"].model_copy(update={"nullable": True})
    lenient = dataset.model_copy(update={"columns": {**dataset.columns, "test_score": score}})
    found = lines(write_csv(row(), row(student_id="S2", test_score="")), lenient)

    assert found == [
        f"row 3, column test_score: found an empty cell; allowed is {SCORE}. It is the target:"
        " whoever has none cannot be learned from."
    ]


def test_column_that_may_be_empty_accepts_empty_cells_and_nothing_else_new(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    hours = dataset.columns["hours_studied"].model_copy(update={"nullable": True})
    lenient = dataset.model_copy(update={"columns": {**dataset.columns, "hours_studied": hours}})
    path = write_csv(row(hours_studied=""), row(student_id="S2", test_score="7"))

    assert load_table(str(path), lenient)["hours_studied"].isna().tolist() == [True, False]
    path = write_csv(row(hours_studied=""), row(student_id="S2", hours_studied="169"))
    assert lines(path, lenient) == [
        f"row 3, column hours_studied: found `169`; allowed is {HOURS}."
    ]


@pytest.mark.parametrize("column", ["hours_studied", "gender", "test_score"])
def test_cell_of_blanks_is_an_empty_cell(
    column: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv(row(), row(**{"student_id": "S2", "test_score": "7", column: "  "}))
    found = lines(path, dataset)
    assert len(found) == 1
    assert found[0].startswith(f"row 3, column {column}: found an empty cell; allowed is")

    empty = dataset.columns[column].model_copy(update={"nullable": True})
    lenient = dataset.model_copy(update={"columns": {**dataset.columns, column: empty}})
    if column != dataset.target.column:
        assert load_table(str(path), lenient)[column].isna().tolist() == [False, True]


def test_identifier_of_blanks_stays_a_violation(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    found = lines(write_csv(row(), row(student_id="  ", test_score="7")), dataset)

    assert found == [
        "row 3, column student_id: found an identifier with blanks around it; allowed is one"
        " without."
    ]


def test_repeated_student_is_told_by_row_and_never_by_name(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv(row(student_id="SECRET"), row(), row(student_id="SECRET", test_score="7"))
    found = lines(path, dataset)

    what = (
        "column student_id: found a student who is there twice; allowed is one row for each. If"
        " students take part several times, the column that says when is the `cohort`."
    )
    assert found == [f"row 2, {what}", f"row 4, {what}"]
    assert "SECRET" not in "".join(found)


def test_student_may_repeat_across_cohorts(write_csv: WriteCsv, oulad: DatasetConfig) -> None:
    path = write_csv(row() + ",AAA,1", row() + ",BBB,0", header=OULAD_HEADER)

    assert load_table(str(path), oulad)["course"].tolist() == ["AAA", "BBB"]


def test_student_may_not_repeat_within_a_cohort(write_csv: WriteCsv, oulad: DatasetConfig) -> None:
    same = row(student_id="SECRET") + ",AAA,1"
    path = write_csv(same, row() + ",AAA,0", same, header=OULAD_HEADER)
    found = lines(path, oulad)

    assert [line.split(":")[0] for line in found] == [
        "row 2, column student_id, course",
        "row 4, column student_id, course",
    ]
    assert "SECRET" not in "".join(found)


@pytest.mark.parametrize("cell", ["169", "many"], ids=["out of range", "text"])
@pytest.mark.parametrize(("wrong", "more"), [(5, 0), (6, 1), (9, 4)])
def test_first_five_violations_are_shown_and_the_others_counted(
    wrong: int, more: int, cell: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    rows = (row(student_id=f"S{i}", hours_studied=cell) for i in range(wrong))
    found = lines(write_csv(*rows), dataset)

    assert [line.split(",")[0] for line in found[:5]] == [f"row {i}" for i in range(2, 7)]
    assert found[5:] == ([f"and {more} more violations."] if more else [])


@pytest.mark.parametrize(("hours", "attendance"), [("-1", "-1"), ("many", "much")])
def test_violations_stand_in_the_order_of_the_file(
    hours: str, attendance: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    second = row(student_id="S2", hours_studied=hours)
    path = write_csv(row(attendance_percent=attendance), second)

    assert [line.split(",")[0] for line in lines(path, dataset)] == ["row 2", "row 3"]


def test_cell_that_breaks_several_rules_is_told_once(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv(row(assignments_completed="-5.5"))

    assert lines(path, dataset) == [
        f"row 2, column assignments_completed: found `-5.5`; allowed is {WHOLE}."
    ]


@pytest.mark.parametrize(
    ("limits", "good", "bad"),
    [({"minimum": 3}, "4", "2"), ({"maximum": 3}, "2", "4")],
)
def test_limit_on_one_side_only_is_kept(
    limits: dict[str, float], good: str, bad: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    column = Column.model_validate(
        {"role": "feature", "kind": "number", "known": "before", **limits}
    )
    changed = dataset.model_copy(update={"columns": {**dataset.columns, "hours_studied": column}})
    other = row(student_id="S2", hours_studied=good, test_score="7")

    assert len(load_table(str(write_csv(row(hours_studied=good), other)), changed)) == 2
    found = lines(write_csv(row(hours_studied=bad), other), changed)
    assert found == [f"row 2, column hours_studied: found `{bad}`; allowed is {column.allowed()}."]


@pytest.mark.parametrize("cell", ["inf", "-inf"])
def test_infinity_is_no_number_also_where_there_is_no_limit(
    cell: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    hours = Column.model_validate({"role": "feature", "kind": "number", "known": "before"})
    changed = dataset.model_copy(update={"columns": {**dataset.columns, "hours_studied": hours}})
    path = write_csv(row(), row(student_id="S2", hours_studied=cell, test_score="7"))

    assert lines(path, changed) == [
        f"row 3, column hours_studied: found `{cell}`; allowed is a number."
    ]


def test_violation_of_a_whole_column_names_no_row() -> None:
    assert str(Violation(None, "hours", "`x`", "a number")) == (
        "column hours: found `x`; allowed is a number."
    )
