"""MLflow as its documentation writes it, for the tools that leave tracking to the user."""

import os
from typing import Any

import mlflow

from benchmarks.peers import work
from student_performance.evaluation import EvaluationReport
from student_performance.model_files import TRUSTED_TYPES
from student_performance.provenance import requirements

_SERVING = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")


def track(model: Any, report: EvaluationReport, penalty: float) -> None:
    """A run of its own."""
    mlflow.set_experiment("student_performance")
    with mlflow.start_run():
        log(model, report, penalty)


def log(model: Any, report: EvaluationReport, penalty: float) -> None:
    """Fill the active run with parameter, metrics and model, and register the model.

    With `BENCHMARK_EXPLICIT` the requirements are named; by default MLflow looks for them in a
    child process.
    """
    named = "BENCHMARK_EXPLICIT" in os.environ
    mlflow.log_param("penalty", penalty)
    mlflow.log_metrics(work.metrics(report))
    mlflow.sklearn.log_model(
        model,
        name="model",
        registered_model_name="student_performance",
        skops_trusted_types=list(TRUSTED_TYPES),  # else MLflow refuses some models
        pip_requirements=requirements(_SERVING) if named else None,
    )
