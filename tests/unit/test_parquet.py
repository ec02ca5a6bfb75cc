"""Parquet: a file or a folder of files is the table that the CSV would be."""

import datetime
import decimal
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from student_performance.contract import DatasetConfig
from student_performance.conversion import to_parquet
from student_performance.dataset import load_table
from student_performance.digests import md5_of, md5_of_path
from student_performance.errors import InvalidDataError, UsageError
from student_performance.reading.files import MAX_BYTES_VARIABLE
from student_performance.reading.parquet import fragments, frames, is_parquet, read_fragment
from student_performance.simulate import simulate, to_csv
from tests.unit.refusals import refusal

STUDENTS = {
    "student_id": ["S1", "S2", "S3"],
    "gender": ["Female", "Male", "Male"],
    "hours_studied": [5.0, 2.5, 7.0],
    "attendance_percent": [80.0, 50.5, 99.0],
    "assignments_completed": [5, 2, 9],
    "test_score": [60.0, 59.9, 88.0],
}


def written(path: Path, **changes: Any) -> str:
    pq.write_table(pa.table(STUDENTS | changes), path)
    return str(path)


@pytest.fixture
def csv(tmp_path: Path) -> str:
    path = tmp_path / "students.csv"
    path.write_bytes(to_csv(simulate(1_000, seed=1)))
    return str(path)


def test_same_table_as_csv_and_as_parquet(csv: str, tmp_path: Path, dataset: DatasetConfig) -> None:
    expected = load_table(csv, dataset)
    out = tmp_path / "students.parquet"
    assert to_parquet(csv, str(out), dataset) == 1_000
    pd.testing.assert_frame_equal(load_table(str(out), dataset), expected)

    folder = tmp_path / "students"
    folder.mkdir()
    table = pq.read_table(out)
    pq.write_table(table.slice(400), folder / "b.parquet", row_group_size=250)
    pq.write_table(table.slice(0, 400), folder / "a.parquet")
    (folder / "notes.txt").write_text("not a table")
    pd.testing.assert_frame_equal(load_table(str(folder), dataset), expected)

    pieces = fragments(str(folder))
    assert [(piece.first, piece.rows) for piece in pieces] == [(0, 400), (400, 250), (650, 250),
                                                             (900, 100)]  # fmt: skip
    read = pd.concat([read_fragment(piece, dataset, ["student_id"]) for piece in pieces])
    assert list(read.index) == list(range(1_000))
    assert list(read["student_id"]) == list(expected["student_id"])


def test_folders_can_name_a_column(tmp_path: Path, dataset: DatasetConfig) -> None:
    table = pa.table(STUDENTS)
    for gender in ("Female", "Male"):
        folder = tmp_path / f"gender={gender}"
        folder.mkdir()
        kept = table.filter(pa.compute.equal(table["gender"], gender)).drop_columns("gender")
        pq.write_table(kept, folder / "part.parquet")
    found = load_table(str(tmp_path), dataset)
    assert dict(zip(found["student_id"], found["gender"], strict=True)) == {
        "S1": "Female", "S2": "Male", "S3": "Male",
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"assignments_completed": pa.array([5, 2, 9], pa.int8())},
        {"assignments_completed": pa.array([5.0, 2.0, 9.0])},
        {"test_score": pa.array([decimal.Decimal(n) for n in ("60.0", "59.9", "88.0")])},
        {"gender": pa.array(["Female", "Male", "Male"]).dictionary_encode()},
        {"student_id": pa.array(["S1", "S2", "S3"], pa.large_string())},
        {"hours_studied": pa.array(["5.0", "2.5", "7.0"])},
    ],
)
def test_other_types_that_say_the_same(
    changes: dict[str, Any], tmp_path: Path, dataset: DatasetConfig
) -> None:
    expected = load_table(written(tmp_path / "a.parquet"), dataset)
    found = load_table(written(tmp_path / "b.parquet", **changes), dataset)
    pd.testing.assert_frame_equal(found, expected)


def test_number_that_names_a_student_is_written_whole(
    tmp_path: Path, dataset: DatasetConfig
) -> None:
    path = written(tmp_path / "a.parquet", student_id=[12, 7, 2**53 + 1])
    assert list(load_table(path, dataset)["student_id"]) == ["12", "7", "9007199254740993"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"hours_studied": [True, False, True]}, "row 2, column hours_studied: found `True`"),
        ({"hours_studied": [5.0, None, 7.0]}, "row 3, column hours_studied: found an empty cell"),
        ({"hours_studied": [5.0, float("nan"), 7.0]}, "row 3, column hours_studied"),
        ({"hours_studied": [5.0, 2.5, 1e9]}, "row 4, column hours_studied: found `1000000000.0`"),
        ({"gender": ["Female", "", "Male"]}, "row 3, column gender: found an empty cell"),
        ({"gender": ["Female", "Mal", "Male"]}, "Did you mean `Male`?"),
        ({"student_id": ["S1", "S2", "S1"]}, "a student who is there twice"),
        ({"student_id": [1.0, 2.0, 3.0]}, "column student_id: found the type double"),
        ({"gender": [["Male"]] * 3}, "column gender: found the type list"),
        ({"hours_studied": [datetime.date(2026, 1, 1)] * 3}, "found the type date32"),
        ({"gender": [b"Male"] * 3}, "found the type binary"),
    ],
)
def test_cell_that_breaks_the_contract_is_named_as_in_a_csv(
    changes: dict[str, Any], says: str, tmp_path: Path, dataset: DatasetConfig
) -> None:
    path = written(tmp_path / "a.parquet", **changes)
    assert says in refusal(path, dataset, InvalidDataError).message


def test_what_is_no_parquet_is_a_sentence(tmp_path: Path, dataset: DatasetConfig) -> None:
    whole = Path(written(tmp_path / "whole.parquet")).read_bytes()
    cut = tmp_path / "cut.parquet"
    broken = tmp_path / "broken.parquet"
    empty = tmp_path / "empty.parquet"
    cut.write_bytes(whole[: len(whole) // 2])
    broken.write_bytes(whole[:4] + bytes(len(whole) - 40) + whole[-36:])
    empty.write_bytes(b"")
    for path in (cut, broken, empty):
        assert (
            "no Parquet file that can be read"
            in refusal(str(path), dataset, InvalidDataError).message
        )
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "students.csv").write_text("a,b\n")
    for path in (folder, tmp_path / "nowhere.parquet"):
        assert str(path) in refusal(str(path), dataset, InvalidDataError).message
    other = tmp_path / "other.csv"
    other.write_bytes(whole)
    told = refusal(str(other), dataset, InvalidDataError).message
    assert "its name does not end in `.parquet`" in told


def test_missing_column_names_the_nearest(tmp_path: Path, dataset: DatasetConfig) -> None:
    table = {("hours" if name == "hours_studied" else name): c for name, c in STUDENTS.items()}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    error = refusal(str(tmp_path / "a.parquet"), dataset, InvalidDataError)
    assert "`hours_studied` is missing. Did you mean `hours`?" in error.message


def test_table_without_rows(tmp_path: Path, dataset: DatasetConfig) -> None:
    pq.write_table(pa.table(STUDENTS).slice(0, 0), tmp_path / "a.parquet")
    path = str(tmp_path / "a.parquet")
    assert "no rows" in refusal(path, dataset, InvalidDataError).message
    with pytest.raises(InvalidDataError, match="no rows"):
        fragments(path)


def test_size_is_that_of_all_files(
    tmp_path: Path, dataset: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [Path(written(tmp_path / f"{name}.parquet")).stat().st_size for name in "ab"]
    monkeypatch.setenv(MAX_BYTES_VARIABLE, str(sum(sizes) - 1))
    assert f"has {sum(sizes):,} bytes" in refusal(str(tmp_path), dataset, InvalidDataError).message


def test_batches_are_bounded(tmp_path: Path, dataset: DatasetConfig) -> None:
    simulate(250_000, seed=1).to_parquet(tmp_path / "a.parquet", index=False)
    assert [len(frame) for frame in frames(str(tmp_path), dataset)] == [100_000, 100_000, 50_000]


def test_digest_of_a_folder_is_that_of_dvc(tmp_path: Path, dataset: DatasetConfig) -> None:
    folder = tmp_path / "students"
    for name in ("a/z", "a", "a-b", "b"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        written(folder / name / "part.parquet", student_id=[name, "2", "3"])
    commands = ("init --quiet --no-scm", f"add --quiet {folder.name}")
    for command in commands:
        dvc = [sys.executable, "-m", "dvc", *command.split()]
        subprocess.run(dvc, cwd=tmp_path, check=True, capture_output=True)
    pointer = (tmp_path / "students.dvc").read_text()
    assert f"md5: {md5_of(str(folder))}" in pointer
    assert json.dumps(md5_of_path(folder)) == json.dumps(md5_of(str(folder)))

    before = md5_of(str(folder))
    (folder / "b" / "part.parquet").rename(folder / "b" / "other.parquet")
    assert md5_of(str(folder)) != before


def test_names_of_parquet_tables(tmp_path: Path) -> None:
    assert is_parquet("s3://bucket/students/")
    assert is_parquet("s3://bucket/students.parquet")
    assert is_parquet(str(tmp_path))
    assert not is_parquet("s3://bucket/students.csv")
    assert not is_parquet(str(tmp_path / "students.csv"))


def test_conversion_writes_all_or_nothing(csv: str, tmp_path: Path, dataset: DatasetConfig) -> None:
    text = Path(csv).read_text()
    Path(csv).write_text(text.replace("Female", "Femal", 1))
    with pytest.raises(InvalidDataError, match="column gender"):
        to_parquet(csv, str(tmp_path / "out.parquet"), dataset)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["students.csv"]
    for out in (csv, str(tmp_path / "out.csv")):
        with pytest.raises(UsageError, match=r"ends in `\.parquet`"):
            to_parquet(csv, out, dataset)


def test_spoiled_bytes_give_a_table_or_a_sentence(tmp_path: Path, dataset: DatasetConfig) -> None:
    path = tmp_path / "spoiled.parquet"
    simulate(60, seed=1).to_parquet(path, index=False)
    whole, rng, refused = path.read_bytes(), np.random.default_rng(0), 0
    for _ in range(600):
        spoiled = bytearray(whole)
        for place in rng.integers(len(whole), size=rng.integers(1, 4)):
            spoiled[place] = rng.integers(256)
        path.write_bytes(spoiled)
        try:
            load_table(str(path), dataset)
        except InvalidDataError:
            refused += 1
    assert 300 < refused < 600
