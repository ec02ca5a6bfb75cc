"""What a part adds to sums over all rows: pure functions of arrays, without a cluster.

Several models are learnt at once: one for each fold, from the rows outside of it, and a last one
from all rows. Each sum has them as its first axis.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from student_performance.metrics import Labels, log_losses

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BINS = 4_096


@dataclass(frozen=True)
class Part:
    """Rows to learn from, as the encoder gives them.

    Attributes:
        design: Encoded columns, empty cells as 0, about centred and scaled; then for each column
            that may be empty whether the cell is; then ones. Shape (rows, width).
        y: Labels, shape (rows,).
        folds: The fold of each row, shape (repeats, rows).
    """

    design: Floats
    y: Labels
    folds: NDArray[np.uint8]


@dataclass(frozen=True)
class Plan:
    """Which models are learnt: `folds` times `repeats`, and one from all rows."""

    folds: int
    repeats: int

    @property
    def models(self) -> int:
        """Their number."""
        return self.folds * self.repeats + 1

    def learn(self, part: Part) -> NDArray[np.bool_]:
        """Which rows each model learns from, shape (rows, models)."""
        learnt = np.ones((len(part.y), self.models), bool)
        for model in range(self.models - 1):
            learnt[:, model] = part.folds[model // self.folds] != model % self.folds
        return learnt


class Additive:
    """Sums that are added field by field."""

    def __add__(self, other: Self) -> Self:
        return type(self)(**{
            field.name: getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)  # type: ignore[arg-type]
        })  # fmt: skip


@dataclass(frozen=True)
class Moments(Additive):
    """Counts and sums of the rows that each model learns from.

    Attributes:
        rows: Shape (models,).
        positives: Rows at risk, shape (models,).
        first: Sums of the columns of the design, shape (models, width).
        second: Sums of their squares.
    """

    rows: Floats
    positives: Floats
    first: Floats
    second: Floats


def moments(part: Part, plan: Plan) -> Moments:
    """Counts, sums and sums of squares; columns that are about centred lose no digits."""
    learnt = plan.learn(part).T.astype(np.float64)
    return Moments(
        rows=learnt.sum(axis=1),
        positives=learnt @ part.y,
        first=learnt @ part.design,
        second=learnt @ part.design**2,
    )


@dataclass(frozen=True)
class Ranges:
    """Smallest and largest cell of some columns, shape (columns,)."""

    low: Floats
    high: Floats

    def __add__(self, other: "Ranges") -> "Ranges":
        return Ranges(np.minimum(self.low, other.low), np.maximum(self.high, other.high))


def ranges(part: Part, plan: Plan, columns: Ints) -> Ranges:
    """The range of some columns; an empty cell counts as the centre of its column."""
    cells = part.design[:, columns]
    return Ranges(cells.min(axis=0, initial=0.0), cells.max(axis=0, initial=0.0))


@dataclass(frozen=True)
class Counted(Additive):
    """Cells below a window and in its bins, shape (models, columns, 1 + bins)."""

    cells: Ints


def counted(part: Part, plan: Plan, low: Floats, high: Floats, columns: Ints) -> Counted:
    """Histograms of the columns that may be empty, without their empty cells.

    Args:
        part: The rows.
        plan: The models.
        low: Lower end of the window of each model and column, shape (models, columns).
        high: Upper end.
        columns: Which columns of the design they are.
    """
    found = np.zeros((plan.models, len(columns), 1 + BINS), np.int64)
    learnt = plan.learn(part)
    empty = part.design[:, -1 - len(columns) : -1] > 0
    for model, place in np.ndindex(plan.models, len(columns)):
        cells = part.design[learnt[:, model] & ~empty[:, place], columns[place]]
        start, end = low[model, place], high[model, place]
        width = np.maximum((end - start) / BINS, np.finfo(np.float64).tiny)
        places = np.floor((cells[cells <= end] - start) / width)
        bins = np.clip(places, -1, BINS - 1).astype(np.int64) + 1
        found[model, place] = np.bincount(bins, minlength=1 + BINS)
    return Counted(found)


@dataclass(frozen=True)
class Slopes(Additive):
    """Log loss of the models and its derivatives by their weights.

    Attributes:
        loss: Sum of the log losses, shape (models,).
        gradient: Shape (models, width).
        curvature: Shape (models, width, width).
    """

    loss: Floats
    gradient: Floats
    curvature: Floats


def slopes(part: Part, plan: Plan, weights: Floats) -> Slopes:
    """Derivatives at some weights of the columns of the design, shape (models, width)."""
    learnt = plan.learn(part)
    p = expit(part.design @ weights.T)
    right = np.abs(1 - part.y[:, None] - p)  # the chance of what came true
    bend = p * (1 - p) * learnt
    with np.errstate(divide="ignore"):  # a step that goes too far; it is halved
        loss = -np.log(right, where=learnt, out=np.zeros_like(p)).sum(axis=0)
    return Slopes(
        loss=loss,
        gradient=((p - part.y[:, None]) * learnt).T @ part.design,
        curvature=np.array([
            (part.design * bend[:, model : model + 1]).T @ part.design
            for model in range(plan.models)
        ]),
    )  # fmt: skip


@dataclass(frozen=True)
class Checked(Additive):
    """How the models did on the rows of their fold; that of all rows has none.

    Attributes:
        rows: Shape (models - 1,).
        loss: Sum of log losses.
        hits: Rows that were told right at .5.
        positives: Rows at risk by predicted risk, shape (models - 1, bins).
        negatives: Rows that pass.
    """

    rows: Ints
    loss: Floats
    hits: Ints
    positives: Ints
    negatives: Ints


def checked(part: Part, plan: Plan, weights: Floats) -> Checked:
    """Score each model on the rows of its fold."""
    found: dict[str, list[object]] = {field.name: [] for field in fields(Checked)}
    learnt = plan.learn(part)
    for model in range(plan.models - 1):
        rows = ~learnt[:, model]
        y = part.y[rows]
        p = expit(part.design[rows] @ weights[model])
        bins = np.minimum((p * BINS).astype(np.int64), BINS - 1)
        found["rows"].append(len(y))
        found["loss"].append(log_losses(y, p).sum())
        found["hits"].append(int(((p >= 0.5) == y).sum()))
        found["positives"].append(np.bincount(bins[y == 1], minlength=BINS))
        found["negatives"].append(np.bincount(bins[y == 0], minlength=BINS))
    return Checked(**{name: np.array(values) for name, values in found.items()})
