"""`run.py monitor` on the stack `local`, with a real receiver for its alarms."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from student_performance.alerts import WEBHOOK_VARIABLE
from student_performance.registry import Monitorings, Store, Tracker
from student_performance.settings import local_tracking_uri
from student_performance.simulate import simulate
from student_performance.world import World
from tests.conftest import Outcome

Run = Callable[..., Outcome]


@dataclass
class Receiver:
    """Takes what is posted on a port of its own."""

    status: int = 200
    got: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/secret-path"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv(WEBHOOK_VARIABLE, found.url)
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def term(tmp_path: Path, world: World | None = None, rows: int = 400) -> Path:
    path = tmp_path / "term2.csv"
    simulate(rows, seed=51, world=world).to_csv(path, index=False)
    return path


def test_drift_is_kept_shown_measured_and_posted(
    trained: Outcome, cli: Run, tmp_path: Path, receiver: Receiver
) -> None:
    path, metrics = term(tmp_path, World(hours_median=4)), tmp_path / "students.prom"
    outcome = cli("monitor", "--data", path, "--labels", path, "--metrics", metrics)

    assert outcome.code == 6, outcome.err
    assert "drift: hours_studied is not distributed as in the training part" in outcome.out
    assert "400 have an outcome" in outcome.out
    assert 'feature="hours_studied"' in metrics.read_text()
    [alarm] = receiver.got
    assert alarm["level"] == "drift"
    assert alarm["version"] == "1"
    assert any("hours_studied" in finding for finding in alarm["findings"])
    assert "S00" not in json.dumps(alarm)
    store = Store(local_tracking_uri())
    [report] = Monitorings(store).newest("student_performance")
    assert report.level == "drift"
    assert alarm["at"] == report.at.isoformat()
    [run] = store.client.search_runs([store.experiment_id("student_performance.monitoring")])
    kept = {file.path for file in store.client.list_artifacts(run.info.run_id)}
    assert kept == {"monitoring.json", "monitoring.html", "drift.png", "scores.png"}
    assert len(Tracker(store).runs("student_performance")) == 1


def test_the_same_students_post_nothing(
    trained: Outcome, cli: Run, tmp_path: Path, receiver: Receiver
) -> None:
    outcome = cli("monitor", "--data", term(tmp_path), "--json")

    assert outcome.code == 0, outcome.err
    assert {one["level"] for one in outcome.json["features"]} == {"ok"}
    assert outcome.json["outcomes"] is None
    assert receiver.got == []


def test_an_alarm_that_nobody_takes_is_kept_and_told(
    trained: Outcome, cli: Run, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.status = 500
    outcome = cli("monitor", "--data", term(tmp_path, World(hours_median=4)))

    assert outcome.code == 5
    assert "kept but not delivered" in outcome.err
    assert "answered 500" in outcome.err
    assert "secret-path" not in outcome.err + outcome.out
    assert "Verdict: drift" in outcome.out
    assert len(Monitorings(Store(local_tracking_uri())).newest("student_performance")) == 1


def test_a_webhook_that_is_no_address_is_refused_first(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WEBHOOK_VARIABLE, "file:///etc/passwd")
    outcome = cli("monitor", "--data", term(tmp_path))

    assert outcome.code == 2
    assert WEBHOOK_VARIABLE in outcome.err
    assert "passwd" not in outcome.err


def test_without_a_model_the_next_command_is_to_train(cli: Run, tmp_path: Path) -> None:
    outcome = cli("monitor", "--data", term(tmp_path))

    assert outcome.code == 2
    assert "python run.py train --dataset student_performance" in outcome.err


def test_labels_that_are_missing_are_told_before_anything_runs(
    trained: Outcome, cli: Run, tmp_path: Path
) -> None:
    outcome = cli("monitor", "--data", term(tmp_path), "--labels", tmp_path / "none.csv")

    assert outcome.code == 4
    assert "none.csv" in outcome.err
