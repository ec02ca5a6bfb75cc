"""The CSV door: from bytes to text cells of the contract's columns, some rows at a time."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from student_performance.contract import DatasetConfig
from student_performance.errors import InvalidDataError, UsageError
from student_performance.reading import parquet
from student_performance.reading.commands import check_command, train_command
from student_performance.reading.files import opened
from student_performance.reading.headers import check_header

_CHUNK_ROWS = 100_000
_BLOCK = 1 << 20
_LONGEST = 1_000_000  # characters of a line
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_TEXT = {
    b"PK\x03\x04": "an Excel workbook or a ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "compressed with gzip",
    b"PAR1": "a Parquet file, though its name does not end in `.parquet`",
    b"%PDF": "a PDF",
}
Row = tuple[int, list[str]]
Ragged = Callable[[int, int, int], None]  # row from 0, cells found, cells allowed


def chunks(
    path: str, dataset: DatasetConfig, ragged: Ragged | None = None, any_size: bool = False
) -> Iterator[pd.DataFrame]:
    """Read the contract's columns of a table, about 100,000 rows at a time.

    Args:
        path: A local path or an `s3://` address.
        dataset: The contract; separator and encoding are taken from it.
        ragged: Is told of a row with more or fewer cells than the header, which is then left out;
            without it, such a row is an error.
        any_size: Whether the file may be larger than a table that is held in memory.

    Yields:
        Cells of a CSV as text, of Parquet as `parquet.frames` has them; empty cells as missing
        values; the index counts the rows of the file from 0,
        also over empty lines, which are left out.

    Raises:
        InvalidDataError: It is no such CSV, or a column of the contract is not in it.
    """
    if parquet.is_parquet(path):
        yield from parquet.frames(path, dataset, any_size)
        return
    with opened(path, any_size) as file:
        _refuse_other_formats(file, path, dataset)
        lines = _lines(file, path, dataset)
        header = _header(lines, dataset)
        check_header(header, path, dataset)
        try:
            told = ragged or partial(_refuse_ragged, path, dataset)
            yield from _frames(lines, header, dataset, told)
        except csv.Error as error:
            raise _bad_quotes(error, path, dataset) from None
        except UnicodeEncodeError:  # encodings that Python has for itself make half characters
            raise InvalidDataError(
                f"{path} holds what is no text in the encoding {dataset.encoding}.",
                f"{train_command(path, dataset)} --set dataset.encoding=utf-8",
            ) from None


def records(path: str, dataset: DatasetConfig) -> Iterator[list[str]]:
    """All rows of a CSV with all their cells as they are written, the header first.

    Raises:
        InvalidDataError: It is no CSV in the contract's separator and encoding.
    """
    with opened(path) as file:
        _refuse_other_formats(file, path, dataset)
        reader = csv.reader(_lines(file, path, dataset), delimiter=dataset.separator, strict=True)
        width = None
        try:
            for number, row in enumerate(reader):
                width = len(row) if width is None else width
                if len(row) != width and row:
                    _refuse_ragged(path, dataset, number - 1, len(row), width)
                yield row
        except csv.Error as error:
            raise _bad_quotes(error, path, dataset) from None


def header_of(path: str, dataset: DatasetConfig) -> list[str]:
    """The names in the first line of a CSV, or of the columns of a Parquet table."""
    if parquet.is_parquet(path):
        return parquet.header_of(path)
    with opened(path) as file:
        _refuse_other_formats(file, path, dataset)
        return _header(_lines(file, path, dataset), dataset)


def _header(lines: Iterator[str], dataset: DatasetConfig) -> list[str]:
    try:
        return next(csv.reader(lines, delimiter=dataset.separator, strict=True), [])
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"dataset.separator {dataset.separator!r} cannot separate cells: {error}.",
            "python run.py train --set 'dataset.separator=\";\"'",
        ) from None
    except csv.Error as error:
        raise InvalidDataError(
            f"The header cannot be read: {error}. A quotation mark may be opened and not closed.",
            f"python run.py train --dataset {dataset.name} --data FILE",
        ) from None


def _refuse_other_formats(file: IO[bytes], path: str, dataset: DatasetConfig) -> None:
    start = file.read(4)
    file.seek(0)
    if not start:
        raise InvalidDataError(
            f"{path} is empty; a header and rows are needed.", check_command(path, dataset)
        )
    for magic, what in _NO_TEXT.items():
        if start.startswith(magic):
            raise InvalidDataError(
                f"{path} is {what}; save the table as CSV and give that file.",
                f"python run.py train --dataset {dataset.name} --data FILE",
            )


def _lines(file: IO[bytes], path: str, dataset: DatasetConfig) -> Iterator[str]:
    try:
        name = codecs.lookup(dataset.encoding).name
        # Spreadsheets put a byte order mark before UTF-8.
        text = io.TextIOWrapper(file, "utf-8-sig" if name == "utf-8" else name, newline="")
    except (LookupError, ValueError):
        raise UsageError(
            f"dataset.encoding `{dataset.encoding}` is no encoding of text that Python knows; usual"
            " ones are utf-8, latin-1, cp1252 and utf-16.",
            f"{train_command(path, dataset)} --set dataset.encoding=latin-1",
        ) from None
    try:
        # A file without line ends must not be read into memory as one line.
        for number, line in enumerate(iter(lambda: text.readline(_LONGEST), ""), start=1):
            if "\0" in line:
                raise InvalidDataError(
                    f"{path}, line {number:,}: found a NUL byte; a CSV is text and has none. The"
                    " file may be damaged, or of another encoding, such as utf-16.",
                    f"{train_command(path, dataset)} --set dataset.encoding=utf-16",
                )
            if len(line) == _LONGEST:
                raise InvalidDataError(
                    f"{path}, line {number:,}: found a line of {_LONGEST:,} characters or more;"
                    " the rows of a table are shorter. Is it a CSV with line ends?",
                    check_command(path, dataset),
                )
            yield line
    except UnicodeError:
        pass
    else:
        return
    raise _other_encoding(path, dataset)


def _other_encoding(path: str, dataset: DatasetConfig) -> InvalidDataError:
    with opened(path, any_size=True) as file:
        start = file.read(2)
        file.seek(0)
        place = _first_bad_byte(file, dataset.encoding)
    other = "utf-16" if start in _UTF_16 else "latin-1"
    if codecs.lookup(dataset.encoding).name == codecs.lookup(other).name:
        other = "utf-8"
    return InvalidDataError(
        f"{path} is not {dataset.encoding}: the byte at position {place:,} is none of it. Try the"
        f" encoding {other}, or save the table as UTF-8.",
        f"{train_command(path, dataset)} --set dataset.encoding={other}",
    )


def _first_bad_byte(file: IO[bytes], encoding: str) -> int:
    """Position from 1. The error of a decoder counts from the start of its own last block."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    while True:
        block = file.read(_BLOCK)
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return done - waiting + error.start + 1
        except UnicodeError:  # some decoders name no place
            return done + 1
        if not block:
            return done
        done += len(block)


def _frames(
    lines: Iterator[str], header: Sequence[str], dataset: DatasetConfig, ragged: Ragged
) -> Iterator[pd.DataFrame]:
    """Lines without quotation marks are split in one go, which is many times faster."""
    done = 0
    while block := list(islice(lines, _CHUNK_ROWS)):
        if any('"' in line for line in block):  # then a cell may go on in the next block
            quoted = csv.reader(chain(block, lines), delimiter=dataset.separator, strict=True)
            yield from _quoted_frames(enumerate(quoted, done), header, dataset, ragged)
            return
        yield _plain_frame(block, done, header, dataset, ragged)
        done += len(block)


def _plain_frame(
    block: list[str], done: int, header: Sequence[str], dataset: DatasetConfig, ragged: Ragged
) -> pd.DataFrame:
    lines = pc.utf8_rtrim(pa.array(block, pa.string()), "\r\n")
    kept = pc.not_equal(pc.utf8_trim(lines, dataset.separator), "").to_numpy(zero_copy_only=False)
    numbers = done + np.flatnonzero(kept)
    rows = pc.split_pattern(lines.filter(pa.array(kept)), dataset.separator)
    lengths = pc.list_value_length(rows).to_numpy()
    fits = lengths == len(header)
    if not fits.all():
        for place in np.flatnonzero(~fits):
            ragged(int(numbers[place]), int(lengths[place]), len(header))
        rows, numbers = rows.filter(pa.array(fits)), numbers[fits]
    flat = pc.list_flatten(rows)
    cells = {
        name: flat.take(pa.array(np.arange(header.index(name), len(flat), len(header))))
        for name in dataset.columns
    }
    empty = pa.scalar(None, pa.string())
    columns = {name: pc.if_else(pc.equal(c, ""), empty, c) for name, c in cells.items()}
    frame: pd.DataFrame = pa.table(columns).to_pandas()
    return frame.set_axis(numbers).dropna(how="all")


def _quoted_frames(
    rows: Iterator[Row], header: Sequence[str], dataset: DatasetConfig, ragged: Ragged
) -> Iterator[pd.DataFrame]:
    places = {name: header.index(name) for name in dataset.columns}
    while block := list(islice(rows, _CHUNK_ROWS)):
        kept = []
        for number, row in block:
            if any(row) and len(row) != len(header):
                ragged(number, len(row), len(header))
            elif any(row):
                kept.append((number, row))
        index = [number for number, _ in kept]
        cells = {
            name: pd.Series([row[place] or None for _, row in kept], index=index, dtype="str")
            for name, place in places.items()
        }
        yield pd.DataFrame(cells).dropna(how="all")


def _bad_quotes(error: csv.Error, path: str, dataset: DatasetConfig) -> InvalidDataError:
    return InvalidDataError(
        f"{path}: a quotation mark is opened and not closed before the next"
        f" `{dataset.separator}`, or a cell is far too long ({error}).",
        check_command(path, dataset),
    )


def _refuse_ragged(
    path: str, dataset: DatasetConfig, number: int, found: int, allowed: int
) -> None:
    raise InvalidDataError(
        f"{path}, row {number + 2:,}: found {found:,} cells; allowed are {allowed:,}, as many as"
        f" the header has names. A cell that holds a `{dataset.separator}` needs quotation marks,"
        " and the line may not end in one too many.",
        check_command(path, dataset),
    )
