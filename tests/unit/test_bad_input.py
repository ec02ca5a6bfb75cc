"""Whatever a file holds, the answer is a table or one clear sentence."""

from pathlib import Path

import pandas as pd
import pytest

from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig
from student_performance.dataset import load_table
from student_performance.errors import (
    InvalidDataError,
    UsageError,
)
from student_performance.reading import rows as reading
from tests.unit.builders import CONFIGS, HEADER
from tests.unit.refusals import put, refusal

GOOD = "S1,Male,5.0,80.0,5,60.0\nS2,Female,2.5,50.5,2,59.9\n"
TABLE = f"{HEADER}\n{GOOD}"
SECRETS = ("SECRET", "Mäle")


def with_row(cells: str) -> str:
    return f"{TABLE}{cells}\n"


STRUCTURE = [
    ("empty", b"", "is empty; a header and rows are needed"),
    ("empty lines", b"\n\n", "the first line is empty"),
    ("header only", f"{HEADER}\n", "has a header but no rows"),
    ("rows of empty cells", f"{HEADER}\n,,,,,\n\n", "has a header but no rows"),
    ("no header", GOOD, "the first line is no header"),
    ("semicolons", TABLE.replace(",", ";"), "The header seems to use `;`"),
    ("tabs", TABLE.replace(",", "\t"), "The header seems to use `\\t`"),
    ("bars", TABLE.replace(",", "|"), "The header seems to use `|`"),
    ("latin-1", with_row("S3,Mäle,1,1,1,1").encode("latin-1"), "is not utf-8: the byte at"),
    ("utf-16", TABLE.encode("utf-16"), "is not utf-8: the byte at position 1 "),
    ("utf-16 without mark", TABLE.encode("utf-16-le"), "line 1: found a NUL byte"),
    ("NUL", TABLE.replace("Female", "Fem\0ale"), "line 3: found a NUL byte"),
    ("workbook", b"PK\x03\x04rest", "is an Excel workbook or a ZIP archive"),
    ("gzip", b"\x1f\x8brest", "is compressed with gzip"),
    ("missing column", TABLE.replace("hours_", "hour_"), "Did you mean `hour_studied`?"),
    ("column twice", TABLE.replace("gender", "test_score"), "`gender` is missing"),
    ("name twice", f"{HEADER},gender\nS1,Male,1,1,1,1,x\n", "gender is there twice"),
    ("long row", with_row("SECRET,Male,1,1,1,1,9"), "row 4: found 7 cells; allowed are 6"),
    ("short row", with_row("SECRET,Male,1"), "row 4: found 3 cells; allowed are 6"),
    ("long quoted row", with_row('"SECRET",Male,1,1,1,1,9'), "row 4: found 7 cells; allowed are 6"),
    ("open quote", with_row('"SECRET,Male,1,1,1,1'), "a quotation mark is opened and not closed"),
    ("open quote in header", f'"{TABLE}', "The header cannot be read"),
    ("endless cell", f'{HEADER}\n"{"x" * 200_000}",Male,1,1,1,1\n', "is far too long"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "says"), [case[1:] for case in STRUCTURE], ids=[case[0] for case in STRUCTURE]
)
def test_file_that_is_no_such_csv_is_one_sentence_with_a_next_command(
    content: str | bytes, says: str, tmp_path: Path, dataset: DatasetConfig
) -> None:
    error = refusal(put(tmp_path, content), dataset, InvalidDataError)

    assert says in error.message
    assert "table.csv" in error.message or "header" in error.message
    assert error.next_command is not None
    assert error.next_command.startswith("python run.py ")
    assert "\n" not in error.message
    assert not any(secret in error.message for secret in SECRETS)


CELLS = [
    ("S3,Male,many,80,5,70", "hours_studied: found `many`; allowed is a number from 0 to 168."),
    ('S3,Male,"3,5",80,5,70', "add --set 'dataset.decimal=\",\"'"),
    ("S3,Male,nan,80,5,70", "hours_studied: found `nan`"),
    ("S3,Male,inf,80,5,70", "hours_studied: found `inf`"),
    ("S3,Male,-1,80,5,70", "hours_studied: found `-1`"),
    ("S3,Male,1,130,5,70", "attendance_percent: found `130`; allowed is a number from 0 to 100."),
    ("S3,Male,1,80,2.5,70", "found `2.5`; allowed is a whole number from 0 to 10."),
    (
        "S3,female,1,80,5,70",
        "found `female`; allowed is one of Female, Male. Did you mean `Female`?",
    ),
    ("S3, Female ,1,80,5,70", "It has blanks around it; the category is `Female`."),
    ("S1,Male,1,80,5,70", "column student_id: found a student who is there twice"),
    (" SECRET,Male,1,80,5,70", "column student_id: found an identifier with blanks around it"),
    ("S3,Male,1,80,5,", "test_score: found an empty cell"),
    ("S3,Male,\x1b[2J,80,5,70", "found `�[2J`"),
    (f"S3,{'x' * 99},1,80,5,70", f"found `{'x' * 40}…`"),
]


@pytest.mark.parametrize(("row", "says"), CELLS)
def test_cell_that_breaks_the_contract_is_told_with_place_and_what_is_allowed(
    row: str, says: str, tmp_path: Path, dataset: DatasetConfig
) -> None:
    path = put(tmp_path, with_row(row))
    error = refusal(path, dataset, InvalidDataError)

    assert says in error.message
    assert f"{path}, row " in error.message
    assert error.next_command == f"python run.py dataset check {path} --dataset {dataset.name}"
    assert "SECRET" not in error.message


@pytest.mark.parametrize("row", [row for row, _ in CELLS])
def test_text_that_is_stored_with_a_failed_step_shows_no_cell(
    row: str, tmp_path: Path, dataset: DatasetConfig
) -> None:
    path = put(tmp_path, with_row(row))
    error = refusal(path, dataset, InvalidDataError)
    public = str(error).replace(str(path), "")  # whose folder may be called `pytest-1`

    assert "row " in public
    assert "column " in public
    for cell in ("many", "3,5", "nan", "inf", "-1", "130", "2.5", "female", "xxx", "SECRET", "[2J"):
        assert cell not in public
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("key", "value", "content"),
    [
        ("separator", '";"', TABLE.replace(",", ";")),
        ("separator", '"\\t"', TABLE.replace(",", "\t")),
        ("separator", '"|"', TABLE.replace(",", "|")),
        ("encoding", "utf-16", TABLE.encode("utf-16")),
    ],
)
def test_next_command_of_the_error_mends_it(
    key: str, value: str, content: str | bytes, tmp_path: Path, dataset: DatasetConfig
) -> None:
    path = put(tmp_path, content)
    command = str(refusal(path, dataset, InvalidDataError).next_command)
    override = f"dataset.{key}={value}"

    assert command.endswith((f"--set {override}", f"--set '{override}'"))
    _, mended = load_configs(CONFIGS, "student_performance", (override,))
    assert len(load_table(path, mended)) == 2


def test_decimal_comma_is_read_where_the_contract_says_so(
    tmp_path: Path, dataset: DatasetConfig
) -> None:
    german = dataset.model_copy(update={"separator": ";", "decimal": ","})
    content = TABLE.replace(",", ";").replace(".", ",")
    assert load_table(put(tmp_path, content), german)["hours_studied"].tolist() == [5.0, 2.5]

    point = put(tmp_path, content.replace("2,5", "2.5"))
    assert "--set 'dataset.decimal=\".\"'" in refusal(point, german, InvalidDataError).message


def test_other_encoding_is_read_where_the_contract_says_so(
    tmp_path: Path, dataset: DatasetConfig
) -> None:
    path = put(tmp_path, TABLE.replace("S1", "Jörg").encode("latin-1"))
    changed = dataset.model_copy(update={"encoding": "latin-1"})

    assert load_table(path, changed)["student_id"].tolist() == ["Jörg", "S2"]
    position = len(HEADER) + len("\nJö")
    assert f"position {position} " in refusal(path, dataset, InvalidDataError).message


@pytest.mark.parametrize("encoding", ["nonsense", "hex", "rot13"])
def test_encoding_that_is_none_is_a_usage_error(
    encoding: str, tmp_path: Path, dataset: DatasetConfig
) -> None:
    changed = dataset.model_copy(update={"encoding": encoding})

    assert "is no encoding of text" in refusal(put(tmp_path, TABLE), changed, UsageError).message


def test_bad_byte_is_counted_from_the_start_of_a_long_file(
    tmp_path: Path, dataset: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_BLOCK", 7)
    content = TABLE.encode() + "é".encode() * 10 + b"\xff\n"
    place = f"position {len(content) - 1} "

    assert place in refusal(put(tmp_path, content), dataset, InvalidDataError).message


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_chunks_make_no_difference(
    size: int, quoted: bool, tmp_path: Path, dataset: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"S{i},Male,5,80,5,{i * 10}" for i in range(10)]
    rows.insert(4, "")
    if quoted:
        rows[6] = rows[6].replace("Male", '"Male"').replace("S5", '"S\n5"')
    path = put(tmp_path, "\n".join([HEADER, *rows]))
    whole = load_table(path, dataset)
    monkeypatch.setattr(reading, "_CHUNK_ROWS", size)

    pd.testing.assert_frame_equal(load_table(path, dataset), whole)
    assert len(whole) == 10


def test_key_that_is_twice_is_found_across_chunks(
    tmp_path: Path, dataset: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_CHUNK_ROWS", 2)
    path = put(tmp_path, f"{TABLE}S3,Male,5,80,5,60\nS4,Male,5,80,5,60\nS2,Male,5,80,5,60\n")
    message = refusal(path, dataset, InvalidDataError).message

    assert [line.split(", ")[1] for line in message.split("\n")] == ["row 3", "row 6"]


def test_bad_row_stops_the_reading_early(
    tmp_path: Path, dataset: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_CHUNK_ROWS", 2)
    path = put(tmp_path, f"{HEADER}\nS1,Male,-1,80,5,60\n{GOOD}S3,Male,-2,80,5,60\n")
    message = refusal(path, dataset, InvalidDataError).message

    assert "found `-1`" in message
    assert "`-2`" not in message
