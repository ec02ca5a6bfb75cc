"""The Parquet door: a file, or a folder or `s3://` prefix of files, by column and in batches."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from student_performance.contract import DatasetConfig
from student_performance.errors import InvalidDataError
from student_performance.reading.commands import check_command
from student_performance.reading.files import PARQUET, check_size, files_of, opened, remote_files
from student_performance.reading.headers import check_header

_BATCH_ROWS = 100_000


@dataclass(frozen=True)
class Fragment:
    """A piece of a table that can be read on its own.

    Attributes:
        path: Address of the file.
        row_group: Which of its row groups.
        first: Number of its first row in the whole table, from 0.
        rows: How many there are.
        named: Columns that the folders name, as in `term=2025/part-0.parquet`, with their value.
    """

    path: str
    row_group: int
    first: int
    rows: int
    named: tuple[tuple[str, str], ...]


def is_parquet(path: str) -> bool:
    """Whether an address is that of a Parquet table, by its name alone.

    It ends in `.parquet`, is a local folder, or an address such as `s3://bucket/students/`.
    """
    if path.endswith(PARQUET):
        return True
    return path.endswith("/") if "://" in path else os.path.isdir(path)


def header_of(path: str) -> list[str]:
    """The columns of a table; those of its first file, and what its folders name.

    Raises:
        InvalidDataError: There is no such table.
    """
    first = files_of(path)[0]
    with _parquet(first) as file:
        return [*file.schema_arrow.names, *(name for name, _ in _named(first, path))]


def fragments(path: str) -> tuple[Fragment, ...]:
    """All pieces of a table in the order of their names; only the ends of the files are read.

    Raises:
        InvalidDataError: There is no such table, or it has no rows.
        UnreachableError: It is elsewhere, and the way there does not work.
    """
    found: list[Fragment] = []
    first = 0
    for address in files_of(path):
        with _parquet(address) as file:
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                found.append(Fragment(address, group, first, rows, _named(address, path)))
                first += rows
    if not first:
        raise InvalidDataError(f"{path} has columns but no rows.")
    return tuple(found)


def read_fragment(
    fragment: Fragment, dataset: DatasetConfig, columns: Sequence[str]
) -> pd.DataFrame:
    """Some of the contract's columns of a piece, as `frames` yields them."""
    with _parquet(fragment.path) as file:
        check_header(
            [*file.schema_arrow.names, *(name for name, _ in fragment.named)],
            fragment.path, dataset,
        )  # fmt: skip
        table = file.read_row_group(fragment.row_group, columns=list(columns))
        return _cells(table, fragment.first, fragment.named, fragment.path, dataset, columns)


def frames(path: str, dataset: DatasetConfig, any_size: bool = False) -> Iterator[pd.DataFrame]:
    """The contract's columns, about 100,000 rows at a time.

    Args:
        path: A Parquet file, or a folder or prefix of such files.
        dataset: The contract.
        any_size: Whether it may be larger than a table that is held in memory.

    Yields:
        Numbers as numbers and all else as text, empty cells as missing values; the index counts
        the rows from 0.

    Raises:
        InvalidDataError: It is no such table, or a column of the contract is not in it.
        UnreachableError: It is elsewhere, and the way there does not work.
    """
    if not any_size:
        check_size(path, size_of(path))
    first, columns = 0, list(dataset.columns)
    for address in files_of(path):
        named = _named(address, path)
        with _parquet(address) as file:
            names = file.schema_arrow.names
            check_header([*names, *(name for name, _ in named)], address, dataset)
            kept = [name for name in columns if name in names]
            for batch in file.iter_batches(_BATCH_ROWS, columns=kept):
                table = pa.Table.from_batches([batch])
                yield _cells(table, first, named, address, dataset, columns)
                first += len(table)


def size_of(path: str) -> int:
    """Bytes of all files of a table."""
    if "://" in path and path.endswith("/"):
        return sum(one.size for one in remote_files(path, PARQUET))
    if "://" in path:
        with opened(path, any_size=True) as file:
            return int(getattr(file, "size", 0))
    return sum(Path(file).stat().st_size for file in files_of(path))


def _named(address: str, path: str) -> tuple[tuple[str, str], ...]:
    """What folders between a table and a file of it name, as Hive does."""
    folders = address.removeprefix(path).split("/")[:-1]
    pairs = (folder.partition("=") for folder in folders)
    return tuple((unquote(name), unquote(value)) for name, equals, value in pairs if equals)


@contextmanager
def _parquet(address: str) -> Iterator[pq.ParquetFile]:
    with opened(address, any_size=True) as file:
        try:
            yield pq.ParquetFile(file, pre_buffer=True)
        except _damage(address) as error:
            raise InvalidDataError(
                f"{address} is no Parquet file that can be read ({_first_line(error)}): it may be"
                " damaged or cut off.",
                "python run.py train --data FILE",
            ) from None


def _damage(address: str) -> tuple[type[Exception], ...]:
    """What pyarrow raises; of a remote file an `OSError` is about the way there."""
    of_bytes = pa.ArrowException, UnicodeError
    return of_bytes if "://" in address else (*of_bytes, OSError)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__


def _cells(
    table: pa.Table, first: int, named: tuple[tuple[str, str], ...], path: str,
    dataset: DatasetConfig, columns: Sequence[str],
) -> pd.DataFrame:  # fmt: skip
    folders = dict(named)
    found = {
        name: pa.array([folders[name]] * len(table), pa.string())
        if name not in table.column_names
        else _column(table.column(name), name, path, dataset)
        for name in columns
    }
    kept = pa.table(found)
    kept.validate(full=True)  # text may be none, which nobody has looked at yet
    frame: pd.DataFrame = kept.to_pandas()
    frame.index = pd.RangeIndex(first, first + len(frame))
    return frame.dropna(how="all")


def _column(
    cells: pa.ChunkedArray, name: str, path: str, dataset: DatasetConfig
) -> pa.ChunkedArray:
    """Numbers where the contract wants some, else text; what is neither is refused."""
    column, kind = dataset.columns[name], cells.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        cells = cells.cast(kind)
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if number and column.is_number:
        return cells.cast(pa.float64(), safe=False)
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    told = pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)
    when = (pa.types.is_date(kind) or pa.types.is_timestamp(kind)) and not column.is_number
    if not (text or told or when):
        raise InvalidDataError(
            f"{path}, column {name}: found the type {kind}; allowed is {column.allowed()}. Write it"
            " as text or as a number.",
            check_command(path, dataset),
        )
    if pa.types.is_boolean(kind):  # as a CSV has it, and as pandas prints it
        cells = pc.if_else(cells, "True", "False")
    written = cells.cast(pa.string())
    return pc.if_else(pc.equal(written, ""), pa.scalar(None, pa.string()), written)
