"""Files that are written to be refused, and the errors that they are refused with."""

from pathlib import Path

import pytest

from student_performance.contract import DatasetConfig
from student_performance.dataset import load_table
from student_performance.errors import InvalidDataError, ProductError


def put(folder: Path, content: str | bytes) -> str:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def refusal(path: str, dataset: DatasetConfig, kind: type[ProductError]) -> ProductError:
    with pytest.raises(kind) as caught:
        load_table(path, dataset)
    return caught.value


def failure(path: Path, dataset: DatasetConfig) -> ProductError:
    error = refusal(str(path), dataset, InvalidDataError)
    assert error.exit_code == 4
    return error
