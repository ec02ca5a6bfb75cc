"""Pictures of an experiment with champion and challenger."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import altair as alt
import pandas as pd

from dashboard.charts import Chart, series
from student_performance.comparison import Step


@dataclass(frozen=True)
class Group:
    """The students of one arm."""

    label: str
    students: int
    expected: float


def groups(arms: Sequence[Group], title: str) -> Chart:
    """Students in each arm as bars; a line stands where the assignment would have them."""
    frame = pd.DataFrame([asdict(arm) for arm in arms])
    names = [arm.label for arm in arms]
    base = alt.Chart(frame).encode(
        y=alt.Y("label:N", title=None, sort=names, axis=alt.Axis(labelLimit=220, ticks=False)),
        color=alt.Color(
            "label:N", legend=None, scale=alt.Scale(domain=names, range=list(series()[:2]))
        ),
    )
    bars = base.mark_bar(size=26).encode(x=alt.X("students:Q", title=title))
    counts = base.mark_text(align="left", dx=6, fontSize=13).encode(
        x="students:Q", text=alt.Text("students:Q", format=",")
    )
    lines = base.mark_tick(thickness=3, height=40).encode(
        x="expected:Q", color=alt.value("#888888")
    )
    return alt.layer(bars, counts, lines).properties(height=56 * len(arms) + 50)


def over_students(steps: Sequence[Step], titles: tuple[str, str]) -> Chart:
    """How the difference and its interval became surer; zero means equally good."""
    frame = pd.DataFrame(
        [
            {
                "students": step.students,
                "gain": step.gain.value,
                "low": step.gain.low,
                "high": step.gain.high,
            }
            for step in steps
        ]
    )
    colour = series()[0]
    base = alt.Chart(frame).encode(
        x=alt.X("students:Q", title=titles[0], axis=alt.Axis(format=",d"),
                scale=alt.Scale(nice=False, zero=False)),
    )  # fmt: skip
    down = alt.Y("low:Q", title=titles[1], axis=alt.Axis(format=".3f"))
    band = base.mark_area(opacity=0.25, color=colour).encode(y=down, y2="high:Q")
    line = base.mark_line(color=colour, point={"color": colour, "size": 40}).encode(
        y=alt.Y("gain:Q", title=titles[1]),
        tooltip=["students", *(alt.Tooltip(n, format=".4f") for n in ("gain", "low", "high"))],
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(strokeDash=[6, 4], color="#888888")
    return alt.layer(band, zero.encode(y="zero:Q"), line).properties(height=320)
