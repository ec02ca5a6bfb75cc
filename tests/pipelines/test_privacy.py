"""Nothing about a single student leaves the tables: no log, database, preview or message has it."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Outcome, Stores

STUDENT = "Zaphod-Beeblebrox-4711"
CELLS = {"hours_studied": 31.7, "attendance_percent": 13.9}
TABLES = ("table.parquet",)  # the parts of the data themselves, which later steps read


@pytest.fixture
def planted(table: Path) -> Path:
    """A table with one student who can be told from all others."""
    frame = pd.read_csv(table)
    frame.loc[7, ["student_id", *CELLS]] = [STUDENT, *CELLS.values()]
    frame.to_csv(table, index=False)
    return table


def _mentions(stores: Stores, *words: str) -> list[str]:
    """Files of all stores that hold a word, tables excepted."""
    found = []
    for path in stores.root.rglob("*"):
        if path.is_file() and path.name not in TABLES:
            content = path.read_bytes()
            found += [f"{path.name}: {word}" for word in words if word.encode() in content]
    return found


def test_a_run_leaves_no_student_in_any_store(
    train: Callable[..., Outcome], planted: Path, stores: Stores
) -> None:
    ended = train(data=planted)

    assert ended.code == 0, ended.err
    assert STUDENT not in ended.out + ended.err
    assert (stores.root / "home" / "mlflow" / "mlflow.db").stat().st_size > 0
    assert _mentions(stores, STUDENT) == []
    row = [f"{value}" for value in CELLS.values()]
    assert not [path for path in _text_files(stores) if all(v in path.read_text() for v in row)]


def _text_files(stores: Stores) -> list[Path]:
    endings = {".html", ".json", ".log", ".txt", ".yaml", ".csv"}
    return [path for path in stores.root.rglob("*") if path.suffix in endings]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("gender", "Betelgeusian"),
        ("hours_studied", "forty-two-hours"),
        ("attendance_percent", "142.4242"),
        ("test_score", ""),
    ],
)
def test_an_error_shows_a_bad_cell_to_the_user_only(
    train: Callable[..., Outcome], planted: Path, stores: Stores, column: str, value: str
) -> None:
    frame = pd.read_csv(planted, dtype="str")
    frame.loc[7, column] = value
    frame.to_csv(planted, index=False)

    ended = train(data=planted)

    assert ended.code == 4
    assert f"row 9, column {column}" in ended.err
    assert value in ended.err
    assert STUDENT not in ended.out + ended.err
    assert _mentions(stores, STUDENT, *([value] if value else [])) == []


def test_a_student_who_is_there_twice_is_not_named(
    train: Callable[..., Outcome], planted: Path, stores: Stores
) -> None:
    frame = pd.read_csv(planted, dtype="str")
    frame.loc[8, "student_id"] = STUDENT
    frame.to_csv(planted, index=False)

    ended = train(data=planted)

    assert ended.code == 4
    assert "row 10" in ended.err
    assert STUDENT not in ended.err
    assert _mentions(stores, STUDENT) == []


def test_a_leak_names_columns_and_no_student(
    train: Callable[..., Outcome], planted: Path, stores: Stores
) -> None:
    frame = pd.read_csv(planted, dtype="str")
    frame["hours_studied"] = frame["test_score"]
    frame.to_csv(planted, index=False)

    ended = train(data=planted)

    assert ended.code == 3
    assert "hours_studied" in ended.err
    assert _mentions(stores, STUDENT) == []
