"""Records made by hand, so that a test can say exactly what it is about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from student_performance.config import GatePolicy, SplitConfig
from student_performance.evaluation import Confusion, CurvePoint, EvaluationReport, ReliabilityBin
from student_performance.metrics import Estimate, Scores
from student_performance.promotion import ChampionComparison, Decision, decide
from student_performance.records import Judgement, TrackedModel, Verdict, Version
from student_performance.training import CandidateScore, Comparison

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
HEADER = "student_id,gender,hours_studied,attendance_percent,assignments_completed,test_score"

WriteCsv = Callable[..., Path]


@dataclass(frozen=True)
class Training:
    """One training on simulated students, and everything that came out of it."""

    train: pd.DataFrame
    test: pd.DataFrame
    comparison: Comparison
    model: Pipeline
    report: EvaluationReport


class FixedRisk:
    """A model that answers given risks, whatever it is asked; classes as scikit-learn has them."""

    def __init__(self, risks: NDArray[np.float64], classes: tuple[int, ...] = (0, 1)) -> None:
        self.classes_ = np.array(classes)
        self._risks = risks

    def predict_proba(self, features: pd.DataFrame) -> NDArray[np.float64]:
        by_class = {0: 1.0 - self._risks, 1: self._risks}
        return np.column_stack([by_class[c] for c in self.classes_])


def estimate(value: float, low: float, high: float, n: int = 400) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=n)


def scores(accuracy: float, log_loss: float, roc_auc: float | None = 0.8) -> Scores:
    values = {"accuracy": accuracy, "log_loss": log_loss, "roc_auc": roc_auc}
    return {
        name: estimate(value, value - 0.01, value + 0.01)
        for name, value in values.items()
        if value is not None
    }


def comparison(**changes: Any) -> Comparison:
    candidates = (
        CandidateScore(name="majority", scores=scores(0.65, 0.64, 0.5)),
        CandidateScore(name="logistic_regression", scores=scores(0.79, 0.45)),
        CandidateScore(name="report_forest", scores=scores(0.76, 0.72)),
    )
    values: dict[str, Any] = {
        "candidates": candidates,
        "chosen": "logistic_regression",
        "rows": 1_600,
        "prevalence": 0.35,
        "folds": 5,
        "level": 0.95,
    }
    return Comparison(**(values | changes))


def report(**changes: Any) -> EvaluationReport:
    """The report of a sound model on exactly as many rows as the default gate wants."""
    values: dict[str, Any] = {
        "dataset": "student_performance",
        "candidate": "logistic_regression",
        "comparison": comparison(),
        "n_test": GatePolicy().min_test_rows,
        "prevalence": 0.342,
        "threshold": 0.5,
        "scores": scores(0.787654, 0.445, 0.85),
        "baseline": scores(0.658, 0.642, 0.5),
        "log_loss_gain": estimate(0.2, 0.1, 0.3),
        "accuracy_gain": estimate(0.13, 0.11, 0.15),
        "roc": tuple(
            CurvePoint(false_positive_rate=x, true_positive_rate=y)
            for x, y in ((0.0, 0.0), (0.123456, 0.7), (1.0, 1.0))
        ),
        "reliability": (
            ReliabilityBin(predicted=0.15, observed=0.12, n=200),
            ReliabilityBin(predicted=0.85, observed=0.9, n=100),
        ),
        "confusion": Confusion(
            flagged_at_risk=61, flagged_passing=29, missed_at_risk=41, cleared_passing=169
        ),
        "problems": (),
    }
    return EvaluationReport(**(values | changes))


def one_class_report() -> EvaluationReport:
    """The report on a hold-out of passing students only: no ranking score, no curve."""
    return report(
        scores=scores(0.9, 0.3, None),
        baseline=scores(1.0, 0.4, None),
        roc=(),
        problems=("every student of the hold-out is passing, so no ranking can be judged",),
    )


def decision(
    of: EvaluationReport | None = None, champion: ChampionComparison | None = None
) -> Decision:
    return decide(of or report(), champion, GatePolicy())


def tracked(**changes: str) -> TrackedModel:
    values = {
        "model_id": "m-1234",
        "run_id": "run-5678",
        "sha256": "ab" * 32,
        "candidate": "logistic_regression",
    }
    return TrackedModel(**(values | changes))


def verdict(version: str | None = "7", **changes: Any) -> Verdict:
    values: dict[str, Any] = {
        "decision": decision(),
        "model": tracked(),
        "version": version,
        "judged_before": False,
        "serves": True,
    }
    return Verdict(**(values | changes))


def version(number: str = "7") -> Version:
    return Version(
        name="student_performance",
        number=number,
        aliases=("champion",),
        created=datetime(2026, 11, 23, tzinfo=UTC),
        model_id="m-1234",
        run_id="run-5678",
        source="models/m-1234",
        sha256="ab" * 32,
        question="test_score<60|hours_studied",
        split=SplitConfig(),
        candidate="logistic_regression",
        judgement=Judgement(key="key", cause="cause", decision=decision()),
    )
