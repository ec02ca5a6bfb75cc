"""What a training leaves in the experiment tracker: flat parameters and metrics."""

import math
from typing import Any

import pandas as pd

from student_performance.batch_record import BatchRecord
from student_performance.config import LearningConfig
from student_performance.contract import Column, DatasetConfig, Kind
from student_performance.evaluation import EvaluationReport
from student_performance.metrics import Scores
from student_performance.monitor_report import LEVELS, MonitorReport


def parameters(
    config: LearningConfig, dataset: DatasetConfig, report: EvaluationReport
) -> dict[str, str]:
    """Every setting under its dotted name, as `--set` takes it, and what was chosen."""
    settings = _flat(config.model_dump(mode="json"))
    return settings | {
        "chosen": report.candidate,
        "chosen.calibration": report.setup.calibration.method,
        "chosen.threshold": f"{report.threshold:.6g}",
        "dataset": dataset.name,
        "features": ", ".join(dataset.features),
        "target": f"at risk unless {dataset.target.text()}",
        "test_part": report.division.text(),
    }


def metrics(report: EvaluationReport) -> dict[str, float]:
    """Hold-out and cross-validation scores with their bounds, baseline beside them."""
    flat = {
        "test_rows": float(report.n_test),
        "train_rows": float(report.comparison.rows),
        "validation_rows": float(report.division.validation_rows),
        "test_prevalence": report.prevalence,
    }
    flat |= _with_bounds("test", report.scores) | _with_bounds("baseline_test", report.baseline)
    flat |= _with_bounds("test_gain", {"log_loss": report.log_loss_gain, "cost": report.cost_gain})
    if report.ceiling:
        flat |= _with_bounds("ceiling_test", report.ceiling.scores)
    for candidate in report.comparison.candidates:
        flat |= _with_bounds(f"cv_{candidate.name}", candidate.scores)
    return flat


def batch_metrics(record: BatchRecord) -> dict[str, float]:
    """Counts and drift of a scored table."""
    return {
        "rows": float(record.rows),
        "rejected": float(record.rejected),
        "flagged": float(record.flagged),
        "mean_risk": record.mean_risk,
        **{f"psi_{found.feature}": found.psi for found in record.drift},
    }


def question(dataset: DatasetConfig) -> str:
    """What a model answers and from what: two models with the same question can be compared."""
    features = sorted(_described(name, column) for name, column in dataset.features.items())
    return f"{dataset.target.text()}|{','.join(features)}"


def synthetic_example(dataset: DatasetConfig) -> pd.DataFrame:
    """One made-up student in the middle of every allowed range, shape (1, features)."""
    row: dict[str, Any] = {}
    for name, column in dataset.features.items():
        if column.categories is not None:
            row[name] = column.categories[0]
        else:
            row[name] = _middle(column)
    return pd.DataFrame([row])


def monitor_metrics(report: MonitorReport) -> dict[str, float]:
    """The numbers of a comparison, by the names that MLflow and Prometheus show."""
    found = [*report.features, *([report.risk] if report.risk else [])]
    values = {f"psi.{one.feature}": max(one.psi - one.expected, 0.0) for one in found}
    values |= {f"missing.{one.feature}": one.missing for one in report.features}
    values |= {"rows": report.rows, "rejected": report.rejected, "flagged": report.flagged}
    if report.mean_risk is not None:
        values["mean_risk"] = report.mean_risk
    if report.outcomes is not None:
        values["labelled"] = report.outcomes.labels.used
        values |= _with_bounds("seen", report.outcomes.scores)
        values["surplus_risk"] = report.outcomes.calibration.value
    return values | {"level": LEVELS.index(report.level)}


def _described(name: str, column: Column) -> str:
    """What a model has to know of a feature to be asked about it."""
    holds = "/".join(column.categories) if column.categories is not None else str(column.kind)
    return f"{name} {holds}{' or empty' if column.nullable else ''}{column.derivation}"


def _middle(column: Column) -> float:
    """A number that the contract allows, far from its limits; of shares and ranks, the middle."""
    if column.derivation:
        return 0.5
    low, high = column.minimum, column.maximum
    if low is None:
        low = 0.0 if high is None else high - 10.0
    if high is None:
        high = low + 10.0
    middle = (low + high) / 2
    return float(math.ceil(middle)) if column.kind is Kind.INTEGER else middle


def _with_bounds(prefix: str, scores: Scores) -> dict[str, float]:
    return {
        f"{prefix}_{name}{suffix}": value
        for name, score in scores.items()
        for suffix, value in (("", score.value), ("_low", score.low), ("_high", score.high))
    }


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        flat |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: str(value)}
    return flat
