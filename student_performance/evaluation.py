"""The one look at the hold-out: scores with intervals, the baseline and the limits beside them."""

from typing import Any

import numpy as np
import pandas as pd

from student_performance import curves, drift, explain, fairness
from student_performance.ceiling import Ceiling, ceiling_of, true_risks
from student_performance.config import LearningConfig
from student_performance.contract import DatasetConfig, Role
from student_performance.curves import (
    Confusion,
    CurvePoint,
    OperatingPoint,
    PrecisionPoint,
    ReliabilityBin,
)
from student_performance.dataset import AT_RISK, features_of
from student_performance.drift import FeatureDrift, RiskReference
from student_performance.examples import Example, examples
from student_performance.explain import Effect, Importance
from student_performance.fairness import AttributeFairness
from student_performance.leakage import LeakageReport
from student_performance.metrics import Bootstrapped, Costs, Estimate, Labels, Scores, bootstrap
from student_performance.models import risk
from student_performance.resampling import Floats, repeated_students
from student_performance.splitting import Division
from student_performance.strict import Strict
from student_performance.training import Comparison
from student_performance.tuning import Setup

_OTHER_WORLD = (
    "the rows do not look like students of the simulated world in the contract, so the best"
    " possible scores are not known and the ceiling was not checked"
)


class EvaluationReport(Strict):
    """Everything that is known about a model before it may serve.

    Attributes:
        dataset: Name of the data set.
        candidate: Name of the chosen candidate.
        comparison: The cross-validation that chose it.
        setup: Its calibration and threshold.
        division: How the table was divided.
        leakage: What the guard found in the table before anything was trained.
        n_test: Rows of the hold-out.
        prevalence: Share of the hold-out at risk.
        scores: The model on the hold-out.
        baseline: The same risk for everyone, that of the training part, on the same rows.
        ceiling: The truth on the same rows, where it is known.
        log_loss_gain: Log loss of the baseline minus that of the model, row by row.
        cost_gain: Cost of the baseline minus that of the model, row by row.
        roc: ROC curve.
        precision_recall: Precision-recall curve.
        reliability: Predicted against observed risk.
        confusion: Counts at the threshold.
        operating: Counts at every other threshold.
        importances: How much the model relies on each feature.
        effects: The linear model's weights; empty for another model.
        examples: Made-up students, their risk, and what each feature adds to it.
        fairness: Rates by group, for each sensitive column.
        drift: How far the features of the hold-out are from those of the training part.
        notes: What else a reader should know.
        problems: Why the hold-out cannot judge a model; empty if it can.
        risks: The risks of the hold-out, to notice drift later; None in an earlier release.
    """

    dataset: str
    candidate: str
    comparison: Comparison
    setup: Setup
    division: Division
    leakage: LeakageReport
    n_test: int
    prevalence: float
    scores: Scores
    baseline: Scores
    ceiling: Ceiling | None
    log_loss_gain: Estimate
    cost_gain: Estimate
    roc: tuple[CurvePoint, ...]
    precision_recall: tuple[PrecisionPoint, ...]
    reliability: tuple[ReliabilityBin, ...]
    confusion: Confusion
    operating: tuple[OperatingPoint, ...]
    importances: tuple[Importance, ...]
    effects: tuple[Effect, ...]
    examples: tuple[Example, ...]
    fairness: tuple[AttributeFairness, ...]
    drift: tuple[FeatureDrift, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    risks: RiskReference | None = None

    @property
    def threshold(self) -> float:
        """A student is flagged from this risk on."""
        return self.setup.threshold.value

    def warnings(self) -> tuple[str, ...]:
        """What a reader should know, though it does not decide."""
        moved = [f for f in self.drift if f.level in ("warn", "drift")]
        return (
            *self.notes,
            *(finding.text for finding in self.leakage.suspicions),
            *(
                f"{f.level}: {f.feature} is not distributed in the hold-out as in the training part"
                f" (PSI {f.psi:.2f}, by chance about {f.expected:.2f}), so the model meets other"
                " students than it learnt from"
                for f in moved
            ),
        )


def evaluate(
    model: Any,
    test: pd.DataFrame,
    dataset: DatasetConfig,
    training: tuple[Comparison, Setup, Division, LeakageReport],
    config: LearningConfig,
) -> EvaluationReport:
    """Score a fitted model once on rows that neither it nor its choice has seen.

    Args:
        model: The fitted model.
        test: The hold-out.
        dataset: The contract.
        training: What came before: choice, set-up, division and the guard's findings.
        config: Intervals and the smallest group to judge.
    """
    comparison, setup, division, leakage = training
    y: Labels = test[AT_RISK].to_numpy(copy=True)
    features, costs = features_of(test, dataset), setup.threshold.costs
    p, level = risk(model, features), config.intervals.level
    ours, baseline, ceiling = _scored(test, p, dataset, comparison.prevalence, costs, config)
    return EvaluationReport(
        dataset=dataset.name,
        candidate=comparison.chosen,
        comparison=comparison,
        setup=setup,
        division=division,
        leakage=leakage,
        n_test=len(y),
        prevalence=float(y.mean()),
        scores=ours.scores(level),
        baseline=baseline.scores(level),
        ceiling=ceiling,
        log_loss_gain=ours.gain_over(baseline, "log_loss", level),
        cost_gain=ours.gain_over(baseline, "cost", level),
        roc=curves.roc(y, p),
        precision_recall=curves.precision_recall(y, p),
        reliability=curves.reliability(y, p, level),
        confusion=curves.confusion(y, p, costs.threshold),
        operating=curves.operating(y, p),
        importances=explain.importances(model, features, y, config.intervals.seed),
        effects=explain.effects(model, dataset),
        examples=examples(model, setup.reference),
        fairness=_audits(test, p, dataset, costs.threshold, config),
        drift=drift.compare(setup.reference, features),
        notes=_notes(comparison, dataset, ceiling),
        problems=_problems(y),
        risks=_risks(p),
    )


def _scored(
    test: pd.DataFrame,
    p: Floats,
    dataset: DatasetConfig,
    prevalence: float,
    costs: Costs,
    config: LearningConfig,
) -> tuple[Bootstrapped, Bootstrapped, Ceiling | None]:
    """Model, baseline and, where the truth is known, the ceiling, in the same resamples."""
    y: Labels = test[AT_RISK].to_numpy(copy=True)
    predictions = {"model": p, "baseline": np.full(len(y), prevalence)}
    truth = true_risks(test, dataset, y)
    if truth is not None:
        predictions["truth"] = truth
    students = repeated_students(test[dataset.id_column])
    found = bootstrap(y, predictions, costs, config.intervals, students)
    ceiling = None
    if truth is not None:
        ceiling = ceiling_of(truth, found["truth"], found["model"], config.intervals.level)
    return found["model"], found["baseline"], ceiling


def _notes(
    comparison: Comparison, dataset: DatasetConfig, ceiling: Ceiling | None
) -> tuple[str, ...]:
    unknown = dataset.world is not None and ceiling is None
    return (*comparison.notes, *((_OTHER_WORLD,) if unknown else ()))


def _risks(p: Floats) -> RiskReference:
    return RiskReference(
        distribution=drift.describe(pd.Series(p, name="risk")), mean=float(p.mean())
    )


def _audits(
    test: pd.DataFrame, p: Floats, dataset: DatasetConfig, threshold: float, config: LearningConfig
) -> tuple[AttributeFairness, ...]:
    y, students = test[AT_RISK].to_numpy(copy=True), repeated_students(test[dataset.id_column])
    smallest, intervals = config.audit.min_group, config.intervals
    return tuple(
        fairness.audit(test[name], y, p, threshold, smallest, intervals, students)
        for name in dataset.with_role(Role.SENSITIVE)
    )


def _problems(y: Labels) -> tuple[str, ...]:
    if 0 < y.sum() < len(y):
        return ()
    everyone = "at risk" if y.all() else "passing"
    return (f"every student of the hold-out is {everyone}, so no ranking can be judged",)
