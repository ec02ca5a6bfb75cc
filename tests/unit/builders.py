"""Records made by hand, so that a test can say exactly what it is about."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from student_performance.ceiling import Ceiling
from student_performance.config import (
    GatePolicy,
    LogisticRegressionConfig,
    RandomForestConfig,
    ThresholdPolicy,
)
from student_performance.config_files import load_configs
from student_performance.curves import (
    Confusion,
    CurvePoint,
    OperatingPoint,
    PrecisionPoint,
    ReliabilityBin,
)
from student_performance.drift import FeatureDrift, FeatureReference
from student_performance.evaluation import EvaluationReport
from student_performance.examples import Example
from student_performance.explain import Effect, Importance
from student_performance.fairness import AttributeFairness, Gap, GroupRates
from student_performance.leakage import Finding, LeakageReport, Severity
from student_performance.metrics import Estimate, Scores
from student_performance.promotion import ChampionComparison, Decision, decide
from student_performance.records import Judgement, TrackedModel, Verdict, Version
from student_performance.splitting import Division
from student_performance.training import CandidateScore, Comparison
from student_performance.tuning import Calibration, Setup, Threshold

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
HEADER = "student_id,gender,hours_studied,attendance_percent,assignments_completed,test_score"

WriteCsv = Callable[..., Path]


def estimate(value: float, low: float, high: float, n: int = 400) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=n)


def scores(accuracy: float, log_loss: float, roc_auc: float | None = 0.8) -> Scores:
    ranking = {"roc_auc": roc_auc}
    values = {"accuracy": accuracy, **ranking, "log_loss": log_loss, "calibration_error": 0.03}
    return {
        name: estimate(value, value - 0.01, value + 0.01)
        for name, value in values.items()
        if value is not None
    }


def comparison(**changes: Any) -> Comparison:
    candidates = (
        CandidateScore(name="majority", scores=scores(0.65, 0.64, 0.5)),
        CandidateScore(
            name="logistic_regression",
            scores=scores(0.79, 0.45),
            config=LogisticRegressionConfig(kind="logistic_regression"),
        ),
        CandidateScore(
            name="tuned_forest",
            scores=scores(0.76, 0.72),
            setting="min_samples_leaf=20",
            config=RandomForestConfig(kind="random_forest", min_samples_leaf=20),
        ),
    )
    values: dict[str, Any] = {
        "candidates": candidates,
        "best": "logistic_regression",
        "chosen": "logistic_regression",
        "standard_error": 0.0042,
        "rows": 1_600,
        "prevalence": 0.35,
        "folds": 5,
        "repeats": 2,
        "level": 0.95,
    }
    return Comparison(**(values | changes))


def division(**changes: Any) -> Division:
    values: dict[str, Any] = {
        "by": "student",
        "term": None,
        "first_term": None,
        "test_share": 0.2,
        "key": "student-performance",
        "train_rows": 1_600,
        "validation_rows": 400,
        "test_rows": 300,
        "left_out": 0,
    }
    return Division(**(values | changes))


def threshold(value: float = 0.5, by: str = "costs", **policy: Any) -> Threshold:
    values = {"value": value, "policy": ThresholdPolicy(**policy), "by": by, "rows": 400}
    return Threshold.model_validate(values)


def setup(gain: Estimate | None = None, **changes: Any) -> Setup:
    references = [
        FeatureReference(
            feature=name, edges=(middle,), categories=(), shares=(0.5, 0.5), missing=0, n=1_600
        )
        for name, middle in (("hours_studied", 9.0), ("attendance_percent", 80.0))
    ]
    values: dict[str, Any] = {
        "calibration": Calibration(method="none", gain=gain),
        "threshold": threshold(),
        "reference": tuple(references),
    }
    return Setup(**(values | changes))


def leakage(*texts: str, severity: Severity = Severity.LEAK, **changes: Any) -> LeakageReport:
    """What the guard found: nothing, or one finding for each text."""
    findings = tuple(
        Finding(check="made up", columns=("hours_studied",), severity=severity, text=text)
        for text in texts
    )
    values: dict[str, Any] = {
        "dataset": "student_performance",
        "rows": 2_300,
        "checks": ("made up", "another"),
        "findings": findings,
    }
    return LeakageReport(**(values | changes))


def ceiling(**changes: Any) -> Ceiling:
    values: dict[str, Any] = {
        "scores": scores(0.791, 0.44, 0.86),
        "log_loss_excess": estimate(0.005, -0.01, 0.02),
        "accuracy_bound": 0.871,
        "exceeded": False,
    }
    return Ceiling(**(values | changes))


def group(name: str, n: int = 150, rate: float | None = 0.6) -> GroupRates:
    """A group whose rates are all the same; None is a suppressed one."""
    rates = dict.fromkeys(
        ("selection_rate", "true_positive_rate", "false_positive_rate", "mean_risk"), rate
    )
    at_risk = None if rate is None else 51
    return GroupRates(group=name, n=n, at_risk=at_risk, observed_risk=rate, **rates)


def gap(value: float = 0.03, low: float = 0.0, sufficient: bool = True) -> Gap:
    return Gap(
        attribute="gender",
        rate="true_positive_rate",
        groups=("Female", "Male"),
        value=value,
        low=low,
        high=value + 0.1,
        n=102,
        sufficient=sufficient,
    )


def gender(*gaps: Gap, groups: tuple[GroupRates, ...] = ()) -> AttributeFairness:
    both = groups or (group("Female", rate=0.63), group("Male", rate=0.6))
    return AttributeFairness(attribute="gender", groups=both, gaps=gaps or (gap(),))


def report(**changes: Any) -> EvaluationReport:
    """The report of a sound model on exactly as many rows as the default gate wants."""
    values: dict[str, Any] = {
        "dataset": "student_performance",
        "candidate": "logistic_regression",
        "comparison": comparison(),
        "setup": setup(),
        "division": division(),
        "leakage": leakage(),
        "n_test": GatePolicy().min_test_rows,
        "prevalence": 0.342,
        "scores": scores(0.787654, 0.445, 0.85),
        "baseline": scores(0.658, 0.642, 0.5),
        "ceiling": None,
        "log_loss_gain": estimate(0.2, 0.1, 0.3),
        "cost_gain": estimate(0.13, 0.11, 0.15),
        "roc": tuple(
            CurvePoint(false_positive_rate=x, true_positive_rate=y)
            for x, y in ((0.0, 0.0), (0.123456, 0.7), (1.0, 1.0))
        ),
        "precision_recall": tuple(
            PrecisionPoint(recall=x, precision=y, threshold=t)
            for x, y, t in ((1.0, 0.342, 0.01), (0.6, 0.7, 0.5), (0.123456, 0.9, 0.9))
        ),
        "reliability": (
            ReliabilityBin(predicted=0.15, observed=0.12, low=0.08, high=0.17, n=200),
            ReliabilityBin(predicted=0.85, observed=0.9, low=0.82, high=0.95, n=100),
        ),
        "confusion": Confusion(
            flagged_at_risk=61, flagged_passing=29, missed_at_risk=41, cleared_passing=169
        ),
        "operating": tuple(
            OperatingPoint(
                threshold=t,
                counts=Confusion(
                    flagged_at_risk=found,
                    flagged_passing=alarms,
                    missed_at_risk=102 - found,
                    cleared_passing=198 - alarms,
                ),
            )
            for t, found, alarms in ((0.01, 102, 198), (0.5, 61, 29), (0.99, 0, 0))
        ),
        "importances": (
            Importance(feature="hours_studied", mean=0.12, sd=0.01, repeats=10),
            Importance(feature="attendance_percent", mean=0.04, sd=0.02, repeats=10),
        ),
        "effects": (
            Effect(feature="hours_studied", unit=4.5, log_odds=-0.9),
            Effect(feature="attendance_percent", unit=13.0, log_odds=-0.4),
        ),
        "examples": (
            Example(
                name="middle",
                values={"hours_studied": 9.0, "attendance_percent": 80.0},
                risk=0.31,
                contributions={"hours_studied": -0.9, "attendance_percent": 0.3, "base": -0.2},
            ),
        ),
        "fairness": (gender(),),
        "drift": (
            FeatureDrift(feature="hours_studied", psi=0.03, expected=0.02, level="ok", n=300),
        ),
        "notes": (),
        "problems": (),
    }
    return EvaluationReport(**(values | changes))


def one_class_report() -> EvaluationReport:
    """The report on a hold-out of passing students only: no ranking score, no curve."""
    return report(
        scores=scores(0.9, 0.3, None),
        baseline=scores(1.0, 0.4, None),
        roc=(),
        precision_recall=(),
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
        "holdout": "cd" * 16,
        "data_md5": "ef" * 16,
    }
    return TrackedModel(**(values | changes))


def verdict(version: str | None = "7", **changes: Any) -> Verdict:
    values: dict[str, Any] = {
        "decision": decision(),
        "model": tracked(),
        "version": version,
        "looks": 1,
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
        question="test_score >= 60|hours_studied",
        division=division(),
        threshold=threshold(),
        data_md5="ef" * 16,
        candidate="logistic_regression",
        judgement=Judgement(key="key", cause="cause", decision=decision()),
        contract=load_configs(CONFIGS, "student_performance")[1],
    )
