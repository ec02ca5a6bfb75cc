"""A user of the dashboard whose models were trained, monitored and tried."""

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from servers.resident import Resident
from student_performance.evaluation import EvaluationReport
from student_performance.registry import Registry, Store, Tracker
from student_performance.simulate import simulate
from student_performance.world import World
from tests.browser.served import serving
from tests.conftest import PROJECT, SMALL, WEAK, Stores
from tests.ports import free_port

NAME = "student_performance"


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """A user who has trained three times (a champion, a challenger, and one that is worse), held
    two terms against the champion, of which the second is other than the first, and tries the
    challenger on a third term."""
    found = Stores(tmp_path_factory.mktemp("user"))
    log = found.root.parent / "log"
    with (
        log.open("ab") as out,
        closing(
            Resident(sys.executable, cwd=PROJECT, env=found.environment, stdout=out, stderr=out)
        ) as commands,
    ):

        def run(*words: object, code: int = 0) -> None:
            assert commands.run(list(map(str, words))) == code, log.read_text()

        shorter = () if os.environ.get("UPDATE_SCREENSHOTS") else SMALL
        run("train", *shorter, "--set=threshold.missed=1")
        run("train", *shorter, "--set=threshold.missed=3")
        run("train", *shorter, WEAK, code=3)
        for seed, world, code in ((71, World(), 0), (72, World(hours_median=5), 6)):
            term = found.root / f"term{seed}.csv"
            simulate(600, seed=seed, world=world).to_csv(term, index=False)
            run("monitor", "--data", term, "--labels", term, code=code)
        run("experiment", "start", "--set", "mode=split")
        run("experiment", "status", "--labels", asked(found))
    return found


def asked(user: Stores) -> Path:
    """Ask the service about students of the experiment; what came true of them."""
    students = simulate(1_500, seed=73)
    table = user.root / "term73.csv"
    students.to_csv(table, index=False)
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
    return table


def store_of(user: Stores) -> str:
    return f"sqlite:///{user.root}/home/mlflow/mlflow.db"


@pytest.fixture(scope="module")
def report(user: Stores) -> EvaluationReport:
    """The evaluation of the champion."""
    store = Store(store_of(user))
    version = Registry(store).champion(NAME)
    assert version is not None
    return Tracker(store).report(version.run_id)


@pytest.fixture(scope="module")
def address(user: Stores) -> Iterator[str]:
    """The dashboard as `run.py dashboard` starts it, with changes of the registry allowed."""
    port = free_port()
    variables = user.environment | {"STUDENT_PERFORMANCE_REGISTRY_ACTIONS": "on"}
    command = ["run.py", "dashboard", "--port", str(port)]
    with serving(command, f"http://127.0.0.1:{port}/_stcore/health", variables):
        yield f"http://127.0.0.1:{port}"
