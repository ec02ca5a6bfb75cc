"""The ZenML dashboard of a real run in a real browser: lineage, tables, report and decision.

`UPDATE_SCREENSHOTS=1` puts the pictures into docs/screenshots/, where the README shows them.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import PROJECT, SMALL, Stores

pytestmark = pytest.mark.browser
IN_README = ("lineage", "evaluationreport")
_SLOW = 60_000  # the dashboard's own limit is higher on a busy machine


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stores, Any]:
    """A user who has trained once, on the default data."""
    user = Stores(tmp_path_factory.mktemp("user"))
    shorter = () if os.environ.get("UPDATE_SCREENSHOTS") else SMALL
    done = subprocess.run(
        [sys.executable, "run.py", "train", "--json", *shorter], cwd=PROJECT, env=user.environment,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return user, json.loads(done.stdout)


@pytest.fixture(scope="module")
def address(trained: tuple[Stores, Any]) -> Iterator[str]:
    """Where `run.py lineage` says that the run is shown."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "run.py", "lineage", "--port", port], cwd=PROJECT,
        env=trained[0].environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("ZenML dashboard: http://127.0.0.1:"), line
        yield line.split()[-1]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port))) != 0, "the server was left behind"


def keep(page: Page, name: str, tmp_path: Path) -> None:
    wanted = name in IN_README and os.environ.get("UPDATE_SCREENSHOTS")
    folder = PROJECT / "docs" / "screenshots" if wanted else tmp_path
    page.screenshot(path=folder / f"{name}.png")


def open_artifact(page: Page, address: str, kind: str) -> None:
    page.goto(address, wait_until="domcontentloaded")
    node = page.locator(".react-flow__node", has_text=kind).first
    node.click(timeout=_SLOW)
    page.get_by_role("tab", name="Visualization").last.click(timeout=_SLOW)
    page.get_by_role("button", name="Load Preview").click(timeout=_SLOW)


def test_dashboard_answers_no_foreign_page(address: str) -> None:
    base = address.split("/projects")[0]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(**headers: str) -> Any:
        return opener.open(urllib.request.Request(f"{base}/api/v1/pipelines", headers=headers))

    assert ask().status == 200
    foreign = ask(Origin="https://evil.example")
    assert "evil" not in (foreign.headers["Access-Control-Allow-Origin"] or "")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask(Host="evil.example")


def test_run_page_shows_the_five_steps_and_their_artifacts(
    page: Page, address: str, trained: tuple[Stores, Any], tmp_path: Path
) -> None:
    page.goto(address, wait_until="domcontentloaded")
    expect(page.get_by_text(re.compile(trained[1]["zenml_run"])).first).to_be_visible(timeout=_SLOW)
    for name in ("load", "split", "train", "evaluate", "decide", "comparison", "decision"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible(timeout=_SLOW)
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=_SLOW)
    close = page.get_by_role("button", name=re.compile("dismiss|close", re.I)).first
    if close.is_visible():
        close.click()
    keep(page, "lineage", tmp_path)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("EvaluationReport", ["Hold-out of 1,971 rows", "known truth", "Curves"]),
        ("Verdict", ["promoted", "there is no champion yet"]),
        ("Comparison", ["logistic_regression (chosen)", "majority (baseline)"]),
        ("TrackedModel", ["SHA-256 of the file"]),
        ("Pipeline", ["LogisticRegression"]),
        ("DataFrame", ["10,000 rows", "attendance_percent"]),
    ],
)
def test_artifact_has_a_readable_view(
    page: Page, address: str, kind: str, words: list[str], tmp_path: Path
) -> None:
    open_artifact(page, address, kind)
    frame = page.frame_locator("iframe").last
    for word in words:
        expect(frame.get_by_text(word).filter(visible=True).first).to_be_visible(timeout=_SLOW)
    page.wait_for_timeout(500)
    keep(page, kind.lower(), tmp_path)
