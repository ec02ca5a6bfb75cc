"""Figures of a comparison of new students with those that a model learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from student_performance.drift import DRIFT, WARN
from student_performance.figures import BASELINE, MODEL, png
from student_performance.metrics import LABELS
from student_performance.monitor_report import MonitorReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = {"ok": "", "warn": "  warn", "drift": "  drift", "no_data": "  too few"}
_SHARES = ("accuracy", "balanced_accuracy", "roc_auc", "brier", "log_loss")


def draw_monitor(report: MonitorReport) -> dict[str, bytes]:
    """All figures of a report by name; that of the scores only where outcomes are known."""
    figures = {"drift": drift_png(report)}
    if report.outcomes is not None and report.outcomes.scores:
        figures["scores"] = scores_png(report)
    return figures


def drift_png(report: MonitorReport) -> bytes:
    """How far each feature and the risk are from what they were, beyond chance."""
    found = [*report.features, *([report.risk] if report.risk else [])][::-1]

    def draw(axes: Axes) -> None:
        beyond = [max(one.psi - one.expected, 0.0) for one in found]
        moved = [one.level in ("warn", "drift") for one in found]
        colors = [BASELINE if one else MODEL for one in moved]
        bars = axes.barh([one.feature for one in found], beyond, color=colors)
        axes.bar_label(bars, [_MARKS[one.level] for one in found])
        axes.axvline(WARN, linestyle="--", color="gray", label=f"warn from {WARN}")
        axes.axvline(DRIFT, linestyle="-", color="gray", label=f"drift from {DRIFT}")
        axes.set(xlabel="PSI beyond chance", xlim=(0, max(0.3, 1.25 * max(beyond, default=0))))
        axes.set_title(f"{report.scored:,} new students")

    return png(draw)


def scores_png(report: MonitorReport) -> bytes:
    """The scores of the new students with their intervals beside those of the hold-out."""
    outcomes = report.outcomes
    if outcomes is None:
        raise ValueError("a report without outcomes has no scores")
    names = [name for name in _SHARES if name in outcomes.scores][::-1]

    def draw(axes: Axes) -> None:
        for offset, scores, color, marker, label in (
            (0.12, outcomes.before, BASELINE, "s", "hold-out"),
            (-0.12, outcomes.scores, MODEL, "o", "new students"),
        ):
            shown = [scores[name] for name in names]
            axes.errorbar(
                [one.value for one in shown],
                [place + offset for place in range(len(names))],
                xerr=[
                    [one.value - one.low for one in shown],
                    [one.high - one.value for one in shown],
                ],
                fmt=marker, color=color, capsize=3, label=label,
            )  # fmt: skip
        axes.set_yticks(range(len(names)), [LABELS[name].partition(" (")[0] for name in names])
        axes.set(xlabel="score with its interval", ylim=(-0.6, len(names) - 0.4))
        axes.set_title("As right as before?")

    return png(draw)
