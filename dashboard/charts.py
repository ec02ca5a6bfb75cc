"""Pictures: Altair charts in the colours of the theme, which fit light and dark."""

from dataclasses import dataclass

import altair as alt
import pandas as pd

MODEL, OTHER, TRUTH = "#0072B2", "#D55E00", "#009E73"  # Okabe and Ito


@dataclass(frozen=True)
class Mark:
    """A score on a line, with its interval."""

    label: str
    value: float
    low: float
    high: float
    colour: str


def ruler(marks: list[Mark], title: str) -> alt.LayerChart | alt.FacetChart:
    """Scores with their intervals under each other, on one axis of shares."""
    frame = pd.DataFrame([mark.__dict__ for mark in marks])
    lowest, highest = float(frame["low"].min()), float(frame["high"].max())
    room = 0.1 * (highest - lowest)
    names = [mark.label for mark in marks]
    across = alt.X(
        "value:Q", title=title, axis=alt.Axis(format=".0%"),
        scale=alt.Scale(domain=[lowest - room, highest + 2 * room], zero=False, nice=False),
    )  # fmt: skip
    down = alt.Y("label:N", title=None, sort=names, axis=alt.Axis(labelLimit=200, ticks=False))
    colour = alt.Color(
        "label:N", scale=alt.Scale(domain=names, range=[mark.colour for mark in marks]), legend=None
    )
    base = alt.Chart(frame).encode(y=down, color=colour)
    lines = base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    points = base.mark_point(filled=True, size=120, opacity=1).encode(x=across)
    texts = base.mark_text(dy=-14, fontSize=13).encode(
        x=across, text=alt.Text("value:Q", format=".1%")
    )
    return alt.layer(lines, points, texts).properties(height=60 * len(marks) + 40)
