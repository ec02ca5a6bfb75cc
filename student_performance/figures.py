"""Figures of a report as PNG bytes, drawn without a display and readable without colour."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from student_performance.evaluation import EvaluationReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Margins for the labels of numbers, which are known; those of names are measured, at the cost of
# drawing everything twice.
_NUMBERS = {"left": 0.13, "right": 0.97, "bottom": 0.14, "top": 0.92}
# Blue and orange of Okabe and Ito, told apart by colour-blind people.
MODEL, BASELINE = "#0072B2", "#D55E00"
_BARS = 12  # of importances, the largest
_LETTERS = 26  # of a name; the tables of the report have all of it


def roc_png(report: EvaluationReport) -> bytes:
    """ROC curve beside the diagonal of a ranking by chance."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], "--", color=BASELINE, label="by chance")
        axes.plot(
            [point.false_positive_rate for point in report.roc],
            [point.true_positive_rate for point in report.roc],
            color=MODEL,
            label=_name(report.candidate),
        )
        axes.set(xlabel="passing students flagged", ylabel="students at risk flagged")
        axes.set_title("Who is flagged, for every threshold")

    return png(draw, margins=_NUMBERS)


def reliability_png(report: EvaluationReport) -> bytes:
    """Observed against predicted risk; the area of a point is its number of students."""

    def draw(axes: Axes) -> None:
        bins = report.reliability
        axes.plot([0, 1], [0, 1], "--", color=BASELINE, label="perfectly calibrated")
        axes.plot([b.predicted for b in bins], [b.observed for b in bins], color=MODEL)
        largest = max((b.n for b in bins), default=1)
        axes.errorbar(
            [b.predicted for b in bins],
            [b.observed for b in bins],
            yerr=[[b.observed - b.low for b in bins], [b.high - b.observed for b in bins]],
            fmt="none",
            color=MODEL,
            capsize=3,
        )
        axes.scatter(
            [b.predicted for b in bins],
            [b.observed for b in bins],
            s=[20 + 120 * b.n / largest for b in bins],
            color=MODEL,
            label="students, by number",
        )
        axes.set(xlabel="predicted risk", ylabel="share that did not pass")
        axes.set_title("What was predicted, and what came true")

    return png(draw, margins=_NUMBERS)


def precision_recall_png(report: EvaluationReport) -> bytes:
    """Precision and recall for every threshold; flagging at random is a line."""

    def draw(axes: Axes) -> None:
        axes.axhline(report.prevalence, linestyle="--", color=BASELINE, label="by chance")
        points = report.precision_recall
        axes.plot([p.recall for p in points], [p.precision for p in points], color=MODEL,
                  label=_name(report.candidate))  # fmt: skip
        axes.set(xlabel="students at risk flagged", ylabel="flagged students at risk", ylim=(0, 1))
        axes.set_title("How many flags are right")

    return png(draw, margins=_NUMBERS)


def importances_png(report: EvaluationReport) -> bytes:
    """Rise of the log loss when a feature is shuffled, with its spread over the repeats."""

    def draw(axes: Axes) -> None:
        ordered = sorted(report.importances, key=lambda importance: importance.mean)[-_BARS:]
        rows = range(len(ordered))
        axes.barh(rows, [i.mean for i in ordered], xerr=[i.sd for i in ordered], color=MODEL,
                  label="mean and standard deviation")  # fmt: skip
        axes.set_yticks(rows, [_name(i.feature) for i in ordered])
        axes.margins(y=0.3)  # room for the legend
        axes.set_xlabel("log loss rises by, when shuffled", loc="right")
        axes.set_title("What the model relies on", loc="right")

    return png(draw)


def candidates_png(report: EvaluationReport) -> bytes:
    """Cross-validated log loss of the candidates with intervals; the baseline is a line."""
    baseline, *candidates = report.comparison.candidates

    def draw(axes: Axes) -> None:
        for row, candidate in enumerate(candidates):
            loss = candidate.scores["log_loss"]
            error = [[loss.value - loss.low], [loss.high - loss.value]]
            axes.errorbar(loss.value, row, xerr=error, fmt="o", color=MODEL, capsize=4)
        naive = baseline.scores["log_loss"].value
        axes.axvline(naive, linestyle="--", color=BASELINE, label="majority baseline")
        axes.set_yticks(range(len(candidates)), [_name(c.name) for c in candidates])
        axes.margins(y=0.4)
        axes.set_xlabel("log loss in cross-validation, lower is better", loc="right")
        axes.set_title("The candidates", loc="right")

    return png(draw)


def _name(name: str) -> str:
    """As it is written, so that the axes keep the larger half of the figure.

    Long names often differ at their end, so they are shortened in the middle.
    """
    words, half = name.replace("_", " "), _LETTERS // 2
    if len(words) <= _LETTERS:
        return words
    return f"{words[:half].rstrip()}…{words[1 - half :].lstrip()}"


FIGURES: dict[str, Callable[[EvaluationReport], bytes]] = {
    "candidates": candidates_png,
    "roc": roc_png,
    "precision_recall": precision_recall_png,
    "reliability": reliability_png,
    "importances": importances_png,
}


def draw_all(report: EvaluationReport) -> dict[str, bytes]:
    """All figures of a report by name; without the curves where one class is missing.

    A report is shown in several places one after the other, so its figures are drawn once.
    """
    return dict(_drawn(report.model_dump_json()))


@lru_cache(maxsize=1)
def _drawn(document: str) -> dict[str, bytes]:
    report = EvaluationReport.model_validate_json(document)
    ranked = bool(report.roc)  # a curve over thresholds needs both classes
    return {
        name: draw(report)
        for name, draw in FIGURES.items()
        if ranked or name not in ("roc", "precision_recall")
    }


def png(draw: Callable[[Axes], None], margins: dict[str, float] | None = None) -> bytes:
    """One pair of axes as PNG bytes, drawn without a display.

    Args:
        draw: Draws into the axes.
        margins: Where the axes end, as shares of the figure; None measures what is written.
    """
    # Half a second to import, and most steps draw nothing.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.5, 3.6), dpi=100, layout=None if margins else "constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if margins:
        figure.subplots_adjust(**margins)
    draw(axes)
    axes.grid(alpha=0.3)
    axes.legend()
    buffer = io.BytesIO()
    # The same bytes as `savefig`, which draws everything once more to lay it out before.
    canvas.print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()
