"""ZenML as its documentation writes it: default materializers, cache and tracker."""

import json
import sys
from typing import Annotated, Any

import pandas as pd
from sklearn.base import BaseEstimator
from zenml import pipeline, step

from benchmarks.peers import work
from student_performance.evaluation import EvaluationReport
from student_performance.leakage import LeakageReport
from student_performance.splitting import Division
from student_performance.training import Comparison
from student_performance.tuning import Setup


@step
def load(
    path: str, penalty: float
) -> tuple[Annotated[pd.DataFrame, "table"], Annotated[LeakageReport, "leakage"]]:
    """Read."""
    table, leakage = work.load(path, penalty)
    return table, leakage


@step
def split(
    table: pd.DataFrame, penalty: float
) -> tuple[
    Annotated[pd.DataFrame, "train"],
    Annotated[pd.DataFrame, "validation"],
    Annotated[pd.DataFrame, "test"],
    Annotated[Division, "division"],
]:
    """Divide."""
    parts = work.split(table, penalty)
    return parts.train, parts.validation, parts.test, parts.division


@step
def train(
    rows: pd.DataFrame, validation: pd.DataFrame, penalty: float
) -> tuple[
    Annotated[BaseEstimator, "model"],
    Annotated[Comparison, "comparison"],
    Annotated[Setup, "setup"],
]:
    """Learn."""
    model, comparison, setup = work.train(rows, validation, penalty)
    return model, comparison, setup


@step(experiment_tracker=True)
def evaluate(
    model: BaseEstimator,
    test: pd.DataFrame,
    comparison: Comparison,
    setup: Setup,
    division: Division,
    leakage: LeakageReport,
    penalty: float,
) -> Annotated[EvaluationReport, "report"]:
    """Judge and log."""
    from benchmarks.peers.tracking import log

    report = work.evaluate(model, test, (comparison, setup, division, leakage), penalty)
    log(model, report, penalty)
    return report


@pipeline
def training(path: str, penalty: float) -> None:
    """Wire."""
    table, leakage = load(path, penalty)
    learn, validation, test, division = split(table, penalty)
    model, comparison, setup = train(learn, validation, penalty)
    evaluate(model, test, comparison, setup, division, leakage, penalty)


def register() -> None:
    """A stack with an MLflow tracker, as `zenml stack register` makes it; not measured."""
    from zenml.client import Client
    from zenml.enums import StackComponentType as Kind

    client = Client()
    client.create_stack_component("tracker", "mlflow", Kind.EXPERIMENT_TRACKER, {})
    parts = client.active_stack_model.components
    kept = {kind: parts[kind][0].id for kind in (Kind.ORCHESTRATOR, Kind.ARTIFACT_STORE)}
    client.create_stack("tracked", kept | {Kind.EXPERIMENT_TRACKER: "tracker"})
    client.activate_stack("tracked")


def main(path: str, penalty: float) -> None:
    """Run and print the metrics."""
    run: Any = training(path, penalty)
    report = run.steps["evaluate"].outputs["report"][0].load()
    print(json.dumps(work.metrics(report)))


if __name__ == "__main__":
    register() if sys.argv[1] == "register" else main(sys.argv[1], float(sys.argv[2]))
