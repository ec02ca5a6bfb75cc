"""Figures are PNG bytes, drawn without a display and the same each time."""

import struct
import sys
from collections.abc import Callable

import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from student_performance import figures
from student_performance.curves import ReliabilityBin
from student_performance.evaluation import EvaluationReport
from student_performance.explain import Importance
from student_performance.figures import FIGURES, draw_all
from student_performance.training import CandidateScore
from tests.unit.builders import comparison, one_class_report, report, scores

Draw = Callable[[EvaluationReport], bytes]
MAGIC = b"\x89PNG\r\n\x1a\n"
each_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)


def changed_report() -> EvaluationReport:
    """Another curve, other bins, other candidates."""
    candidates = (
        CandidateScore(name="majority", scores=scores(0.65, 0.64)),
        CandidateScore(name="other", scores=scores(0.7, 0.5)),
    )
    return report(
        comparison=comparison(candidates=candidates, chosen="other"),
        roc=report().roc[::2],
        precision_recall=report().precision_recall[::2],
        reliability=(ReliabilityBin(predicted=0.5, observed=0.4, low=0.2, high=0.6, n=13),),
        importances=report().importances[:1],
    )


def test_there_is_a_figure_for_each_question() -> None:
    assert list(FIGURES) == [
        "candidates", "roc", "precision_recall", "reliability", "importances",
    ]  # fmt: skip


@each_figure
def test_figure_is_a_png_of_the_expected_size(draw: Draw) -> None:
    png = draw(report())

    assert png.startswith(MAGIC)
    assert png[12:16] == b"IHDR"
    assert struct.unpack(">II", png[16:24]) == (450, 360)
    assert png.endswith(b"IEND\xaeB`\x82")


@each_figure
def test_figure_needs_neither_a_display_nor_the_global_state_of_pyplot(
    draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)

    assert draw(report()).startswith(MAGIC)


@each_figure
def test_equal_reports_give_equal_bytes_and_other_reports_others(draw: Draw) -> None:
    first = draw(report())

    assert draw(report()) == first
    assert draw(changed_report()) != first
    assert b"Matplotlib" not in first, "its version would change the bytes"


@each_figure
def test_hold_out_without_a_curve_can_be_drawn(draw: Draw) -> None:
    assert draw(one_class_report()).startswith(MAGIC)


@each_figure
def test_nothing_that_is_written_beside_the_axes_is_cut(
    draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, paint = [], FigureCanvasAgg.print_png
    monkeypatch.setattr(
        FigureCanvasAgg, "print_png",
        lambda canvas, *args, **options: (shown.append(canvas), paint(canvas, *args, **options)),
    )  # fmt: skip
    long = "weekly_hours_of_study_at_home_and_at_school"
    baseline, *_ = report().comparison.candidates
    candidates = (baseline, CandidateScore(name=long, scores=scores(0.7, 0.5)))
    draw(
        report(
            importances=[Importance(feature=long, mean=0.1, sd=0.01, repeats=10)],
            candidate=long,
            comparison=comparison(candidates=candidates, chosen=long),
        )
    )
    (axes,) = shown[0].figure.axes
    left, bottom, right, top = axes.get_tightbbox(shown[0].get_renderer()).extents

    assert 0 <= left < 20
    assert 0 <= bottom < 20
    assert 430 < right <= 450
    assert 340 < top <= 360


@pytest.fixture
def axes(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Axes]:
    """What a figure draws, before it is pixels."""

    def drawn(name: str, of: EvaluationReport | None = None) -> Axes:
        captured = Figure().add_subplot()
        monkeypatch.setattr(figures, "png", lambda draw, **_: draw(captured))
        FIGURES[name](of or report())
        return captured

    return drawn


def lines(axes: Axes) -> list[list[tuple[float, float]]]:
    return [list(zip(*line.get_data(), strict=True)) for line in axes.get_lines()]


@pytest.mark.parametrize("name", FIGURES)
def test_figure_says_what_it_shows(name: str, axes: Callable[..., Axes]) -> None:
    drawn = axes(name)

    assert drawn.get_title() or drawn.get_title(loc="right")
    assert drawn.get_xlabel()
    assert drawn.get_ylabel() or drawn.get_yticklabels()
    assert drawn.get_legend_handles_labels()[1]


def test_curve_is_drawn_beside_the_diagonal_of_chance(axes: Callable[..., Axes]) -> None:
    drawn = axes("roc")

    assert lines(drawn) == [[(0, 0), (1, 1)], [(0.0, 0.0), (0.123456, 0.7), (1.0, 1.0)]]
    assert drawn.get_legend_handles_labels()[1] == ["by chance", "logistic regression"]


def test_reliability_is_drawn_with_areas_that_grow_with_the_students(
    axes: Callable[..., Axes],
) -> None:
    drawn = axes("reliability")
    bars, points = drawn.collections
    largest, half = points.get_sizes()

    assert lines(drawn)[:2] == [[(0, 0), (1, 1)], [(0.15, 0.12), (0.85, 0.9)]]
    assert [bar[:, 1].tolist() for bar in bars.get_segments()] == [
        pytest.approx([0.08, 0.17]), pytest.approx([0.82, 0.95]),
    ]  # fmt: skip
    assert points.get_offsets().tolist() == [[0.15, 0.12], [0.85, 0.9]]
    assert 0 < half < largest


def test_candidates_are_drawn_with_their_intervals_and_the_baseline_as_a_line(
    axes: Callable[..., Axes],
) -> None:
    drawn = axes("candidates")
    bars = [bar.lines[2][0].get_segments()[0].tolist() for bar in drawn.containers]

    assert [label.get_text() for label in drawn.get_yticklabels()] == [
        "logistic regression", "tuned forest",
    ]  # fmt: skip
    assert bars[0] == [pytest.approx([0.44, 0]), pytest.approx([0.46, 0])]
    assert bars[1] == [pytest.approx([0.71, 1]), pytest.approx([0.73, 1])]
    assert [(0.64, 0), (0.64, 1)] in lines(drawn)


def test_precision_is_drawn_beside_flagging_by_chance(axes: Callable[..., Axes]) -> None:
    drawn = axes("precision_recall")

    assert lines(drawn) == [
        [(0, 0.342), (1, 0.342)], [(1.0, 0.342), (0.6, 0.7), (0.123456, 0.9)],
    ]  # fmt: skip
    assert drawn.get_ylim() == (0, 1)
    assert drawn.get_legend_handles_labels()[1] == ["by chance", "logistic regression"]


def test_importances_are_drawn_with_the_largest_on_top(axes: Callable[..., Axes]) -> None:
    drawn = axes("importances")
    bars = [patch.get_width() for patch in drawn.patches]

    assert [label.get_text() for label in drawn.get_yticklabels()] == [
        "attendance percent", "hours studied",
    ]  # fmt: skip
    assert bars == [0.04, 0.12]


def test_only_the_largest_importances_of_many_are_drawn(axes: Callable[..., Axes]) -> None:
    many = [Importance(feature=f"f{n}", mean=n / 100, sd=0.01, repeats=10) for n in range(30)]
    drawn = axes("importances", report(importances=tuple(many)))
    names = [label.get_text() for label in drawn.get_yticklabels()]

    assert names == [f"f{n}" for n in range(18, 30)]


def test_reliability_without_a_bin_of_ten_students_can_be_drawn() -> None:
    assert figures.reliability_png(report(reliability=())).startswith(MAGIC)


def test_all_figures_are_those_of_the_report_that_was_asked_for() -> None:
    for one in (changed_report(), report()):
        assert draw_all(one) == {name: draw(one) for name, draw in FIGURES.items()}


def test_curves_are_left_out_where_one_class_is_missing() -> None:
    assert list(draw_all(one_class_report())) == ["candidates", "reliability", "importances"]


def test_figures_of_a_report_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    once = report(n_test=12_345)

    def draw(shown: EvaluationReport) -> bytes:
        drawn.append(shown.n_test)
        return MAGIC

    monkeypatch.setitem(FIGURES, "roc", draw)
    first = draw_all(once)
    first.clear()

    assert draw_all(once)["roc"] == MAGIC, "what a caller does to the answer is forgotten"
    assert drawn == [12_345]


def test_long_names_that_differ_at_their_end_are_told_apart(axes: Callable[..., Axes]) -> None:
    names = [f"weekly_hours_of_study_at_school_in_term_{term}" for term in (1, 2)]
    found = [Importance(feature=name, mean=0.1, sd=0.01, repeats=10) for name in names]
    written = [
        label.get_text()
        for label in axes("importances", report(importances=found)).get_yticklabels()
    ]

    assert written == ["weekly hours…ol in term 1", "weekly hours…ol in term 2"]
