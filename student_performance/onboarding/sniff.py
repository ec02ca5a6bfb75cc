"""Finds out how a CSV is written: encoding, separator, decimal sign."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterable

from student_performance.errors import InvalidDataError
from student_performance.reading.files import opened
from student_performance.reading.headers import SEPARATORS
from student_performance.reading.parquet import is_parquet
from student_performance.strict import Strict

_BLOCK = 1 << 20
_LINES = 200


class Format(Strict):
    """How a CSV is written."""

    separator: str
    encoding: str


def sniff(path: str) -> Format:
    """Look at a file's bytes.

    Args:
        path: A local path or an `s3://` address.

    Raises:
        InvalidDataError: There is no such file, it may not be read or it is too large.
    """
    if is_parquet(path):
        raise InvalidDataError(
            f"{path} is Parquet. The guess looks at how cells are written: write some thousand rows"
            " as CSV, let their contract be guessed, and train on the whole table with it.",
            "python run.py dataset init FILE.csv",
        )
    encoding = _encoding(path)
    with opened(path) as file:
        start = file.read(_BLOCK)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(start).removeprefix("\ufeff")
    lines = [line for line in text.splitlines() if line.strip()][:_LINES]
    return Format(separator=_separator(lines), encoding=encoding)


def _encoding(path: str) -> str:
    """UTF-8 if all bytes are, for other encodings hardly ever look like it."""
    with opened(path) as file:
        decoder = codecs.getincrementaldecoder("utf-8")()
        block = start = file.read(_BLOCK)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        try:
            while block:
                decoder.decode(block)
                block = file.read(_BLOCK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"


def _separator(lines: list[str]) -> str:
    """The one that gives most lines as many cells as the header, and the most cells."""
    return max(SEPARATORS, key=lambda separator: _fit(lines, separator))


def _fit(lines: Iterable[str], separator: str) -> tuple[float, int]:
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator)]
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] < 2:
        return 0.0, 0
    return Counter(widths)[widths[0]] / len(widths), widths[0]
