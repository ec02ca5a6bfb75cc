"""Pages tell about tables, models and decisions, and never about a student."""

import re
from collections.abc import Callable
from html import unescape

import pandas as pd
import pytest

from student_performance import html
from student_performance.contract import RETURNING
from student_performance.dataset import AT_RISK
from student_performance.figures import FIGURES
from student_performance.leakage import Severity
from student_performance.promotion import ChampionComparison
from student_performance.training import CandidateScore
from tests.unit.builders import (
    comparison,
    decision,
    division,
    estimate,
    gender,
    group,
    leakage,
    one_class_report,
    report,
    scores,
    tracked,
    verdict,
)
from tests.unit.trainings import Training

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn is tested elsewhere."""
    for name in FIGURES:
        monkeypatch.setitem(FIGURES, name, lambda report: b"\x89PNG")


def pages(training: Training) -> dict[str, str]:
    return {
        "table": html.table_page(training.train),
        "leakage": html.leakage_page(leakage("a leak")),
        "division": html.division_page(training.division),
        "setup": html.setup_page(training.setup),
        "hold-out": html.table_page(training.test),
        "comparison": html.comparison_page(training.comparison),
        "report": html.report_page(training.report),
        "decision": html.decision_page(verdict(decision=decision(training.report))),
        "tracked model": html.tracked_model_page(tracked()),
        "model": html.model_page(training.model),
    }


def cells(page: str) -> list[list[str]]:
    """The texts of the rows of all tables."""
    rows = re.findall(r"<tr.*?>(.*?)</tr>", page, re.DOTALL)
    return [[unescape(c).strip() for c in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", r)] for r in rows]


def test_no_page_names_a_student_or_shows_a_row(training: Training) -> None:
    everybody = pd.concat([training.train, training.validation, training.test])
    for name, page in pages(training).items():
        text = re.sub(r"base64,[^\"]+", "", page)
        assert not set(re.findall(r"S\d{5}", text)) & set(everybody["student_id"]), name
        if name != "report":  # of groups it shows rates, of students nothing
            assert not {"Female", "Male"} & {cell for row in cells(text) for cell in row}, name


def test_page_of_a_table_sums_up_each_column() -> None:
    table = pd.DataFrame(
        {
            "name": [f"S{i}" for i in range(201)],
            "hours": [*map(float, range(200)), None],
            AT_RISK: [1] * 60 + [0] * 141,
            RETURNING: [True] * 100 + [False] * 101,
        }
    )
    page = html.table_page(table)

    assert "<h1>201 rows</h1>" in page
    assert cells(page)[1:] == [
        ["name", "str", "0", "201", "–", "–", "–"],
        ["hours", "float64", "1", "200", "9.95", "99.5", "189"],
        [AT_RISK, "int64", "0", "2", "0", "0", "1"],
        [RETURNING, "bool", "0", "2", "–", "–", "–"],
    ]


@pytest.mark.parametrize(("rows", "shown"), [(199, False), (200, True), (20, False)])
def test_quantiles_beyond_which_are_fewer_than_ten_students_are_hidden(
    rows: int, shown: bool
) -> None:
    (_, row) = cells(html.table_page(pd.DataFrame({"hours": range(rows)})))

    assert (row[4:] == ["–"] * 3) != shown
    assert row[:4] == ["hours", "int64", "0", str(rows)]


def test_page_of_a_comparison_names_baseline_and_choice_with_intervals() -> None:
    page = html.comparison_page(comparison())
    texts = cells(page)

    assert "2 x 5-fold cross-validation on 1,600 students" in page
    assert "Logistic_regression has the lowest log loss." in page
    assert "35.0% of them at risk" in page
    assert "95% interval" in page
    assert [row[0] for row in texts[1:]] == [
        "majority (baseline)", "logistic_regression (chosen)",
        "tuned_forest<br><small>min_samples_leaf=20</small>",
    ]  # fmt: skip
    assert texts[2][1:] == [
        "0.450 [0.440, 0.460]", "0.790 [0.780, 0.800]", "0.800 [0.790, 0.810]",
    ]  # fmt: skip
    assert page.count('class="chosen"') == 1


def test_score_that_a_candidate_lacks_is_a_dash() -> None:
    lacking = CandidateScore(name="majority", scores=scores(0.65, 0.64, None))
    page = html.comparison_page(comparison(candidates=(lacking,)))

    assert cells(page)[1][-1] == "–"


def test_page_of_the_guard_tells_leaks_from_suspicions() -> None:
    leak, odd = (html.leakage_page(leakage("evidence", severity=kind)) for kind in Severity)

    assert "<h1>The table gives the outcome away</h1>" in leak
    assert cells(leak)[1] == ["leak: made up", "hours_studied", "evidence"]
    assert "<h1>No leak was found</h1>" in odd
    assert cells(odd)[1][0] == "suspicion: made up"
    assert "2,300 rows were looked at" in html.leakage_page(leakage())
    assert cells(html.leakage_page(leakage())) == []


def test_page_of_a_division_counts_its_parts() -> None:
    page = html.division_page(division(by="cohort", term="2014J", left_out=1_234, test_rows=300))

    assert "The hold-out is the last cohort, 2014J." in page
    assert {"1,600", "400", "300", "1,234"} <= {cell for row in cells(page) for cell in row}


@pytest.mark.parametrize(
    ("champion", "outcome", "sentence"),
    [
        (None, "promoted", "The model serves."),
        (estimate(0.0, -0.1, 0.1), "kept", "The champion stays"),
        (estimate(-0.2, -0.3, -0.1), "refused", "The champion stays"),
    ],
)
def test_page_of_a_decision_says_what_follows_and_every_reason(
    champion: object, outcome: str, sentence: str
) -> None:
    beside = ChampionComparison(version="1", log_loss_gain=champion) if champion else None
    made = decision(champion=beside)
    page = html.decision_page(verdict(decision=made, serves=made.promote))

    assert f'<span class="verdict {outcome}">{outcome}</span>' in page
    assert sentence in page
    assert "It is version 7 in the registry." in page
    assert cells(page)[1:] == [
        [reason.check, "passed" if reason.passed else "failed", reason.text]
        for reason in made.reasons
    ]


def test_page_of_an_unregistered_model_says_so() -> None:
    refused = verdict(version=None, decision=decision(one_class_report()))

    assert "It is not in the registry." in html.decision_page(refused)


def test_page_of_a_tracked_model_names_run_model_and_checksum() -> None:
    page = html.tracked_model_page(tracked())

    assert "<h1>logistic_regression in MLflow</h1>" in page
    assert [row[1] for row in cells(page)] == ["run-5678", "m-1234", "ab" * 32]


def test_page_of_a_model_shows_its_steps(training: Training) -> None:
    page = html.model_page(training.model)

    assert all(step in page for step in ("StandardScaler", "LogisticRegression", "SimpleImputer"))


@pytest.mark.parametrize(
    "write",
    [
        lambda: html.table_page(pd.DataFrame({SCRIPT: [1, 2]})),
        lambda: html.comparison_page(
            comparison(candidates=(CandidateScore(name=SCRIPT, scores=scores(0.6, 0.6)),))
        ),
        lambda: html.report_page(report(candidate=SCRIPT, dataset=SCRIPT, problems=(SCRIPT,))),
        lambda: html.decision_page(verdict(decision=decision(report(problems=(SCRIPT,))))),
        lambda: html.tracked_model_page(tracked(candidate=SCRIPT, run_id=SCRIPT)),
        lambda: html.leakage_page(leakage(SCRIPT)),
        lambda: html.division_page(division(by="cohort", term=SCRIPT)),
        lambda: html.report_page(report(fairness=(gender(groups=(group(SCRIPT), group("Male"))),))),
    ],
    ids=["table", "comparison", "report", "decision", "model", "leakage", "division", "groups"],
)
def test_text_from_outside_is_escaped(write: Callable[[], str]) -> None:
    page = write()

    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page


def test_every_page_is_a_whole_document_with_a_title(training: Training) -> None:
    for name, page in pages(training).items():
        if name != "model":
            assert page.startswith("<!doctype html>"), name
            assert re.search(r"<title>.+</title>", page), name
            assert page.rstrip().endswith("</html>"), name
