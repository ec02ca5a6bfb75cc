"""Prefect as its documentation writes it: a flow of tasks that keep their results, with MLflow."""

import json
import sys
from typing import Any

from prefect import flow, task
from prefect.cache_policies import INPUTS, TASK_SOURCE

from benchmarks.peers import work
from benchmarks.peers.tracking import track

kept = {"cache_policy": INPUTS + TASK_SOURCE, "persist_result": True}


@task(**kept)
def load(path: str, penalty: float) -> Any:
    """Read."""
    return work.load(path, penalty)


@task(**kept)
def split(table: Any, penalty: float) -> Any:
    """Divide."""
    return work.split(table, penalty)


@task(**kept)
def train(rows: Any, validation: Any, penalty: float) -> Any:
    """Learn."""
    return work.train(rows, validation, penalty)


@task(**kept)
def evaluate(model: Any, test: Any, before: Any, penalty: float) -> Any:
    """Judge and log."""
    report = work.evaluate(model, test, before, penalty)
    track(model, report, penalty)
    return report


@flow
def training(path: str, penalty: float) -> Any:
    """Wire."""
    table, leakage = load(path, penalty)
    parts = split(table, penalty)
    model, comparison, setup = train(parts.train, parts.validation, penalty)
    return evaluate(model, parts.test, (comparison, setup, parts.division, leakage), penalty)


if __name__ == "__main__":
    print(json.dumps(work.metrics(training(sys.argv[1], float(sys.argv[2])))))
