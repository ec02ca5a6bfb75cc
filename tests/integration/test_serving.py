"""The prediction service over a real registry: asked, swapped under load, and left alone."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from student_performance.audit import Alias
from student_performance.decision_log import URL_VARIABLE, DecisionLog
from student_performance.experiment import ExperimentPolicy, Mode, pseudonym
from student_performance.registry import Store
from student_performance.scoring import risk_of
from tests.conftest import PROJECT, WEAK
from tests.integration.conftest import Machine
from tests.ports import free_port

pytestmark = pytest.mark.parametrize("store_path", ["any"], indirect=True, scope="module")
NAME = "student_performance"
STUDENT = {
    "student_id": "S1", "hours_studied": 4.0, "attendance_percent": 60.0,
    "assignments_completed": 3,
}  # fmt: skip
CLIENTS = 50
WELL = {"trouble": None, "experiment": None, "experiment_trouble": None}


@dataclass(frozen=True)
class Service:
    """A running service."""

    port: int
    process: subprocess.Popen[bytes]

    def ask(
        self, method: str, path: str, body: Any = None, key: str = ""
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, data if body is not None else None,
                               {"X-API-Key": key} if key else {})  # fmt: skip
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def ready(self) -> dict[str, Any]:
        """Version and trouble; a problem while no version is loaded."""
        return self.ask("GET", "/ready")[1]


@contextmanager
def service(machine: Machine, **variables: str) -> Iterator[Service]:
    """The service on the machine's MLflow server; its output is in a file of the machine."""
    port, uri = free_port(), machine.settings["MLFLOW_TRACKING_URI"]
    command = [sys.executable, "-m", "serving", f"--port={port}", "--refresh-seconds=0.2"]
    with (machine.folder / "serving.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, stdout=log, stderr=log,
            env=machine.variables(MLFLOW_TRACKING_URI=uri) | variables,
        )  # fmt: skip
    try:
        started = Service(port, process)
        wait(lambda: started.ask("GET", "/health")[0] == 200)
        yield started
    finally:
        process.terminate()
        assert process.wait(30) in (0, -15)


@contextmanager
def killable(machine: Machine, **variables: str) -> Iterator[Service]:
    """The service, which the test kills."""
    try:
        with service(machine, **variables) as served:
            yield served
    except AssertionError:
        if served.process.returncode != -9:
            raise


def wait(until: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if until():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


@pytest.fixture(scope="module")
def trained(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Two versions; the second serves."""
    from student_performance.simulate import simulate, to_csv

    path = tmp_path_factory.mktemp("data") / "students.csv"
    path.write_bytes(to_csv(simulate(2000, seed=1)))
    for options in ((WEAK,), ()):
        outcome = machine.train(path, *options)
        assert outcome.code == 0, outcome.err
    assert machine.registry().aliases(NAME)["champion"] == "2"
    return machine


def risks(machine: Machine) -> dict[str, float]:
    """What each version says about the student."""
    registry = machine.registry()
    features = {k: v for k, v in STUDENT.items() if k != "student_id"}
    return {v.number: risk_of(registry.load(v), features) for v in registry.versions(NAME)}


def test_answer_is_that_of_the_version_that_serves(trained: Machine) -> None:
    with service(trained) as served:
        wait(lambda: served.ready().get("version") == "2")
        status, one = served.ask("POST", "/predict?reasons=true", STUDENT)
        _, many = served.ask("POST", "/predict/batch", {"students": [STUDENT] * 3})
        described = served.ask("GET", "/openapi.json")[1]

        assert (status, one["version"], many["version"]) == (200, "2", "2")
        assert one["students"][0]["risk"] == pytest.approx(risks(trained)["2"])
        assert [s["risk"] for s in many["students"]] == [one["students"][0]["risk"]] * 3
        assert "attendance_percent +" in one["students"][0]["reasons"]
        example = described["components"]["schemas"]["Student"]["example"]
        assert served.ask("POST", "/predict", example)[0] == 200


def test_problems_name_the_field_and_bodies_are_bounded(trained: Machine) -> None:
    with service(trained, STUDENT_PERFORMANCE_API_KEY="key") as served:
        wait(lambda: served.ask("GET", "/ready")[0] == 200)
        wrong = STUDENT | {"hours_studied": 999}
        status, problem = served.ask("POST", "/predict", wrong, key="key")

        assert status == problem["status"] == 422
        assert problem["errors"][0]["field"] == "hours_studied"
        assert served.ask("POST", "/predict", b" " * (5 << 20), key="key")[0] == 413
        assert served.ask("POST", "/predict", STUDENT)[0] == 401
        assert served.ask("POST", "/predict", STUDENT, key="kex")[0] == 401
        assert served.ask("GET", "/nothing", key="key")[1]["title"] == "Not Found"
        assert served.ask("POST", "/predict?reasons=what", STUDENT, key="key")[0] == 422


def test_alias_moves_while_fifty_clients_ask(trained: Machine) -> None:
    """No request fails, and each answer is that of exactly the version that it names."""
    expected, counts, stop = risks(trained), Counter[str](), threading.Event()
    wrong: list[object] = []

    def client(served: Service) -> None:
        while not stop.is_set():
            try:
                status, found = served.ask("POST", "/predict", STUDENT)
                version = found["version"]
                right = status == 200 and found["students"][0]["risk"] == pytest.approx(
                    expected[version], rel=1e-9
                )
                counts[version] += 1
                if not right:
                    wrong.append(found)
            except Exception as error:
                wrong.append(error)

    with service(trained) as served:
        wait(lambda: served.ready().get("version") == "2")
        threads = [threading.Thread(target=client, args=(served,)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        registry = trained.registry()
        for number in ("1", "2", "1", "2"):
            registry.promote(NAME, number, "a test of swapping")
            wait(lambda number=number: served.ready().get("version") == number)  # type: ignore[misc]
        stop.set()
        for thread in threads:
            thread.join(30)

    assert not wrong, wrong[:3]
    assert counts["1"] > CLIENTS
    assert counts["2"] > CLIENTS


def test_killed_under_load_no_decision_that_was_told_is_lost(
    trained: Machine, tmp_path: Path
) -> None:
    """Each student who got an answer in an experiment is in the log, though the service died."""
    url = f"sqlite:///{tmp_path}/decisions.db"
    log, variables = DecisionLog(url), {URL_VARIABLE: url}
    policy = ExperimentPolicy(mode=Mode.SPLIT)
    told: dict[str, tuple[str, float]] = {}
    stop = threading.Event()

    def client(served: Service, number: int) -> None:
        for i in count():
            name = f"S{number}-{i}"
            try:
                status, found = served.ask("POST", "/predict", STUDENT | {"student_id": name})
            except (OSError, http.client.HTTPException, ValueError):
                return  # it was killed
            assert status == 200
            told[name] = found["students"][0]["version"], found["students"][0]["risk"]
            if stop.is_set():
                return

    def load(served: Service) -> list[threading.Thread]:
        clients = [threading.Thread(target=client, args=(served, n)) for n in range(8)]
        for thread in clients:
            thread.start()
        return clients

    champion = trained.registry().aliases(NAME)["champion"]
    challenger = {"1": "2", "2": "1"}[champion]
    experiment = log.start(NAME, champion, challenger, policy)
    with killable(trained, **variables) as served:
        wait(lambda: served.ready().get("experiment") == experiment.id)
        clients = load(served)
        wait(lambda: len(told) > 200)
        served.process.kill()
        for thread in clients:
            thread.join(30)
    with service(trained, **variables) as served:  # and it goes on as it was
        wait(lambda: served.ready().get("experiment") == experiment.id)
        known = dict(list(told.items())[:20])
        for name, before in known.items():
            _, found = served.ask("POST", "/predict", STUDENT | {"student_id": name})
            assert (found["students"][0]["version"], found["students"][0]["risk"]) == before
        log.stop(NAME, "a test of stopping")
        _, found = served.ask("POST", "/predict", STUDENT | {"student_id": "late"})
        assert found["students"][0]["version"] == champion

    kept = log.decisions(experiment).drop_duplicates("student").set_index("student")
    assert {version for version, _ in told.values()} == {"1", "2"}
    for name, (version, risk) in told.items():
        row = kept.loc[pseudonym(experiment, name)]
        assert (row["version"], row["risk"]) == (version, pytest.approx(risk, rel=1e-12))
    assert pseudonym(experiment, "late") not in kept.index


def test_changed_model_file_is_refused_and_the_old_version_goes_on(
    trained: Machine, tmp_path: Path
) -> None:
    version = trained.registry().version(NAME, "1")
    listed = trained.s3.list_objects_v2(Bucket="mlflow")["Contents"]
    key = next(o["Key"] for o in listed if version.model_id in o["Key"] and "skops" in o["Key"])
    whole = trained.s3.get_object(Bucket="mlflow", Key=key)["Body"].read()
    store = Store(trained.settings["MLFLOW_TRACKING_URI"])
    with service(trained) as served:
        wait(lambda: served.ready().get("version") == "2")
        trained.s3.put_object(Bucket="mlflow", Key=key, Body=whole[:-1] + b"x")
        store.client.set_registered_model_alias(NAME, Alias.CHAMPION, "1")
        wait(lambda: "SHA-256" in (served.ready().get("trouble") or ""))

        assert served.ask("POST", "/predict", STUDENT)[1]["version"] == "2"
        trained.s3.put_object(Bucket="mlflow", Key=key, Body=whole)
        wait(lambda: served.ready() == {"version": "1"} | WELL)
        store.client.set_registered_model_alias(NAME, Alias.CHAMPION, "2")


@pytest.mark.timeout(400)
def test_registry_is_away_in_the_middle_and_at_the_start(trained: Machine) -> None:
    with service(trained) as served:
        wait(lambda: served.ready().get("version") == "2")
        trained.processes.stop("mlflow")
        wait(lambda: "does not answer" in (served.ready().get("trouble") or ""), 90)

        assert served.ask("POST", "/predict", STUDENT)[1]["version"] == "2"
        with service(trained) as late:
            status, problem = late.ask("POST", "/predict", STUDENT)
            assert (status, problem["title"]) == (503, "No model")
            assert late.ask("GET", "/health")[0] == 200
            assert trained.run("stack", "up", "minio").code == 0
            wait(lambda: late.ready().get("version") == "2", 90)
        wait(lambda: served.ready() == {"version": "2"} | WELL, 90)
