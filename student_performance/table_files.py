"""Writes a table chunk by chunk as Parquet or CSV: it is there as a whole, or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import fsspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from student_performance.errors import UnreachableError, UsageError
from student_performance.scoring import to_spreadsheet

Write = Callable[[pd.DataFrame], None]
KINDS = (".parquet", ".csv")


def check_kind(address: str) -> None:
    """Refuse a name whose ending says no kind of file.

    Raises:
        UsageError: It ends neither in `.parquet` nor in `.csv`.
    """
    if not address.endswith(KINDS):
        raise UsageError(
            f"{address} is no name to write to: it must end in {' or '.join(KINDS)}.",
            "python run.py predict --data FILE --out risks.parquet",
        )


@contextmanager
def table_writer(address: str) -> Iterator[Write]:
    """A function that appends rows to a file, which appears when the block ends well.

    Args:
        address: A local path or an `s3://` address that ends in `.parquet` or `.csv`; a CSV has no
            cell that a spreadsheet would take for a formula.

    Raises:
        UnreachableError: The store of a remote address does not take it.
    """
    with _placed(address) as aside:
        if address.endswith(".csv"):
            with aside.open("wb") as file:
                yield lambda rows: _append(file, rows)
            return
        with _Parquet(aside) as parquet:
            yield parquet.append


class _Parquet:
    """A Parquet file whose columns are those of its first rows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> "_Parquet":
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def append(self, rows: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(rows, preserve_index=False)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table.cast(self._writer.schema))


def _append(file: IO[bytes], rows: pd.DataFrame) -> None:
    file.write(to_spreadsheet(rows, header=file.tell() == 0))


@contextmanager
def _placed(address: str) -> Iterator[Path]:
    """A local path to write to, put in its place afterwards: by renaming, or as one object."""
    if "://" in address:
        with tempfile.TemporaryDirectory() as folder:
            aside = Path(folder) / "table"
            yield aside
            _upload(aside, address)
        return
    path = Path(address)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _upload(aside: Path, address: str) -> None:
    try:
        store, key = fsspec.core.url_to_fs(address)
        store.put_file(str(aside), key)
    except Exception as error:  # each kind of store raises its own
        raise UnreachableError(
            f"{address} cannot be written: {type(error).__name__}: {error}.",
            "python run.py doctor",
        ) from error
