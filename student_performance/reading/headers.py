"""Holds the header of a CSV against the contract, and says what is wrong with it."""

import logging
from collections.abc import Sequence

from student_performance.contract import DatasetConfig
from student_performance.errors import InvalidDataError, nearest
from student_performance.reading.commands import check_command, train_command

SEPARATORS = (",", ";", "\t", "|")
_log = logging.getLogger(__name__)


def check_header(header: Sequence[str], path: str, dataset: DatasetConfig) -> None:
    """Look for the contract's columns in the first line.

    Raises:
        InvalidDataError: A column is missing or there twice, or the line is no header.
    """
    if not any(header):
        raise InvalidDataError(
            f"{path}: the first line is empty; it must name the columns.",
            check_command(path, dataset),
        )
    if not set(header) & set(dataset.columns):
        raise _no_header(header, path, dataset)
    missing = [name for name in dataset.columns if name not in header]
    if missing:
        hints = " ".join(f"`{name}` is missing.{nearest(name, header)}" for name in missing)
        raise InvalidDataError(
            f"{path}, header: {hints} Found: {', '.join(header)}.", check_command(path, dataset)
        )
    twice = [name for name in dataset.columns if list(header).count(name) > 1]
    if twice:
        raise InvalidDataError(
            f"{path}, header: {', '.join(twice)} is there twice; once is allowed.",
            check_command(path, dataset),
        )
    extra = [name for name in header if name not in dataset.columns]
    if extra:
        _log.info("%s: not in the contract, and ignored: %s", path, ", ".join(extra))


def _no_header(header: Sequence[str], path: str, dataset: DatasetConfig) -> InvalidDataError:
    """The line may hold a student's cells: show none of them."""
    message = (
        f"{path}: the first line is no header. It has {len(header):,} cells, and none of them is a"
        f" column of {dataset.name} ({', '.join(dataset.columns)}) with the separator"
        f" `{dataset.separator}`."
    )
    line = dataset.separator.join(header)
    fits = {
        separator: len(set(line.split(separator)) & set(dataset.columns))
        for separator in SEPARATORS
    }
    best = max(SEPARATORS, key=lambda separator: fits[separator])
    if not fits[best]:
        return InvalidDataError(message, check_command(path, dataset))
    shown = {"\t": "\\t"}.get(best, best)
    return InvalidDataError(
        f"{message} The header seems to use `{shown}`.",
        f"{train_command(path, dataset)} --set 'dataset.separator=\"{shown}\"'",
    )
