"""The dashboard's pictures, as Vega-Lite gets them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard import charts
from dashboard.views.registry import spans
from student_performance.audit import Alias, AuditRecord
from student_performance.curves import CurvePoint


def rows(chart: charts.Chart) -> list[list[dict[str, Any]]]:
    """The data behind a picture, which has to be valid Vega-Lite."""
    return list(chart.to_dict()["datasets"].values())


def move(
    minute: int, alias: Alias, before: str | None, after: str | None, done: bool = True
) -> Any:
    return AuditRecord(
        at=datetime(2026, 1, 1, 0, minute, tzinfo=UTC), actor="a", cause="c", alias=alias,
        from_version=before, to_version=after, reason="r", evidence="run", done=done,
    )  # fmt: skip


def test_curves_are_drawn_in_their_order() -> None:
    points = [CurvePoint(false_positive_rate=x, true_positive_rate=1) for x in (0.0, 0.5, 1.0)]
    drawn = rows(charts.roc({"a": points, "b": points[:2]}, "x", "y"))

    lines = next(data for data in drawn if "name" in data[0])
    assert [(row["name"], row["x"]) for row in lines] == [
        ("a", 0), ("a", 0.5), ("a", 1), ("b", 0), ("b", 0.5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "chart", [charts.roc({"a": ()}, "x", "y"), charts.reliability({"a": ()}, "x", "y")]
)
def test_hold_out_of_one_outcome_has_pictures_without_curves(chart: charts.Chart) -> None:
    assert chart.to_dict()["layer"]


def test_students_are_counted_in_steps_of_five_percent() -> None:
    drawn = rows(charts.counts([0.0, 0.04, 0.05, 1.0], 0.5, "risk", "students"))

    steps = next(data for data in drawn if "students" in data[0])
    assert [step["students"] for step in steps] == [2, 1, *[0] * 17, 1]


def test_words_are_bars_and_numbers_are_a_line() -> None:
    here = [charts.Here("now", "b", 0.4)]
    bars = charts.marked(["a", "b"], [0.2, 0.4], here, ("x", "y"), 0.5).to_dict()
    line = charts.marked([1.0, 2.0], [0.2, 0.4], here, ("x", "y")).to_dict()

    assert [layer["mark"]["type"] for layer in bars["layer"]] == ["rule", "bar", "point", "text"]
    assert [layer["mark"]["type"] for layer in line["layer"]] == ["line", "point", "text"]


def test_version_has_an_alias_until_another_one_gets_it() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    found = spans(
        [
            move(0, Alias.CHAMPION, None, "1"),
            move(1, Alias.CHALLENGER, None, "2"),
            move(2, Alias.CHALLENGER, "2", None),
            move(3, Alias.CHAMPION, "1", "2"),
            move(4, Alias.CHAMPION, "2", "1", done=False),
        ],
        now,
    )

    assert [(s.version, s.alias, s.start.minute, s.end) for s in found] == [
        ("2", "challenger", 1, move(2, Alias.CHALLENGER, "2", None).at),
        ("1", "champion", 0, move(3, Alias.CHAMPION, "1", "2").at),
        ("2", "champion", 3, now),
    ]


@pytest.mark.parametrize(("most", "size"), [(9_999, 22), (114_378, 15)])
def test_numbers_of_many_students_stay_in_their_cells(most: int, size: int) -> None:
    cells = [
        charts.Cell(row=row, column=column, count=count, right=row == column)
        for (row, column), count in zip(
            [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")], (1, 2, 3, most), strict=True
        )
    ]
    _, texts = charts.confusion(cells).to_dict()["layer"]

    assert texts["mark"]["fontSize"] == size
