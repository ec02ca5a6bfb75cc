"""Pseudonyms that only the holder of a key can make again (HMAC-SHA256 of the identifier).

A plain hash would not do: whoever has a list of the students hashes them all in a second.
"""

import csv
import hmac
import io
import os

from student_performance.contract import DatasetConfig, Kind, Role
from student_performance.errors import InvalidDataError, UsageError, nearest
from student_performance.reading.commands import check_command
from student_performance.reading.rows import records

KEY_VARIABLE = "STUDENT_PERFORMANCE_PSEUDONYM_KEY"
_MIN_KEY = 16
_DIGITS = 20  # 80 bits: among a million students, two share one with a chance of 4 in 10^13


def key_from_environment() -> str:
    """The secret key.

    Raises:
        UsageError: There is none, or it is short enough to be guessed.
    """
    key = os.environ.get(KEY_VARIABLE, "")
    if len(key) < _MIN_KEY:
        found = f"has {len(key)} characters" if key else "is not set"
        raise UsageError(
            f"{KEY_VARIABLE} {found}; a secret of at least {_MIN_KEY} characters is needed. Make"
            " one once, keep it apart from the data, and take the same one for all tables that"
            " are to be joined.",
            f'export {KEY_VARIABLE}=$(python -c "import secrets; print(secrets.token_hex(32))")',
        )
    return key


def pseudonym(identifier: str, key: str) -> str:
    """`P` and 20 hex digits; the same for the same identifier and key."""
    digest = hmac.new(key.encode(), identifier.encode(), "sha256").hexdigest()
    return f"P{digest[:_DIGITS]}"


def pseudonymised(path: str, dataset: DatasetConfig, key: str) -> tuple[bytes, list[str]]:
    """A table with pseudonyms for identifiers; every other cell is as it was.

    Args:
        path: A CSV.
        dataset: Its contract: which column names the student, separator and encoding.
        key: The secret.

    Returns:
        The new CSV, and the names of columns that are copied although they may name the student
        too: free text, and what the contract does not know.

    Raises:
        UsageError: The contract has no identifier.
        InvalidDataError: The file is no such CSV, or a row has no identifier.
    """
    identifiers = dataset.with_role(Role.ID)
    if not identifiers:
        raise UsageError(f"No column of {dataset.name} has the role `id`: there is nothing to do.")
    rows = records(path, dataset)
    header = next(rows, [])
    place = _place(identifiers[0], header, path, dataset)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=dataset.separator, lineterminator="\n")
    writer.writerow(header)
    for number, row in enumerate(rows, start=2):
        if not any(row):
            continue
        if not row[place] or row[place] != row[place].strip():
            raise InvalidDataError(
                f"{path}, row {number:,}, column {identifiers[0]}: found an identifier that is"
                " empty or has blanks around it; allowed is any other text.",
                check_command(path, dataset),
            )
        row[place] = pseudonym(row[place], key)
        writer.writerow(row)
    return text.getvalue().encode(dataset.encoding), [n for n in header if _may_name(n, dataset)]


def _may_name(name: str, dataset: DatasetConfig) -> bool:
    """Whether a column that is copied may hold names or addresses, for all the contract says."""
    column = dataset.columns.get(name)
    if column is None:
        return True
    return column.kind is Kind.TEXT and column.role not in (Role.ID, Role.COHORT, Role.OUTCOME)


def _place(identifier: str, header: list[str], path: str, dataset: DatasetConfig) -> int:
    if header.count(identifier) != 1:
        raise InvalidDataError(
            f"{path}, header: `{identifier}` is there {header.count(identifier)} times; it is"
            f" needed once.{nearest(identifier, header) if identifier not in header else ''} The"
            f" separator is `{dataset.separator}`.",
            check_command(path, dataset),
        )
    return header.index(identifier)
