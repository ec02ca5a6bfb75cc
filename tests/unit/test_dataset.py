"""From the bytes of a CSV file to the table of the pipeline."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from student_performance.contract import DatasetConfig
from student_performance.dataset import (
    AT_RISK,
    features_of,
    load_table,
    write_atomically,
)
from student_performance.digests import md5_of
from student_performance.errors import InvalidDataError
from tests.unit.builders import HEADER, WriteCsv
from tests.unit.refusals import failure

GOOD = ("S1,Male,5.0,80.0,5,60.0", "S2,Female,2.5,50.5,2,59.9", "S3,Male,0,100,0,0")


def test_table_holds_everything_but_the_outcome_and_says_who_is_at_risk(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    table = load_table(str(write_csv(*GOOD)), dataset)

    assert list(table.columns) == [
        "student_id", "gender", "hours_studied", "attendance_percent", "assignments_completed",
        AT_RISK,
    ]  # fmt: skip
    assert table["student_id"].tolist() == ["S1", "S2", "S3"]
    assert table[AT_RISK].tolist() == [0, 1, 1], "the pass mark itself passes"
    assert table[AT_RISK].dtype == "int8"


def test_no_outcome_column_leaves_the_reader_although_there_are_two(
    write_csv: WriteCsv, oulad: DatasetConfig
) -> None:
    header = f"{HEADER},course,passed"
    path = write_csv("1,Male,5,80,5,99,AAA,0", "2,Male,5,80,5,1,AAA,1", header=header)
    table = load_table(str(path), oulad)

    assert not {"passed", "test_score"} & set(table.columns)
    assert table[AT_RISK].tolist() == [1, 0], "the target is `passed`, not the score"


def test_features_are_the_columns_that_the_contract_allows(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    features = features_of(load_table(str(write_csv(*GOOD)), dataset), dataset)

    assert list(features.columns) == list(dataset.features)


def test_identifiers_keep_their_leading_zeros(write_csv: WriteCsv, dataset: DatasetConfig) -> None:
    path = write_csv("007,Male,5,80,5,70", "8,Male,5,80,5,7")

    assert load_table(str(path), dataset)["student_id"].tolist() == ["007", "8"]


def test_columns_are_found_by_name_and_others_are_ignored(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    header = (
        "note,test_score,assignments_completed,attendance_percent,hours_studied,gender,student_id"
    )
    path = write_csv("x,70,5,80,5,Male,S1", "y,7,5,80,5,Male,S2", header=header)
    table = load_table(str(path), dataset)

    assert "note" not in table.columns
    assert table["student_id"].tolist() == ["S1", "S2"]
    assert table["attendance_percent"].tolist() == [80, 80]


@pytest.mark.parametrize(
    ("start", "end"),
    [("\ufeff", "\n"), ("", "\r\n"), ("\ufeff", "\r\n")],
    ids=["byte order mark", "carriage returns", "both"],
)
def test_files_of_spreadsheets_are_read_like_others(
    start: str, end: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    expected = load_table(str(write_csv(*GOOD)), dataset)
    table = load_table(str(write_csv(*GOOD, header=start + HEADER, end=end)), dataset)

    assert table.equals(expected)


def test_separator_of_the_contract_is_used(write_csv: WriteCsv, dataset: DatasetConfig) -> None:
    path = write_csv(*(r.replace(",", ";") for r in GOOD), header=HEADER.replace(",", ";"))
    semicolon = dataset.model_copy(update={"separator": ";"})

    assert len(load_table(str(path), semicolon)) == 3


def test_wrong_separator_names_the_columns_that_were_looked_for(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    header = HEADER.replace(",", ";")
    message = failure(write_csv("S1;Male;5;80;5;70", header=header), dataset).message

    assert "table.csv: the first line is no header. It has 1 cells" in message
    assert f"({', '.join(dataset.columns)}) with the separator `,`." in message
    assert message.endswith("The header seems to use `;`.")


def test_misspelt_column_is_named_with_the_nearest_one_found(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv(GOOD[0], header=HEADER.replace("hours_studied", "Hours_Studed"))
    error = failure(path, dataset)

    assert f"{path}, header: `hours_studied` is missing. Did you mean `Hours_Studed`?" in (
        error.message
    )
    assert "`gender` is missing" not in error.message
    assert error.next_command == f"python run.py dataset check {path} --dataset {dataset.name}"


def test_header_without_rows_is_named(write_csv: WriteCsv, dataset: DatasetConfig) -> None:
    path = write_csv()

    assert failure(path, dataset).message == f"{path} has a header but no rows."


@pytest.mark.parametrize("read", [md5_of, None], ids=["checksum", "table"])
def test_missing_file_and_folder_are_named(
    read: Any, tmp_path: Path, dataset: DatasetConfig
) -> None:
    read = read or (lambda path: load_table(path, dataset))
    with pytest.raises(InvalidDataError, match=r"There is no file .*nowhere\.csv"):
        read(str(tmp_path / "nowhere.csv"))
    with pytest.raises(
        InvalidDataError, match=r"is a folder without a file that ends in \.parquet"
    ):
        read(str(tmp_path))


@pytest.mark.parametrize(("scores", "everyone"), [((60, 100), "passing"), ((0, 59), "at risk")])
def test_table_with_one_class_has_nothing_to_learn(
    scores: tuple[int, int], everyone: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv(*(f"S{i},Male,5,80,5,{score}" for i, score in enumerate(scores)))
    error = failure(path, dataset)

    assert f"Every student is {everyone} by the rule test_score >= 60;" in error.message
    assert error.next_command == (
        "python run.py train --dataset student_performance --set 'dataset.target.pass_mark=VALUE'"
    )


def test_every_violation_stands_in_a_line_that_begins_with_the_file(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv("S1,male,5,80,5,70", "S2,Male,5,80,11,70")

    assert failure(path, dataset).message.split("\n") == [
        f"{path}, row 2, column gender: found `male`; allowed is one of Female, Male. Did you"
        " mean `Male`?",
        f"{path}, row 3, column assignments_completed: found `11`; allowed is a whole number"
        " from 0 to 10.",
    ]


@pytest.mark.parametrize("ident", ["S{}", "{}"], ids=["text", "number"])
def test_rows_that_end_in_a_separator_are_refused_without_naming_a_student(
    ident: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    names = [ident.format(number) for number in (11391, 28400)]
    path = write_csv(*(f"{name},Male,5,80,5,70," for name in names))
    message = failure(path, dataset).message

    # Row 11393 would be the first student's number, counted on from the header.
    assert not any(word in message for word in (*names, "11393", "28402"))


def test_row_numbers_count_the_empty_lines_of_the_file(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv(GOOD[0], "", "S2,Male,5,101,5,70")

    assert "row 4, column attendance_percent" in failure(path, dataset).message


def test_header_that_names_a_column_twice_is_refused(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv("S1,Male,5,80,5,70,9", "S2,Male,5,80,5,7,9", header=f"{HEADER},hours_studied")

    assert "hours_studied" in failure(path, dataset).message


@pytest.mark.parametrize("size", [0, 1, (1 << 20) + 1])
def test_checksum_is_that_of_the_bytes(size: int, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"x" * size)

    assert md5_of(str(path)) == hashlib.md5(b"x" * size, usedforsecurity=False).hexdigest()


def test_file_is_written_with_its_folders_and_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.csv"
    write_atomically(path, b"old")
    write_atomically(path, b"new")

    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["file.csv"]


@pytest.mark.parametrize("broken", ["write_bytes", "replace"])
@pytest.mark.parametrize("before", [None, b"old"])
def test_cut_off_writing_leaves_the_old_file_or_none(
    broken: str, before: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.csv"
    if before is not None:
        path.write_bytes(before)

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, broken, cut_off)
        with pytest.raises(KeyboardInterrupt):
            write_atomically(path, b"new")

    assert (path.read_bytes() if path.exists() else None) == before
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
