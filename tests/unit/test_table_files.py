"""Tables that are written chunk by chunk: whole, or not at all."""

from pathlib import Path

import fsspec
import pandas as pd
import pytest

from student_performance.errors import UnreachableError
from student_performance.table_files import table_writer

FIRST = pd.DataFrame({"student_id": ["S1"], "risk": [0.5], "reasons": [""]})
SECOND = FIRST.assign(student_id="S2", risk=0.25, reasons="hours_studied +3")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize("place", ["local", "remote"])
def test_chunks_become_one_table(kind: str, place: str, tmp_path: Path) -> None:
    folder = str(tmp_path / "new") if place == "local" else "memory://bucket"
    address = f"{folder}/risks.{kind}"
    with table_writer(address) as write:
        write(FIRST)
        write(SECOND)

    with fsspec.open(address, "rb") as file:
        found = (pd.read_parquet if kind == "parquet" else pd.read_csv)(file)
    assert found["student_id"].tolist() == ["S1", "S2"]
    assert found["risk"].tolist() == [0.5, 0.25]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_what_fails_leaves_the_former_table(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"risks.{kind}"
    path.write_bytes(b"former")

    def cut_off() -> None:
        with table_writer(str(path)) as write:
            write(FIRST)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cut_off()
    assert path.read_bytes() == b"former"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_store_that_does_not_take_it_is_told() -> None:
    with (
        pytest.raises(UnreachableError, match=r"nowhere://risks\.csv cannot be written"),
        table_writer("nowhere://risks.csv") as write,
    ):
        write(FIRST)
