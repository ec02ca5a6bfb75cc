"""Made-up students for a report: what the model says about them, and why."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from student_performance.drift import FeatureReference
from student_performance.explain import contributions
from student_performance.models import risk
from student_performance.strict import Strict

_PLACES = {"low": 0.1, "middle": 0.5, "high": 0.9}  # shares of students with lower numbers

_ROUNDING = 1e-9


class Example(Strict):
    """One made-up student; no row of a table is shown.

    Attributes:
        name: Where its numbers lie among those of the training part: at the end of the lowest
            tenth, in the middle, or at the beginning of the highest tenth.
        values: What the model was given.
        risk: Predicted chance of being at risk.
        contributions: What each feature adds to the log-odds, `base` included; exact, and empty if
            the model is not linear.
    """

    name: str
    values: dict[str, float | str]
    risk: float
    contributions: dict[str, float]


def examples(model: Any, references: Sequence[FeatureReference]) -> tuple[Example, ...]:
    """A student with low, middle and high numbers each, with the commonest categories.

    Args:
        model: A fitted model.
        references: The training part, in tenths.
    """
    rows = pd.DataFrame(
        [{r.feature: _value(r, place) for r in references} for place in _PLACES.values()]
    )
    parts = contributions(model, rows)
    return tuple(
        Example(
            name=name,
            values=dict(rows.iloc[i]),
            risk=float(chance),
            contributions={} if parts is None else dict(parts.iloc[i].astype(float)),
        )
        for i, (name, chance) in enumerate(zip(_PLACES, risk(model, rows), strict=True))
    )


def typical_value(reference: FeatureReference) -> float | str:
    """What a student in the middle of the training part has, or the commonest category."""
    return _value(reference, _PLACES["middle"])


def _value(reference: FeatureReference, place: float) -> float | str:
    if reference.categories:
        shares = reference.shares
        return reference.categories[shares.index(max(shares))]
    if not reference.edges:  # a constant has no tenths
        return 0.0
    # Ties leave fewer than ten bins: count students, not borders.
    reached = np.cumsum(reference.shares) >= place * sum(reference.shares) - _ROUNDING
    return float(reference.edges[min(int(reached.argmax()), len(reference.edges) - 1)])
