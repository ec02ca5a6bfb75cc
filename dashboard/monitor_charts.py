"""Pictures of comparisons over time."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import altair as alt
import pandas as pd

from dashboard.charts import Chart, series


@dataclass(frozen=True)
class Tile:
    """How far one feature was from the training part in one comparison."""

    when: str
    feature: str
    beyond: float
    verdict: str
    version: str
    n: int


def heatmap(tiles: Sequence[Tile], across: str, legend: str) -> Chart:
    """Features under each other, comparisons side by side; the darker, the further away."""
    frame = pd.DataFrame([asdict(tile) for tile in tiles])
    order = list(dict.fromkeys(frame["when"])), list(dict.fromkeys(frame["feature"]))
    base = alt.Chart(frame).encode(
        x=alt.X("when:N", title=across, sort=order[0], axis=alt.Axis(labelAngle=-30)),
        y=alt.Y("feature:N", title=None, sort=order[1], axis=alt.Axis(labelLimit=220)),
    )
    colour = alt.Color(
        "beyond:Q", title=legend, scale=alt.Scale(scheme="blues", domain=[0, 0.5], clamp=True)
    )
    squares = base.mark_rect(stroke="#888888").encode(
        color=colour, tooltip=["feature", "verdict", "beyond", "n", "version"]
    )
    dark = alt.condition("datum.beyond > 0.25", alt.value("white"), alt.value("black"))
    texts = base.mark_text(fontSize=12).encode(text="verdict:N", color=dark)
    return alt.layer(squares, texts).properties(height=44 * len(order[1]) + 60)


@dataclass(frozen=True)
class Moment:
    """A score at some time with its interval, and what it was on the hold-out."""

    when: str
    value: float
    low: float
    high: float
    before: float


def over_time(moments: Sequence[Moment], titles: tuple[str, str], names: tuple[str, str]) -> Chart:
    """A score from comparison to comparison, beside that on the hold-out."""
    frame = pd.DataFrame([asdict(moment) for moment in moments])
    frame["ours"], frame["theirs"] = names
    order = list(dict.fromkeys(frame["when"]))
    colours = list(series()[:2])
    scale = alt.Scale(domain=list(names), range=colours)
    lowest = float(frame[["low", "before"]].min().min())
    highest = float(frame[["high", "before"]].max().max())
    room = 0.1 * (highest - lowest)
    axis = alt.Scale(domain=[lowest - room, highest + room], zero=False, nice=False)
    base = alt.Chart(frame).encode(
        x=alt.X("when:N", title=titles[0], sort=order, axis=alt.Axis(labelAngle=-30))
    )
    colour = alt.Color("ours:N", title=None, scale=scale)
    lines = base.mark_rule(strokeWidth=3).encode(
        y=alt.Y("low:Q", title=titles[1], scale=axis, axis=alt.Axis(format=".0%")), y2="high:Q",
        color=colour,
    )  # fmt: skip
    points = base.mark_point(filled=True, size=120, opacity=1).encode(
        y=alt.Y("value:Q", title=titles[1], scale=axis), color=colour
    )
    ticks = base.mark_tick(thickness=3, width=40).encode(
        y=alt.Y("before:Q", title=titles[1], scale=axis),
        color=alt.Color("theirs:N", title=None, scale=scale),
    )
    return alt.layer(lines, points, ticks).properties(height=320)
