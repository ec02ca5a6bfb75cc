"""Reads a CSV into the pipeline's table: contract checked, outcome reduced to a label."""

import hashlib
import os
from pathlib import Path
from typing import IO

import fsspec
import pandas as pd

from student_performance.config import DatasetConfig, Role
from student_performance.errors import InvalidDataError, nearest
from student_performance.schema import contract_violations

AT_RISK = "at_risk"
_BLOCK = 1 << 20


def md5_of(path: str) -> str:
    """MD5 of a file's bytes, as DVC records it.

    Raises:
        InvalidDataError: There is no such file.
    """
    digest = hashlib.md5(usedforsecurity=False)
    with _open(path) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def load_table(path: str, dataset: DatasetConfig) -> pd.DataFrame:
    """Read a table, hold it against its contract and replace the outcome by the label.

    The outcome columns end here: what follows sees identifiers, sensitive columns, features and
    `at_risk`, so nothing that is known only afterwards can become a feature.

    Args:
        path: A local path or an `s3://` address.
        dataset: The contract.

    Returns:
        A frame with one row a student (and cohort), in the order of the file; `at_risk` is 1 for
        a student below the pass mark, else 0.

    Raises:
        InvalidDataError: The file is missing or breaks the contract; the message names the place.
    """
    frame = _read(path, dataset)
    problems = contract_violations(frame, dataset)
    if problems:
        listed = "\n".join(f"{path}, {problem}" for problem in problems)
        raise InvalidDataError(listed, f"python run.py train --dataset {dataset.name} --data FILE")
    label = (frame[dataset.target.column] < dataset.target.pass_mark).astype("int8")
    outcomes = list(dataset.with_role(Role.OUTCOME))
    table = frame.drop(columns=outcomes).assign(**{AT_RISK: label}).reset_index(drop=True)
    if table[AT_RISK].nunique() < 2:
        everyone = "at risk" if table[AT_RISK].all() else "passing"
        raise InvalidDataError(
            f"{path}: every student is {everyone} by the rule"
            f" {dataset.target.column} >= {dataset.target.pass_mark:g}; there is nothing to learn.",
            "python run.py train --set dataset.target.pass_mark=VALUE",
        )
    return table


def _open(path: str) -> IO[bytes]:
    try:
        return fsspec.open(path, "rb").open()  # type: ignore[no-any-return]
    except FileNotFoundError:
        raise InvalidDataError(
            f"There is no file {path}.", "python run.py train --data FILE"
        ) from None
    except IsADirectoryError:
        raise InvalidDataError(f"{path} is a folder; a CSV file is needed.") from None


def _read(path: str, dataset: DatasetConfig) -> pd.DataFrame:
    """The contract's columns as the file has them; cells that are not numbers stay text.

    The index counts the rows of the file from 0, also over empty lines.
    """
    texts = {name: "str" for name, column in dataset.columns.items() if not column.is_number}
    try:
        with _open(path) as file:
            header = pd.read_csv(
                file, sep=dataset.separator, header=None, nrows=1, dtype="str",
                encoding="utf-8-sig", keep_default_na=False, skip_blank_lines=False,
            ).iloc[0]  # fmt: skip
            file.seek(0)
            frame = pd.read_csv(
                file, sep=dataset.separator, dtype=texts, keep_default_na=False, na_values=[""],
                encoding="utf-8-sig", low_memory=False, skip_blank_lines=False,
            )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InvalidDataError(
            f"{path} is no UTF-8 CSV with separator `{dataset.separator}`: {error}",
            "python run.py train --set dataset.separator=';'",
        ) from error
    _check_header([str(name) for name in header], frame, path, dataset)
    frame = frame[list(dataset.columns)].dropna(how="all")
    if frame.empty:
        raise InvalidDataError(
            f"{path} has a header but no rows.", "python run.py train --data FILE"
        )
    return frame


def _check_header(found: list[str], frame: pd.DataFrame, path: str, dataset: DatasetConfig) -> None:
    next_command = f"python run.py train --dataset {dataset.name} --data FILE"
    if not set(found) & set(dataset.columns):  # then they may be a student's cells: show none
        raise InvalidDataError(
            f"{path}: the first line is no header. It has {len(found)} cells, and none of them is"
            f" a column of {dataset.name} ({', '.join(dataset.columns)}) with the separator"
            f" `{dataset.separator}`.",
            next_command,
        )
    missing = [name for name in dataset.columns if name not in found]
    if missing:
        hints = " ".join(f"`{name}` is missing.{nearest(name, found)}" for name in missing)
        raise InvalidDataError(f"{path}, header: {hints} Found: {', '.join(found)}.", next_command)
    twice = sorted({name for name in dataset.columns if found.count(name) > 1})
    if twice:
        raise InvalidDataError(
            f"{path}, header: {', '.join(twice)} is there twice; once is allowed.", next_command
        )
    if not frame.index.equals(pd.RangeIndex(len(frame))):  # pandas made the first cells the index
        raise InvalidDataError(
            f"{path}: the rows have more cells than the header has names ({len(found)}).",
            next_command,
        )


def features_of(table: pd.DataFrame, dataset: DatasetConfig) -> pd.DataFrame:
    """The columns that a model may see, shape (rows, features)."""
    return table[list(dataset.features)]


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is either whole or not there, also after a kill."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.part")
    aside.write_bytes(data)
    aside.replace(path)
