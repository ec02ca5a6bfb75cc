"""The dashboard of real trainings in a real browser: every page, used as people use it.

`UPDATE_SCREENSHOTS=1` puts the pictures into docs/screenshots/, where the README shows them;
`SCREENSHOTS=FOLDER` keeps those of every page in light and dark, wide and on a phone.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from student_performance.evaluation import EvaluationReport
from student_performance.registry import Registry, Store, Tracker
from student_performance.simulate import simulate
from student_performance.world import World
from tests.chromium import window
from tests.conftest import PROJECT, SMALL, WEAK, Stores

pytestmark = pytest.mark.browser
NAME = "student_performance"
TITLES = {
    "Overview": "Which model serves",
    "Experiments": "Every training",
    "Model": "One version",
    "Predict": "Who may need help",
    "Monitoring": "Are the students still the same?",
    "A/B test": "Is the challenger better?",
    "Registry": "Which version served when",
}
HEADER = "student_id,hours_studied,attendance_percent,assignments_completed\n"
_SLOW = 60_000


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """A user who has trained three times (a champion, a challenger, and one that is worse), held
    two terms against the champion, of which the second is other than the first, and tries the
    challenger on a third term."""
    found = Stores(tmp_path_factory.mktemp("user"))
    shorter = () if os.environ.get("UPDATE_SCREENSHOTS") else SMALL
    for override, code in (
        ("threshold.missed=1", 0), ("threshold.missed=3", 0), (WEAK.removeprefix("--set="), 3),
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "run.py", "train", *shorter, "--set", override], cwd=PROJECT,
            env=found.environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
    for seed, world, code in ((71, World(), 0), (72, World(hours_median=5), 6)):
        term = found.root / f"term{seed}.csv"
        simulate(600, seed=seed, world=world).to_csv(term, index=False)
        done = subprocess.run(
            [sys.executable, "run.py", "monitor", "--data", str(term), "--labels", str(term)],
            cwd=PROJECT, env=found.environment, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
    tried(found)
    return found


def tried(user: Stores) -> None:
    """Ask the service about students of an experiment, and tell what came true."""

    def run(*words: str) -> None:
        done = subprocess.run(
            [sys.executable, "run.py", "experiment", *words], cwd=PROJECT, env=user.environment,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    run("start", "--set", "mode=split")
    students = simulate(1_500, seed=73)
    students.to_csv(user.root / "term73.csv", index=False)
    port = free_port()
    command = ["run.py", "serve", "--port", str(port)]
    with serving(command, f"http://127.0.0.1:{port}/ready", user.environment) as ready:
        told = students.drop(columns=["gender", "test_score"]).to_dict("records")
        ask = urllib.request.Request(
            ready.replace("/ready", "/predict/batch"), json.dumps({"students": told}).encode(),
            {"Content-Type": "application/json"},
        )  # fmt: skip
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(ask, timeout=60) as response:
            versions = {one["version"] for one in json.load(response)["students"]}
        assert versions == {"1", "3"}
    run("status", "--labels", str(user.root / "term73.csv"))


def store_of(user: Stores) -> str:
    return f"sqlite:///{user.root}/home/mlflow/mlflow.db"


@pytest.fixture(scope="module")
def report(user: Stores) -> EvaluationReport:
    """The evaluation of the champion."""
    store = Store(store_of(user))
    version = Registry(store).champion(NAME)
    assert version is not None
    return Tracker(store).report(version.run_id)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], url: str, variables: dict[str, str]) -> Iterator[str]:
    """A server of this test, from when it answers until the test is over."""
    log = Path(variables["HOME"]) / f"{url.split(':')[2].split('/')[0]}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=PROJECT, env=variables, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        for _ in range(240):
            try:
                with opener.open(url, timeout=2):
                    break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, log.read_text()
                time.sleep(0.5)
        else:
            pytest.fail(f"{url} does not answer: {log.read_text()}")
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def address(user: Stores) -> Iterator[str]:
    """The dashboard as `run.py dashboard` starts it, with changes of the registry allowed."""
    port = free_port()
    variables = user.environment | {"STUDENT_PERFORMANCE_REGISTRY_ACTIONS": "on"}
    command = ["run.py", "dashboard", "--port", str(port)]
    with serving(command, f"http://127.0.0.1:{port}/_stcore/health", variables):
        yield f"http://127.0.0.1:{port}"


def opened(page: Page, address: str, name: str) -> None:
    """Go to a page of the dashboard by its menu."""
    if not page.url.startswith(address):
        page.goto(address, wait_until="domcontentloaded")
    menu = page.get_by_test_id("stSidebarNav")
    if not menu.is_visible():
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=_SLOW)
    if page.get_by_test_id("stExpandSidebarButton").is_visible():
        page.get_by_test_id("stExpandSidebarButton").click()
    menu.get_by_text(name, exact=True).click(timeout=_SLOW)
    settled(page, name)


def settled(page: Page, name: str) -> None:
    """Wait until a page is drawn; it must not tell of a failure."""
    expect(page.get_by_role("heading", name=TITLES[name], level=1)).to_be_visible(timeout=_SLOW)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=_SLOW)
    expect(page.locator("[data-stale='true']")).to_have_count(0, timeout=_SLOW)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def cells(table: Locator) -> list[str]:
    """What a table holds: it is drawn, but told to screen readers."""
    expect(table.locator("[role=gridcell]").first).to_be_attached(timeout=_SLOW)
    return table.locator("[role=gridcell]").all_text_contents()


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
            expect(page.get_by_text("goes from")).to_be_visible(timeout=_SLOW)
            page.wait_for_timeout(1500)
        path = PROJECT / "docs" / "screenshots" / f"{name}.png"
        page.screenshot(path=path, clip={"x": 0, "y": 0, "width": width, "height": height})
    picture(page, f"{name}_{theme}_{width}")


def pushed(page: Page, label: str, key: str, times: int, which: int = 0) -> None:
    """Move a slider, and wait each time until the page is drawn anew."""
    for _ in range(times):
        page.get_by_role("slider", name=label).nth(which).press(key)
        page.wait_for_timeout(1000)
        expect(page.locator("[data-stale='true']")).to_have_count(0, timeout=_SLOW)


def picture(page: Page, name: str) -> None:
    """Something to look at, for who asks for it."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.wait_for_timeout(1500)
        page.screenshot(path=f"{folder}/{name}.png")


def test_language_is_switched_on_every_page(page: Page, address: str) -> None:
    page.goto(address, wait_until="domcontentloaded")
    page.get_by_text("Bahasa Indonesia").click(timeout=_SLOW)
    expect(page.get_by_role("heading", name="Model yang melayani")).to_be_visible(timeout=_SLOW)
    menu = page.get_by_test_id("stSidebarNav")
    for name in ("Percobaan", "Model", "Prediksi", "Pemantauan", "Uji A/B", "Registri"):
        menu.get_by_text(name, exact=True).click()
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=_SLOW)
        for sentence in (
            "Every training",
            "One version",
            "Who may need",
            "Are the students",
            "Is the challenger",
            "Which version",
        ):
            expect(page.get_by_text(sentence)).to_have_count(0, timeout=_SLOW)
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
        expect(page.get_by_text(told)).to_be_visible(timeout=_SLOW)


def test_model_is_taken_away_with_its_card(
    page: Page, address: str, user: Stores, tmp_path: Path
) -> None:
    opened(page, address, "Model")
    for button, ending, holds in (
        ("Model card (Markdown)", ".md", b"## What it is for"),
        ("Evaluation (HTML)", ".html", b"Hold-out of"),
        ("Model file (skops)", ".skops", b"PK"),
    ):
        with page.expect_download(timeout=_SLOW) as download:
            page.get_by_role("button", name=button).click()
        path = tmp_path / f"taken{ending}"
        download.value.save_as(path)
        assert holds in path.read_bytes()


def test_one_student_has_a_risk_that_follows_the_sliders(page: Page, address: str) -> None:
    opened(page, address, "Predict")
    expect(page.get_by_text("nothing moves the risk")).to_be_visible(timeout=_SLOW)
    risk = page.get_by_test_id("stMetricValue").first
    before = risk.inner_text()
    page.get_by_role("slider", name="Attendance in percent").press("Home")
    expect(risk).not_to_have_text(before, timeout=_SLOW)
    expect(page.get_by_text("Flagged: the threshold is 50 %.")).to_be_visible()
    expect(page.get_by_text("students of the hold-out with a risk like this")).to_be_visible()
    expect(page.get_by_text("nothing moves the risk")).to_have_count(0)

    expect(page.get_by_text("Move the slider")).to_be_visible()
    page.get_by_role("slider", name="Hours studied per week").last.press("End")
    expect(page.get_by_text(re.compile(r"goes from \d+ % to \d+ %"))).to_be_visible(timeout=_SLOW)


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
    expect(told).to_be_visible(timeout=_SLOW)
    picture(page, "table_scored")
    with page.expect_download(timeout=_SLOW) as download:
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
    expect(page.get_by_text("2 cells break the contract")).to_be_visible(timeout=_SLOW)
    told = cells(page.get_by_test_id("stDataFrame").last)
    assert told[:4] == ["3", "hours_studied", "`many`", "a number from 0 to 168"]
    assert told[5] == "attendance_percent"
    picture(page, "table_refused")


def test_file_that_is_no_table_is_told_by_its_own_name(page: Page, address: str) -> None:
    upload(page, address, "book.csv", "PK\x03\x04 a workbook")
    error = page.get_by_test_id("stAlertContentError")
    expect(error).to_contain_text("book.csv", timeout=_SLOW)
    expect(error).not_to_contain_text("memory")


def test_longer_table_than_allowed_is_refused(page: Page, address: str) -> None:
    rows = "".join(f"S{i},9,80,6\n" for i in range(50_001))
    upload(page, address, "long.csv", HEADER + rows)
    told = page.get_by_text("The table has 50,001 rows; allowed are 50,000.")
    expect(told).to_be_visible(timeout=_SLOW)


def test_chosen_trainings_stand_side_by_side(page: Page, address: str) -> None:
    opened(page, address, "Experiments")
    table = page.get_by_test_id("stDataFrame").first
    assert {"promoted", "champion kept"} <= set(cells(table))
    box = table.bounding_box()
    assert box is not None
    for row in range(2):
        page.mouse.click(box["x"] + 18, box["y"] + 53 + 35 * row)
    heading = page.get_by_role("heading", name="Side by side")
    expect(heading).to_be_visible(timeout=_SLOW)
    differences = page.get_by_test_id("stDataFrame").nth(1)
    expect(differences).to_be_visible(timeout=_SLOW)
    assert {"threshold.missed", "3.0", "1.0"} <= set(cells(differences))
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(5)
    picture(page, "side_by_side")


def test_person_promotes_and_rolls_back(page: Page, address: str, user: Stores) -> None:
    registry = Registry(Store(store_of(user)))
    assert registry.aliases(NAME)["champion"] == "1"
    opened(page, address, "Registry")
    confirm(page, "Let it serve …", "Dewi Example", "more students shall be found")
    expect(page.get_by_text("Version 3 serves now.")).to_be_visible(timeout=_SLOW)
    assert registry.aliases(NAME)["champion"] == "3"
    assert registry.audit(NAME)[-1].actor == "Dewi Example"
    opened(page, address, "Overview")
    told = page.get_by_text("Dewi Example let it serve: more students shall be found")
    expect(told).to_be_visible(timeout=_SLOW)

    opened(page, address, "Registry")
    confirm(page, "Roll back …", "Dewi Example", "too many false alarms")
    expect(page.get_by_text("Version 1 serves now.")).to_be_visible(timeout=_SLOW)
    assert registry.aliases(NAME)["champion"] == "1"
    audit = page.get_by_test_id("stDataFrame").last.locator("[role=gridcell]")
    told = audit.filter(has_text="too many false alarms").first
    expect(told).to_be_attached(timeout=_SLOW)


def confirm(page: Page, button: str, name: str, reason: str) -> None:
    page.get_by_role("button", name=button).click()
    dialog = page.get_by_role("dialog")
    yes = dialog.get_by_role("button", name="Yes, do it")
    expect(yes).to_be_disabled(timeout=_SLOW)
    dialog.get_by_label("Your name").fill(name)
    dialog.get_by_label("Your name").press("Tab")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_label("Reason").press("Tab")
    expect(yes).to_be_enabled(timeout=_SLOW)
    yes.click()


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
            expect(page.get_by_text("Version 1, logistic regression")).to_be_visible(timeout=_SLOW)
        error = page.get_by_test_id("stAlertContentError")
        expect(error).to_contain_text("does not answer", timeout=_SLOW)
        expect(page.get_by_text("Traceback")).to_have_count(0)
        with serving(mlflow, health, variables):
            expect(page.get_by_text("Version 1, logistic regression")).to_be_visible(timeout=_SLOW)
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
