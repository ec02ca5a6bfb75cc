"""From a file to the pipeline's table: contract held, features derived, outcome made a label."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from student_performance.contract import RETURNING, ROW_NUMBER, DatasetConfig, Kind, Role
from student_performance.derive import derived
from student_performance.errors import InvalidDataError, UsageError
from student_performance.reading.commands import check_command
from student_performance.reading.rows import chunks
from student_performance.schema import Violation, checked, repeated, sentences

AT_RISK = "at_risk"


def load_table(path: str, dataset: DatasetConfig) -> pd.DataFrame:
    """Read a table, hold it against its contract and replace the outcome by the label.

    The outcome columns end here: what follows sees identifiers, sensitive columns, features and
    `at_risk`, so nothing that is known only afterwards can become a feature.

    Args:
        path: A local path or an `s3://` address.
        dataset: The contract.

    Returns:
        A frame with one row a student (and cohort), in the order of the file; `at_risk` is 1 for
        a student who does not pass by the target rule, else 0.

    Raises:
        InvalidDataError: The file is missing or breaks the contract; the message names the place.
        UnreachableError: The file is elsewhere, and the way there does not work.
    """
    return without_outcomes(labelled(read(path, dataset), dataset), dataset)


def read(path: str, dataset: DatasetConfig) -> pd.DataFrame:
    """The contract's columns of a file, outcomes included, contract held.

    Args:
        path: A local path or an `s3://` address.
        dataset: The contract.

    Returns:
        A frame in the order of the file. Whole numbers that may not be empty are int64, all other
        numbers float64, whatever the file happens to hold. A table without an identifier gets the
        column `row_number`.

    Raises:
        InvalidDataError: The file is missing or breaks the contract; the message names the place.
        UnreachableError: The file is elsewhere, and the way there does not work.
    """
    frame, violations = survey(path, dataset, whole=False)
    if violations:
        raise broken(path, violations, dataset)
    return typed(frame, dataset)


def broken(path: str, violations: Sequence[Violation], dataset: DatasetConfig) -> InvalidDataError:
    """The error about a table that breaks its contract; it names the first places."""
    return InvalidDataError(
        "\n".join(f"{path}, {sentence}" for sentence in sentences(violations)),
        check_command(path, dataset),
        public="\n".join(f"{path}, {line}" for line in sentences(violations, public=True)),
    )


def typed(frame: pd.DataFrame, dataset: DatasetConfig) -> pd.DataFrame:
    """What `survey` found without violations, as `read` returns it."""
    whole = [
        name
        for name, column in dataset.columns.items()
        if column.kind is Kind.INTEGER and not column.nullable
    ]
    frame = frame.astype(dict.fromkeys(whole, "int64"))
    if not dataset.with_role(Role.ID):
        numbers = pd.Series(frame.index + 1, index=frame.index).astype("str")
        frame.insert(0, ROW_NUMBER, numbers)
    return frame.reset_index(drop=True)


def survey(
    path: str, dataset: DatasetConfig, whole: bool = True
) -> tuple[pd.DataFrame, list[Violation]]:
    """Read a file and collect what breaks the contract, without refusing it for that.

    Args:
        path: A local path or an `s3://` address.
        dataset: The contract.
        whole: Go through the whole file; else stop after the first chunk with a violation.

    Returns:
        The contract's columns, numbers as floats and empty where a cell is none, and the
        violations in the order of the file. The index counts the rows of the file from 0.

    Raises:
        InvalidDataError: It is no such CSV, or a column of the contract is not in it.
    """
    _check_free_names(dataset)
    parts: list[pd.DataFrame] = []
    violations: list[Violation] = []
    for cells in chunks(path, dataset):
        if cells.empty:
            continue
        part, found = checked(cells, dataset)
        parts.append(part)
        violations += found
        if violations and not whole:
            return part, violations
    if not parts:
        raise InvalidDataError(
            f"{path} has a header but no rows.", "python run.py train --data FILE"
        )
    frame = pd.concat(parts)
    if len(parts) > 1:  # within a chunk, they are found already
        told = {violation.row for violation in violations}
        twice = [v for v in repeated(frame, dataset) if v.row not in told]
        violations = sorted([*violations, *twice], key=lambda violation: violation.row or 0)
    return frame, violations


def labelled(frame: pd.DataFrame, dataset: DatasetConfig) -> pd.DataFrame:
    """Derive the features and add the label `at_risk`; the outcomes are still there.

    Args:
        frame: What `read` returned.
        dataset: The contract.

    Returns:
        A new frame, its derived features as the model sees them; `at_risk` is an int8.

    Raises:
        InvalidDataError: Every student passes, or nobody does.
    """
    found = with_label(frame, dataset)
    if found[AT_RISK].nunique() < 2:
        everyone = "at risk" if found[AT_RISK].all() else "passing"
        rule = "pass_mark=VALUE" if dataset.target.pass_mark is not None else "passing=[VALUE]"
        raise InvalidDataError(
            f"Every student is {everyone} by the rule {dataset.target.text()}; there is nothing to"
            " learn.",
            f"python run.py train --dataset {dataset.name} --set 'dataset.target.{rule}'",
        )
    return found


def with_label(frame: pd.DataFrame, dataset: DatasetConfig) -> pd.DataFrame:
    """The same without a look at how many there are of either kind, for a part of a table."""
    label = at_risk(frame[dataset.target.column], dataset)
    return derived(frame, dataset).assign(**{AT_RISK: label})


def without_outcomes(frame: pd.DataFrame, dataset: DatasetConfig) -> pd.DataFrame:
    """The frame without what is known only afterwards, and without what has served its purpose.

    The label stays. Context columns, of which names and addresses may be some, end here too.
    """
    ended = dataset.with_role(Role.OUTCOME) + dataset.with_role(Role.CONTEXT)
    return frame.drop(columns=list(ended))


def features_of(table: pd.DataFrame, dataset: DatasetConfig) -> pd.DataFrame:
    """The columns that a model may see, shape (rows, features)."""
    return table[list(dataset.features)]


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is either whole or not there, also after a kill."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.part")
    aside.write_bytes(data)
    aside.replace(path)


def at_risk(outcome: pd.Series, dataset: DatasetConfig) -> pd.Series:
    """Who does not pass by the rule of the contract, shape (rows,), as int8."""
    target = dataset.target
    if target.pass_mark is not None:
        return (outcome < target.pass_mark).astype("int8")
    if target.pass_at_most is not None:
        return (outcome > target.pass_at_most).astype("int8")
    if target.passing is not None:
        return (~outcome.isin(target.passing)).astype("int8")
    return outcome.isin(target.at_risk or ()).astype("int8")


def _check_free_names(dataset: DatasetConfig) -> None:
    """The table of the pipeline has columns of its own, which the file cannot have too."""
    own = {AT_RISK: "the label"}
    if dataset.cohort_column:
        own[RETURNING] = "whether a student of the hold-out was there before"
    if not dataset.with_role(Role.ID):
        own[ROW_NUMBER] = "the number of a row, for lack of an identifier"
    for name in own.keys() & dataset.columns.keys():
        raise UsageError(
            f"The column name `{name}` is taken: it is {own[name]}. Rename the column in the file"
            f" and in configs/datasets/{dataset.name}.yaml."
        )
