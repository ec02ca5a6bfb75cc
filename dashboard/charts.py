"""Pictures: Altair charts in the colours of the theme, which fit light and dark."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from student_performance.curves import CurvePoint, PrecisionPoint, ReliabilityBin

# Of Okabe and Ito, told apart by colour-blind people; the same as in .streamlit/config.toml.
_LIGHT = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
_DARK = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442")
_QUIET = "#888888"
_HEIGHT = 320
_SHARES = alt.Scale(domain=[0, 1])
Chart = alt.LayerChart | alt.FacetChart | alt.Chart


def series() -> tuple[str, ...]:
    """The colours of the reader's theme: first what a picture is about, then what is beside it."""
    return _DARK if st.context.theme.type == "dark" else _LIGHT


@dataclass(frozen=True)
class Mark:
    """A score on a line, with its interval."""

    label: str
    value: float
    low: float
    high: float
    colour: str


def ruler(marks: Sequence[Mark], title: str, form: str = ".1%") -> Chart:
    """Scores with their intervals under each other, on one axis."""
    frame = pd.DataFrame([asdict(mark) for mark in marks])
    lowest, highest = float(frame["low"].min()), float(frame["high"].max())
    room = 0.1 * (highest - lowest)
    names = [mark.label for mark in marks]
    across = alt.X(
        "value:Q", title=title, axis=alt.Axis(format=".0%" if "%" in form else ".2f"),
        scale=alt.Scale(domain=[lowest - room, highest + 2 * room], zero=False, nice=False),
    )  # fmt: skip
    down = alt.Y("label:N", title=None, sort=names, axis=alt.Axis(labelLimit=200, ticks=False))
    colour = _colours(names, [mark.colour for mark in marks], False, "label:N")
    base = alt.Chart(frame).encode(y=down, color=colour)
    lines = base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    points = base.mark_point(filled=True, size=120, opacity=1).encode(x=across)
    texts = base.mark_text(dy=-14, fontSize=13).encode(
        x=across, text=alt.Text("value:Q", format=form)
    )
    return alt.layer(lines, points, texts).properties(height=60 * len(marks) + 40)


def roc(curves: Mapping[str, Sequence[CurvePoint]], across: str, down: str) -> Chart:
    """ROC curves by the name of their model, with the diagonal of a coin."""
    rows = [
        {"name": name, "x": point.false_positive_rate, "y": point.true_positive_rate, "order": i}
        for name, points in curves.items()
        for i, point in enumerate(points)
    ]
    return alt.layer(_diagonal(), _lines(rows, list(curves), across, down))


def precision_recall(
    points: Sequence[PrecisionPoint], base: float, across: str, down: str
) -> Chart:
    """The precision-recall curve, with the share at risk, which is a coin's precision."""
    rows = [
        {"name": "", "x": point.recall, "y": point.precision, "order": i}
        for i, point in enumerate(points)
    ]
    coin = alt.Chart(pd.DataFrame({"y": [base]})).mark_rule(color=_QUIET, strokeDash=[4, 4])
    return alt.layer(coin.encode(y="y:Q"), _lines(rows, [""], across, down))


def reliability(bins: Mapping[str, Sequence[ReliabilityBin]], across: str, down: str) -> Chart:
    """What was predicted beside what came true, with Wilson intervals; on the diagonal is right."""
    names = list(bins)
    frame = pd.DataFrame(
        [{"name": name, **bin_.model_dump()} for name, found in bins.items() for bin_ in found]
    )
    x = alt.X("predicted:Q", title=across, scale=_SHARES, axis=alt.Axis(format=".0%"))
    y = alt.Y("observed:Q", title=down, scale=_SHARES, axis=alt.Axis(format=".0%"))
    base = alt.Chart(frame).encode(x=x, color=_colours(names, series(), len(names) > 1))
    spans = base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", title=down), y2="high:Q")
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        y=y, tooltip=[alt.Tooltip("n:Q", format=","), alt.Tooltip("observed:Q", format=".1%")]
    )
    return alt.layer(_diagonal(), spans, points).properties(height=_HEIGHT)


def bars(values: Mapping[str, tuple[float, float]], title: str, form: str, signed: bool) -> Chart:
    """Bars from zero under each other, with a spread on either side; signed ones in two colours."""
    frame = pd.DataFrame(
        [
            {"label": name, "value": v, "low": v - s, "high": v + s}
            for name, (v, s) in values.items()
        ]
    )
    names = list(values)
    down = alt.Y("label:N", title=None, sort=names, axis=alt.Axis(labelLimit=220, ticks=False))
    falls, rises, *_ = series()
    colour = alt.condition(
        "datum.value < 0", alt.value(falls), alt.value(rises if signed else falls)
    )
    base = alt.Chart(frame).encode(y=down)
    x = alt.X("value:Q", title=title, axis=alt.Axis(format=form))
    drawn = base.mark_bar(size=18).encode(
        x=x, color=colour, tooltip=[alt.Tooltip("value:Q", format=form)]
    )
    spans = base.mark_rule(strokeWidth=2, color=_QUIET).encode(
        x=alt.X("low:Q", title=title), x2="high:Q"
    )
    return alt.layer(drawn, spans.transform_filter("datum.high > datum.low")).properties(
        height=alt.Step(34)
    )


@dataclass(frozen=True)
class Here:
    """A point that is marked on a curve, with its name."""

    label: str
    x: float | str
    y: float


@dataclass(frozen=True)
class Span:
    """A time in which a version had an alias."""

    version: str
    alias: str
    start: datetime
    end: datetime


def timeline(spans: Sequence[Span], aliases: Mapping[str, str], titles: tuple[str, str]) -> Chart:
    """When which version had which alias, one line a version, the newest on top."""
    frame = pd.DataFrame([{**asdict(span), "name": aliases[span.alias]} for span in spans])
    order = sorted({span.version for span in spans}, key=int, reverse=True)
    down = alt.Y("version:N", title=titles[1], sort=order, axis=alt.Axis(ticks=False))
    base = alt.Chart(frame).encode(
        x=alt.X("start:T", title=titles[0]), y=down,
        color=_colours(list(aliases.values()), series(), True),
        tooltip=["version:N", "name:N", "start:T", "end:T"],
    )  # fmt: skip
    # A tick shows also an alias that was held for too short a time to be seen as a bar.
    return alt.layer(
        base.mark_bar(height=12, cornerRadius=3).encode(x2="end:T"),
        base.mark_tick(thickness=4, height=18),
    ).properties(height=alt.Step(30))


def marked(
    values: Sequence[float] | Sequence[str], heights: Sequence[float], here: Sequence[Here],
    titles: tuple[str, str], limit: float | None = None,
) -> Chart:  # fmt: skip
    """A curve over numbers, or bars over words, with marked points; a limit makes it a share."""
    is_text = isinstance(values[0], str)
    scale = alt.Undefined if is_text else alt.Scale(zero=False, nice=False)
    x = alt.X(f"x:{'N' if is_text else 'Q'}", title=titles[0], scale=scale, sort=None)
    if limit is None:
        y = alt.Y("y:Q", title=titles[1])
    else:
        y = alt.Y("y:Q", title=titles[1], scale=_SHARES, axis=alt.Axis(format=".0%"))
    curve = alt.Chart(pd.DataFrame({"x": list(values), "y": list(heights)}))
    drawn = (
        curve.mark_bar(color=series()[0], size=30)
        if is_text
        else curve.mark_line(color=series()[0])
    )
    marks = alt.Chart(pd.DataFrame([asdict(point) for point in here])).encode(x=x, y=y)
    layers = [
        drawn.encode(x=x, y=y),
        marks.mark_point(filled=True, size=140, opacity=1, color=series()[1]),
        marks.mark_text(align="left", dx=11, dy=-9, fontSize=13, color=series()[1]).encode(
            text="label:N"
        ),
    ]
    if limit is not None:
        rule = alt.Chart(pd.DataFrame({"y": [limit]})).mark_rule(color=_QUIET, strokeDash=[4, 4])
        layers.insert(0, rule.encode(y="y:Q"))
    return alt.layer(*layers).properties(height=_HEIGHT)


@dataclass(frozen=True)
class Cell:
    """A cell of the confusion matrix."""

    row: str
    column: str
    count: int
    right: bool


def confusion(cells: Sequence[Cell]) -> Chart:
    """The confusion matrix: right in blue, mistakes in orange; both are dark enough for white."""
    frame = pd.DataFrame([asdict(cell) for cell in cells])
    rows, columns = (list(dict.fromkeys(frame[name])) for name in ("row", "column"))
    look: dict[str, Any] = {"ticks": False, "domain": False, "labelFontSize": 13, "labelLimit": 120}
    gaps = alt.Scale(paddingInner=0.04)
    base = alt.Chart(frame).encode(
        x=alt.X("column:N", title=None, sort=columns, scale=gaps,
                axis=alt.Axis(orient="top", labelAngle=0, **look)),
        y=alt.Y("row:N", title=None, sort=rows, scale=gaps, axis=alt.Axis(**look)),
    )  # fmt: skip
    boxes = base.mark_rect(cornerRadius=6).encode(
        color=alt.condition("datum.right", alt.value(_LIGHT[0]), alt.value(_LIGHT[1]))
    )
    size = 22 if frame["count"].max() < 10_000 else 15  # longer numbers would leave their cell
    texts = base.mark_text(fontSize=size, fontWeight="bold", color="white")
    return alt.layer(boxes, texts.encode(text=alt.Text("count:Q", format=","))).properties(
        height=200
    )


def counts(risks: Sequence[float], threshold: float, across: str, down: str) -> Chart:
    """How many students have which risk, in steps of five percent."""
    students, edges = np.histogram(risks, bins=20, range=(0, 1))
    frame = pd.DataFrame({"low": edges[:-1], "high": edges[1:], "students": students})
    x = alt.X("low:Q", bin="binned", title=across, axis=alt.Axis(format=".0%"), scale=_SHARES)
    base = alt.Chart(frame).mark_bar(color=series()[0])
    drawn = base.encode(x=x, x2="high:Q", y=alt.Y("students:Q", title=down))
    limit = alt.Chart(pd.DataFrame({"x": [threshold]})).mark_rule(color=series()[1], strokeWidth=2)
    return alt.layer(drawn, limit.encode(x="x:Q")).properties(height=220)


def _lines(rows: list[dict[str, object]], names: list[str], across: str, down: str) -> Chart:
    axis = alt.Axis(format=".0%")
    base = alt.Chart(pd.DataFrame(rows)).mark_line(strokeWidth=2.5)
    drawn = base.encode(
        x=alt.X("x:Q", title=across, scale=_SHARES, axis=axis),
        y=alt.Y("y:Q", title=down, scale=_SHARES, axis=axis),
        order="order:Q",
        color=_colours(names, series(), len(names) > 1),
        strokeDash=alt.StrokeDash("name:N", sort=names, legend=None),
    )
    return alt.layer(drawn).properties(height=_HEIGHT)


def _diagonal() -> Any:
    corners = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]})
    line = alt.Chart(corners).mark_line(color=_QUIET, strokeDash=[4, 4])
    return line.encode(x="x:Q", y="y:Q")


def _colours(
    names: list[str], colours: Sequence[str], legend: bool, field: str = "name:N"
) -> alt.Color:
    return alt.Color(
        field,
        scale=alt.Scale(domain=names, range=list(colours)[: len(names)]),
        legend=alt.Legend(title=None, orient="bottom") if legend else None,
    )
