"""Whether a model is as right about new students as it was about its hold-out."""

import numpy as np
import pandas as pd
from scipy import stats

from student_performance import fairness, gaps
from student_performance.config import TrainConfig
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK
from student_performance.drift import MIN_ROWS, Level
from student_performance.evaluation import EvaluationReport
from student_performance.metrics import Estimate, Labels, score
from student_performance.monitor_report import Change, OutcomeReport
from student_performance.outcomes import LabelCounts
from student_performance.resampling import Codes, Floats, repeated_students
from student_performance.significance import holm

_WARN, _DRIFT = 0.02, 0.05  # shares of the students: one in fifty, one in twenty
_FALSE_ALARMS = 0.05


def check_outcomes(
    known: pd.DataFrame,
    labels: LabelCounts,
    report: EvaluationReport,
    dataset: DatasetConfig,
    config: TrainConfig,
) -> OutcomeReport:
    """Compare risks with what came true, and that with the hold-out.

    Two differences are tested with Holm's correction, so that in at most 5 % of batches without a
    change either of them is told: how many more students were at risk than expected (a z-test of
    calibration in the large, which also sees a harder exam that no feature shows), and how far the
    accuracy fell. A difference that is proved is told from one in fifty students on.

    Args:
        known: Students with `risk`, `at_risk` and sensitive columns.
        labels: What became of the rows of the table of outcomes.
        report: The evaluation of the version.
        dataset: Its contract.
        config: Intervals, smallest group and the gate's limit for gaps.
    """
    y: Labels = known[AT_RISK].to_numpy(copy=True)
    p: Floats = known["risk"].to_numpy(copy=True)
    students = repeated_students(known[dataset.id_column])
    costs = report.setup.threshold.costs
    enough = len(known) >= MIN_ROWS
    calibration, accuracy = _changes(y, p, students, report) if enough else (_NOTHING, _NOTHING)
    audits = tuple(
        fairness.audit(
            known[name], y, p, costs.threshold, config.audit.min_group, config.intervals, students
        )
        for name in known.columns
        if enough and name in dataset.columns and name not in dataset.row_key
    )
    proved = gaps.violations(audits, config.gate.max_group_gap)
    return OutcomeReport(
        labels=labels.model_copy(
            update={"used": len(known), "unknown": labels.students - len(known)}
        ),
        scores=score(y, p, costs, config.intervals, students) if enough else {},
        before=report.scores,
        observed=float(y.mean()) if len(y) else 0.0,
        expected=float(p.mean()) if len(p) else 0.0,
        calibration=calibration,
        accuracy=accuracy,
        fairness=audits,
        gaps=tuple(f"warn: {sentence}" for sentence in proved),
        level=_level([calibration.level, accuracy.level, "warn" if proved else "ok"], enough),
    )


_NOTHING = Change(value=0, low=0, high=0, p=1, level="no_data")


def _level(levels: list[Level], enough: bool) -> Level:
    if not enough:
        return "no_data"
    return next((level for level in ("drift", "warn") if level in levels), "ok")


def _changes(
    y: Labels, p: Floats, students: Codes | None, report: EvaluationReport
) -> tuple[Change, Change]:
    mean_before = report.risks.mean if report.risks else report.prevalence
    surplus = float((y - p).mean()) - (report.prevalence - mean_before)
    surplus_error = np.hypot(
        _error(y - p, students), np.sqrt(report.scores["brier"].value / report.n_test)
    )
    right = ((p >= report.threshold) == (y == 1)).astype(np.float64)
    before = report.scores["accuracy"]
    fall = before.value - float(right.mean())
    fall_error = np.hypot(_error(right, students), _error_of(before))
    two_sided = 2 * float(stats.norm.sf(abs(surplus) / surplus_error))
    one_sided = float(stats.norm.sf(fall / fall_error))
    first, second = holm([two_sided, one_sided])
    return (
        _change(surplus, float(surplus_error), first, abs(surplus)),
        _change(fall, float(fall_error), second, fall),
    )


def _change(value: float, error: float, p: float, size: float) -> Change:
    level: Level = "ok"
    if p < _FALSE_ALARMS and size > _WARN:
        level = "drift" if size > _DRIFT else "warn"
    reach = float(stats.norm.isf(0.025)) * error
    return Change(value=value, low=value - reach, high=value + reach, p=p, level=level)


def _error(values: Floats, students: Codes | None) -> float:
    """Standard error of a mean; all rows of a student count as one draw.

    Never below that of one unusual row, so that rows that are all alike prove no more than their
    number does.
    """
    deviations, n = values - values.mean(), len(values)
    if students is not None:
        deviations = np.bincount(students, weights=deviations)
    return float(np.sqrt(max((deviations**2).sum(), 1.0)) / n)


def _error_of(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / 2 / float(stats.norm.isf(0.025))
