"""Risks of students whose outcome is not known yet: a table, one student, and what would be if."""

import csv
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from student_performance.contract import Column, DatasetConfig, Role
from student_performance.curves import ReliabilityBin
from student_performance.dataset import features_of, typed
from student_performance.derive import derived
from student_performance.drift import FeatureReference
from student_performance.examples import typical_value
from student_performance.metrics import bins_of
from student_performance.models import risk
from student_performance.resampling import Floats
from student_performance.strict import Strict

RISK, FLAGGED, REASONS = "risk", "flagged", "reasons"
Student = Mapping[str, float | str]

# What a spreadsheet would take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Influence(Strict):
    """What a feature does to the risk of one student.

    Attributes:
        feature: Name of the feature.
        value: What the student has.
        typical: What a student in the middle of the training part has.
        risk_if_typical: The risk if only this feature were typical.
        change: The student's risk minus that, so that a positive one raises it.
    """

    feature: str
    value: float | str
    typical: float | str
    risk_if_typical: float
    change: float


def unlabelled(dataset: DatasetConfig) -> DatasetConfig:
    """The contract of a table that shall be scored: what names a student and what the model needs.

    Outcomes are not known yet, and sensitive columns that no feature is derived from are not
    asked for.
    """
    sources = {
        source
        for column in dataset.features.values()
        for source in (column.share_of, column.share_of_largest_in, column.rank_within)
    }
    kept = (Role.ID, Role.COHORT, Role.FEATURE)
    columns = {
        name: column
        for name, column in dataset.columns.items()
        if column.role in kept or name in sources
    }
    return dataset.model_copy(update={"columns": columns, "world": None})


def scored(
    model: Any, frame: pd.DataFrame, dataset: DatasetConfig, threshold: float
) -> pd.DataFrame:
    """The students of a table with their risk, the highest first.

    Args:
        model: A fitted model.
        frame: What `survey` found in a table that keeps the contract `unlabelled(dataset)`.
        dataset: The contract that the model was trained with.
        threshold: A student is flagged from this risk on.

    Returns:
        The columns that name a row, `risk` and `flagged`, shape (rows, 3 or 4).
    """
    table = derived(typed(frame, dataset), dataset)
    risks = risk(model, features_of(table, dataset))
    key = list(dataset.row_key) or [dataset.id_column]
    found = table[key].assign(**{RISK: risks, FLAGGED: risks >= threshold})
    return found.sort_values(RISK, ascending=False, kind="stable", ignore_index=True)


def blank(dataset: DatasetConfig) -> bytes:
    """A CSV to fill in: the header of a table that shall be scored."""
    return f"{dataset.separator.join(unlabelled(dataset).columns)}\n".encode(dataset.encoding)


def to_spreadsheet(table: pd.DataFrame, header: bool = True) -> bytes:
    """A CSV whose text cells no spreadsheet takes for a formula.

    A quotation mark is put before such a cell, as OWASP advises against CSV injection, and every
    text stands in double quotes, so that no line end in it begins a cell of its own.
    """
    told = table.rename(columns=_harmless)
    texts = told.select_dtypes(exclude=["number", "bool"]).columns
    told[texts] = told[texts].map(_harmless)
    return told.to_csv(
        index=False, header=header, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC
    ).encode()


def _harmless(cell: object) -> object:
    return f"'{cell}" if str(cell).startswith(_FORMULA) else cell


def typical(references: Sequence[FeatureReference]) -> dict[str, float | str]:
    """A student in the middle of the training part, feature by feature."""
    return {reference.feature: typical_value(reference) for reference in references}


def plausible_range(column: Column, reference: FeatureReference) -> tuple[float, float]:
    """Numbers worth asking a model about: what is allowed, and not far from what it learnt from.

    Three times the distance between the outer deciles of the training part is added on either side
    of them, and the limits of the contract end it.
    """
    if column.derivation:
        return 0.0, 1.0
    first, last = (reference.edges[0], reference.edges[-1]) if reference.edges else (0.0, 0.0)
    room = 3 * (last - first) or 10.0
    low = first - room if column.minimum is None else max(first - room, column.minimum)
    high = last + room if column.maximum is None else min(last + room, column.maximum)
    return float(np.floor(low)), float(np.ceil(high))


def risk_of(model: Any, student: Student) -> float:
    """The risk of one student, whose features are as the model sees them."""
    return float(risk(model, pd.DataFrame([dict(student)]))[0])


def influences(
    model: Any, student: Student, references: Sequence[FeatureReference]
) -> tuple[Influence, ...]:
    """How the risk of a student changes if one feature after the other is made typical.

    It holds for every kind of model, and tells what the model does, not what causes what.

    Returns:
        The largest change first.
    """
    middle = typical(references)
    rows = pd.DataFrame([dict(student), *({**student, name: middle[name]} for name in middle)])
    own, *others = (float(value) for value in risk(model, rows))
    found = [
        Influence(
            feature=name,
            value=student[name],
            typical=middle[name],
            risk_if_typical=other,
            change=own - other,
        )
        for name, other in zip(middle, others, strict=True)
    ]
    return tuple(sorted(found, key=lambda influence: -abs(influence.change)))


def reasons(
    model: Any,
    features: pd.DataFrame,
    risks: Floats,
    references: Sequence[FeatureReference],
    most: int = 3,
) -> pd.Series:
    """What moves the risk of each student most, in words, such as `hours_studied +21`.

    The numbers are points of percent: the risk minus what it would be if only this feature were
    typical, as `influences` has it. What moves it by less than half a point is left out.

    Args:
        model: A fitted model.
        features: Shape (rows, features), with any index.
        risks: What the model says about these rows, shape (rows,).
        references: The training part.
        most: How many features are named at most.
    """
    middle = typical(references)
    changes = np.column_stack(
        [risks - risk(model, features.assign(**{name: value})) for name, value in middle.items()]
    )
    points = (100 * changes).round().astype(np.int64)
    span = np.arange(-100, 101)
    words = np.array([[f", {name} {p:+d}" if p else "" for p in span] for name in middle], object)
    order = np.argsort(-np.abs(changes), axis=1, kind="stable")[:, :most]
    rows = np.arange(len(features))
    named = [words[column, points[rows, column] + 100] for column in order.T]
    joined = pc.binary_join_element_wise(*(pa.array(column, pa.string()) for column in named), "")
    texts = pc.utf8_slice_codeunits(joined, len(", "))
    return pd.Series(texts.to_pandas().to_numpy(), index=features.index, dtype="str")


def alike(risk: float, reliability: Sequence[ReliabilityBin]) -> ReliabilityBin | None:
    """The students of the hold-out whose predicted risk fell into the same bin.

    Returns:
        None where there were too few of them to be shown.
    """
    own, *others = bins_of(np.array([risk, *(known.predicted for known in reliability)]))
    return next((known for known, b in zip(reliability, others, strict=True) if b == own), None)


def what_if(
    model: Any, student: Student, feature: str, values: Sequence[float] | Sequence[str]
) -> Floats:
    """The risk of a student for each value that one feature could have, shape (values,)."""
    return risk(model, pd.DataFrame([{**student, feature: value} for value in values]))
