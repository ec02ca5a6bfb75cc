"""The page of a report: scores, figures and tables, and what is left out where it is unknown."""

import base64
import re

import pytest

from student_performance import html
from student_performance.explain import Importance
from student_performance.figures import FIGURES
from student_performance.leakage import Severity
from tests.unit.builders import (
    ceiling,
    estimate,
    gap,
    gender,
    group,
    leakage,
    one_class_report,
    report,
    setup,
    threshold,
)
from tests.unit.test_html import cells


@pytest.fixture(autouse=True)
def quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn is tested elsewhere."""
    for name in FIGURES:
        monkeypatch.setitem(FIGURES, name, lambda report: b"\x89PNG")


def images(page: str) -> dict[str, bytes]:
    found = re.findall(r'<img alt="(\w+)" src="data:image/png;base64,([^"]+)">', page)
    return {name: base64.b64decode(data) for name, data in found}


def test_page_of_a_report_has_scores_baseline_confusion_and_figures() -> None:
    page = html.report_page(report())
    found = cells(page)

    assert "Hold-out of 300 rows (20% of the students, by a keyed hash), 34.2% of them" in page
    assert ["accuracy", "0.788 [0.778, 0.798]", "0.658 [0.648, 0.668]"] in found
    assert ["flagged", "61", "29"] in found
    assert ["not flagged", "41", "169"] in found
    assert list(images(page)) == list(FIGURES)
    assert set(images(page).values()) == {b"\x89PNG"}
    assert "logistic_regression (chosen)" in page


def test_page_of_a_report_shows_bins_importances_weights_and_drift() -> None:
    found = cells(html.report_page(report()))

    assert ["15.0%", "12.0% [8.0%, 17.0%]", "200"] in found
    assert ["hours_studied", "0.1200 ± 0.0100", "-0.900 for +4.5"] in found
    assert ["hours_studied", "0.030", "0.020", "ok"] in found


@pytest.mark.parametrize(("rows", "drawn"), [(None, False), (300, False), (250, True)])
def test_importances_of_drawn_rows_say_so(rows: int | None, drawn: bool) -> None:
    found = (Importance(feature="hours_studied", mean=0.12, sd=0.01, repeats=10, rows=rows),)

    assert ("Measured on 250 rows drawn" in html.report_page(report(importances=found))) == drawn


def test_best_possible_score_is_shown_only_where_it_is_known() -> None:
    known = html.report_page(report(ceiling=ceiling()))

    assert [
        "accuracy", "0.788 [0.778, 0.798]", "0.658 [0.648, 0.668]", "0.791 [0.781, 0.801]",
    ] in cells(known)  # fmt: skip
    assert "no model can expect more" in known
    assert "known truth" not in html.report_page(report())
    assert "expect more" not in html.report_page(report())


def test_model_without_weights_has_no_column_of_them() -> None:
    page = html.report_page(report(effects=()))

    assert "weight in log-odds" not in page
    assert "The model is linear" not in page
    assert ["hours_studied", "0.1200 ± 0.0100"] in cells(page)


def test_groups_are_shown_with_their_gap_and_small_ones_are_not() -> None:
    groups = (group("Female", n=1_150, rate=0.63), group("Male"), group("other", n=None, rate=None))
    audits = (gender(gap(0.03), gap(0.4, sufficient=False), groups=groups),)
    page = html.report_page(report(fairness=audits))

    assert ["Female", "1,150", *["63.0%"] * 5] in cells(page)
    assert ["other", *["–"] * 6] in cells(page)
    assert "true positive rate between Female and Male: 0.030 [0.000, 0.130], n 102." in page
    assert "0.400 [0.000, 0.500], n 102 (insufficient n: not judged)." in page


def test_report_says_what_was_done_on_the_validation_part() -> None:
    before = setup(estimate(0.02, 0.01, 0.03), threshold=threshold(1 / 6, missed=5.0))
    for page in (html.report_page(report(setup=before)), html.setup_page(before)):
        assert "Flagged from a risk of 0.167 on: missing a student costs 5" in page
        assert "Not calibrated: that would gain 0.0200" in page


def test_suspicions_are_worth_knowing() -> None:
    suspicious = leakage("a column looks odd", severity=Severity.SUSPICION)

    assert "<li>a column looks odd</li>" in html.report_page(report(leakage=suspicious))
    assert "Worth knowing" not in html.report_page(report())


def test_page_of_a_hold_out_with_one_class_says_so_and_draws_no_curve() -> None:
    page = html.report_page(one_class_report())

    assert "<strong>every student of the hold-out is passing" in page
    assert list(images(page)) == ["candidates", "reliability", "importances"]
    assert "ROC AUC" not in page.split("<h2>")[0]


def test_made_up_students_are_shown_with_what_adds_up_to_their_risk() -> None:
    page = html.report_page(report())
    student = ["middle", "hours_studied 9, attendance_percent 80", "31.0%"]

    assert [
        *student, "hours_studied -0.90, attendance_percent +0.30, base -0.20",
    ] in cells(page)  # fmt: skip
    assert student in cells(html.report_page(report(effects=())))
