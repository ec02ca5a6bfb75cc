"""The dashboard of real trainings in a real browser: every page, used as people use it.

`UPDATE_SCREENSHOTS=1` puts the pictures into docs/screenshots/, where the README shows them;
`SCREENSHOTS=FOLDER` keeps those of every page in light and dark, wide and on a phone.
"""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from student_performance.evaluation import EvaluationReport
from student_performance.registry import Registry, Store
from tests.browser.conftest import NAME, store_of
from tests.browser.pages import SLOW, TITLES, cells, confirm, opened, picture, pushed
from tests.browser.served import serving
from tests.chromium import window
from tests.conftest import PROJECT, Stores
from tests.ports import free_port

pytestmark = pytest.mark.browser
HEADER = "student_id,hours_studied,attendance_percent,assignments_completed\n"


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_drawn_wide_and_on_a_phone(
    page: Page, address: str, theme: str, width: int
) -> None:
    assert page.context.browser is not None
    size = {"width": width, "height": 1500}
    with window(page.context.browser, viewport=size, color_scheme=theme) as shown:
        asked = set[str]()
        shown.on("request", lambda request: asked.add(str(urlsplit(request.url).hostname)))
        for name in TITLES:
            opened(shown, address, name)
            if width == 390:
                shown.get_by_test_id("stSidebarCollapseButton").locator("button").click()
            shown.wait_for_timeout(1500)  # pictures are drawn a moment after their places
            across = shown.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert across <= 0, f"{name} is wider than the screen by {across}"
            keep(shown, name.lower().replace("/", "").replace(" ", "_"), theme, width)
        assert asked <= {"127.0.0.1", "None"}, "a page asks another machine"


def keep(page: Page, name: str, theme: str, width: int) -> None:
    """The pictures for the README are as high as what there is to see."""
    height = {"overview": 1060, "model": 1180, "predict": 1370}.get(name)
    if os.environ.get("UPDATE_SCREENSHOTS") and (theme, width) == ("light", 1440) and height:
        if name == "predict":  # a student in the middle is moved by nothing
            pushed(page, "Attendance in percent", "PageDown", 2)
            pushed(page, "Assignments handed in", "ArrowRight", 2)
            pushed(page, "Hours studied per week", "ArrowLeft", 5)
            pushed(page, "Hours studied per week", "PageUp", 2, which=1)
            expect(page.get_by_text("goes from")).to_be_visible(timeout=SLOW)
            page.wait_for_timeout(1500)
        path = PROJECT / "docs" / "screenshots" / f"{name}.png"
        page.screenshot(path=path, clip={"x": 0, "y": 0, "width": width, "height": height})
    picture(page, f"{name}_{theme}_{width}")


def test_language_is_switched_on_every_page(page: Page, address: str) -> None:
    page.goto(address, wait_until="domcontentloaded")
    page.get_by_text("Bahasa Indonesia").click(timeout=SLOW)
    expect(page.get_by_role("heading", name="Model yang melayani")).to_be_visible(timeout=SLOW)
    menu = page.get_by_test_id("stSidebarNav")
    for name in ("Percobaan", "Model", "Prediksi", "Pemantauan", "Uji A/B", "Registri"):
        menu.get_by_text(name, exact=True).click()
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=SLOW)
        for sentence in (
            "Every training",
            "One version",
            "Who may need",
            "Are the students",
            "Is the challenger",
            "Which version",
        ):
            expect(page.get_by_text(sentence)).to_have_count(0, timeout=SLOW)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def test_threshold_slider_recounts_the_mistakes(
    page: Page, address: str, report: EvaluationReport
) -> None:
    opened(page, address, "Model")
    slider = page.get_by_role("slider", name="Flag a student from this risk on")
    at = round(100 * report.threshold)
    for steps in (0, 10):
        for _ in range(steps):
            slider.press("ArrowLeft")
        counts = report.operating[at - steps - 1].counts
        total = counts.flagged_at_risk + counts.missed_at_risk
        told = (
            f"{counts.flagged_at_risk:,} of the {total:,} students at risk are found,"
            f" and {counts.flagged_passing:,} who pass are flagged in vain."
        )
        expect(page.get_by_text(told)).to_be_visible(timeout=SLOW)


def test_model_is_taken_away_with_its_card(
    page: Page, address: str, user: Stores, tmp_path: Path
) -> None:
    opened(page, address, "Model")
    for button, ending, holds in (
        ("Model card (Markdown)", ".md", b"## What it is for"),
        ("Evaluation (HTML)", ".html", b"Hold-out of"),
        ("Model file (skops)", ".skops", b"PK"),
    ):
        with page.expect_download(timeout=SLOW) as download:
            page.get_by_role("button", name=button).click()
        path = tmp_path / f"taken{ending}"
        download.value.save_as(path)
        assert holds in path.read_bytes()


def test_one_student_has_a_risk_that_follows_the_sliders(page: Page, address: str) -> None:
    opened(page, address, "Predict")
    expect(page.get_by_text("nothing moves the risk")).to_be_visible(timeout=SLOW)
    risk = page.get_by_test_id("stMetricValue").first
    before = risk.inner_text()
    page.get_by_role("slider", name="Attendance in percent").press("Home")
    expect(risk).not_to_have_text(before, timeout=SLOW)
    expect(page.get_by_text("Flagged: the threshold is 50 %.")).to_be_visible()
    expect(page.get_by_text("students of the hold-out with a risk like this")).to_be_visible()
    expect(page.get_by_text("nothing moves the risk")).to_have_count(0)

    expect(page.get_by_text("Move the slider")).to_be_visible()
    page.get_by_role("slider", name="Hours studied per week").last.press("End")
    expect(page.get_by_text(re.compile(r"goes from \d+ % to \d+ %"))).to_be_visible(timeout=SLOW)


def upload(page: Page, address: str, name: str, text: str) -> None:
    opened(page, address, "Predict")
    page.get_by_role("tab", name="A whole table").click()
    data = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    page.locator("input[type=file]").set_input_files(data)  # type: ignore[arg-type]


def test_table_is_scored_and_given_back_and_not_stored(
    page: Page, address: str, user: Stores, tmp_path: Path
) -> None:
    rows = "MARKER-1,20,95,10\n=MARKER(2),2,40,1\nMARKER-3,9,80,6\n"
    upload(page, address, "class.csv", HEADER + rows)
    told = page.get_by_text("3 students have a risk now; 1 of them (33 %) are flagged")
    expect(told).to_be_visible(timeout=SLOW)
    picture(page, "table_scored")
    with page.expect_download(timeout=SLOW) as download:
        page.get_by_role("button", name="Download the risks").click()
    assert download.value.suggested_filename == "risks_class.csv"
    download.value.save_as(tmp_path / "risks.csv")
    found = pd.read_csv(tmp_path / "risks.csv")
    assert list(found["student_id"]) == ["'=MARKER(2)", "MARKER-3", "MARKER-1"]
    assert list(found["flagged"]) == [True, False, False]
    stored = [path for path in user.root.rglob("*") if path.is_file() and b"MARKER" in
              path.read_bytes()]  # fmt: skip
    assert not stored


def test_bad_table_is_refused_with_row_and_column(page: Page, address: str) -> None:
    upload(page, address, "bad.csv", f"{HEADER}S1,20,95,10\nS2,many,140,1\n")
    expect(page.get_by_text("2 cells break the contract")).to_be_visible(timeout=SLOW)
    told = cells(page.get_by_test_id("stDataFrame").last)
    assert told[:4] == ["3", "hours_studied", "`many`", "a number from 0 to 168"]
    assert told[5] == "attendance_percent"
    picture(page, "table_refused")


def test_file_that_is_no_table_is_told_by_its_own_name(page: Page, address: str) -> None:
    upload(page, address, "book.csv", "PK\x03\x04 a workbook")
    error = page.get_by_test_id("stAlertContentError")
    expect(error).to_contain_text("book.csv", timeout=SLOW)
    expect(error).not_to_contain_text("memory")


def test_longer_table_than_allowed_is_refused(page: Page, address: str) -> None:
    rows = "".join(f"S{i},9,80,6\n" for i in range(50_001))
    upload(page, address, "long.csv", HEADER + rows)
    told = page.get_by_text("The table has 50,001 rows; allowed are 50,000.")
    expect(told).to_be_visible(timeout=SLOW)


def test_chosen_trainings_stand_side_by_side(page: Page, address: str) -> None:
    opened(page, address, "Experiments")
    table = page.get_by_test_id("stDataFrame").first
    assert {"promoted", "champion kept"} <= set(cells(table))
    box = table.bounding_box()
    assert box is not None
    for row in range(2):
        page.mouse.click(box["x"] + 18, box["y"] + 53 + 35 * row)
    heading = page.get_by_role("heading", name="Side by side")
    expect(heading).to_be_visible(timeout=SLOW)
    differences = page.get_by_test_id("stDataFrame").nth(1)
    expect(differences).to_be_visible(timeout=SLOW)
    assert {"threshold.missed", "3.0", "1.0"} <= set(cells(differences))
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(5)
    picture(page, "side_by_side")


def test_person_promotes_and_rolls_back(page: Page, address: str, user: Stores) -> None:
    registry = Registry(Store(store_of(user)))
    assert registry.aliases(NAME)["champion"] == "1"
    opened(page, address, "Registry")
    confirm(page, "Let it serve …", "Dewi Example", "more students shall be found")
    expect(page.get_by_text("Version 3 serves now.")).to_be_visible(timeout=SLOW)
    assert registry.aliases(NAME)["champion"] == "3"
    assert registry.audit(NAME)[-1].actor == "Dewi Example"
    opened(page, address, "Overview")
    told = page.get_by_text("Dewi Example let it serve: more students shall be found")
    expect(told).to_be_visible(timeout=SLOW)

    opened(page, address, "Registry")
    confirm(page, "Roll back …", "Dewi Example", "too many false alarms")
    expect(page.get_by_text("Version 1 serves now.")).to_be_visible(timeout=SLOW)
    assert registry.aliases(NAME)["champion"] == "1"
    audit = page.get_by_test_id("stDataFrame").last.locator("[role=gridcell]")
    told = audit.filter(has_text="too many false alarms").first
    expect(told).to_be_attached(timeout=SLOW)


def test_server_that_is_killed_is_told_and_comes_back(page: Page, user: Stores) -> None:
    """Nobody presses Refresh: the open page looks by itself."""
    store, shown = free_port(), free_port()
    variables = user.environment | {
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{store}",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "STUDENT_PERFORMANCE_REFRESH_SECONDS": "3",
    }
    mlflow = ["-m", "mlflow", "server", "--port", str(store), "--workers", "1",
              "--backend-store-uri", store_of(user)]  # fmt: skip
    streamlit = ["-m", "streamlit", "run", "dashboard/app.py", "--server.port", str(shown)]
    health = f"http://127.0.0.1:{store}/health"
    with serving(streamlit, f"http://127.0.0.1:{shown}/_stcore/health", variables):
        with serving(mlflow, health, variables):
            opened(page, f"http://127.0.0.1:{shown}", "Overview")
            expect(page.get_by_text("Version 1, logistic regression")).to_be_visible(timeout=SLOW)
        error = page.get_by_test_id("stAlertContentError")
        expect(error).to_contain_text("does not answer", timeout=SLOW)
        expect(page.get_by_text("Traceback")).to_have_count(0)
        with serving(mlflow, health, variables):
            expect(page.get_by_text("Version 1, logistic regression")).to_be_visible(timeout=SLOW)
            expect(error).to_have_count(0)


def test_experiment_shows_who_was_asked_and_what_came_true(page: Page, address: str) -> None:
    opened(page, address, "A/B test")
    rows = cells(page.get_by_test_id("stDataFrame").first)

    asked = [int(text.replace(",", "")) for text in rows[1::4]]
    assert sum(asked) == 1_500
    assert min(asked) > 650
    assert rows[2::4] == rows[1::4]  # the outcome of each is known
    expect(page.get_by_text("Version 3 answers for 50 % of the students")).to_be_visible()
    expect(page.get_by_text("It runs.")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
