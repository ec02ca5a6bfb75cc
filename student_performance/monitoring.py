"""Holds new students against those that the version that serves has learnt from."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from student_performance.config import TrainConfig
from student_performance.dataset import features_of
from student_performance.digests import md5_of
from student_performance.drift import MIN_ROWS, Level
from student_performance.evaluation import EvaluationReport
from student_performance.metrics import wilson
from student_performance.models import risk
from student_performance.monitor_report import BrokenColumn, MonitorReport, OutcomeReport
from student_performance.outcome_checks import check_outcomes
from student_performance.outcomes import Joined, read_labels
from student_performance.predictor import Predictor
from student_performance.schema import Violation
from student_performance.scoring import unlabelled
from student_performance.sifting import look_through
from student_performance.tally import Tally

_MOST_BROKEN = 0.05  # of the rows; above it, the table is not what the contract is about


def monitor(
    path: str,
    labels: str | None,
    predictor: Predictor,
    report: EvaluationReport,
    config: TrainConfig,
) -> MonitorReport:
    """Compare a table of any size with the reference of a version, chunk by chunk.

    Args:
        path: A CSV, local or at an `s3://` address.
        labels: A CSV with the outcomes of some of its students; it is held in memory.
        predictor: The version.
        report: Its evaluation.
        config: Intervals, smallest group and the gate's limits.

    Raises:
        InvalidDataError: A file is no such CSV, a column is missing, or an outcome is none.
        UnreachableError: A file is elsewhere, and the way there does not work.
    """
    contract = predictor.contract
    known = read_labels(labels, contract) if labels is not None else None
    joined = Joined(known[0], list(contract.row_key)) if known else None
    tally, broken = Tally(predictor, report.risks), Counter[tuple[str, str]]()
    sieve = look_through(path, unlabelled(contract))
    for good, violations in sieve.sifted(path):
        tally.rejected += len({violation.row for violation in violations})
        broken.update(_columns(violations))
        if len(good):
            rows = sieve.table(good)
            features = features_of(rows, contract)
            risks = risk(predictor.model, features)
            tally.add(features, risks)
            if joined is not None:
                joined.add(rows, risks)
    outcomes = None
    if joined is not None and known is not None:
        outcomes = check_outcomes(joined.table(), known[1], report, contract, config)
    digests = [md5_of(file, any_size=True) if file else None for file in (path, labels)]
    return _report(tally, broken, outcomes, report, digests)


def _report(
    tally: Tally,
    broken: Counter[tuple[str, str]],
    outcomes: OutcomeReport | None,
    report: EvaluationReport,
    digests: Sequence[str | None],
) -> MonitorReport:
    predictor, drifts = tally.predictor, tally.drift()
    number = len(predictor.reference)
    return MonitorReport(
        at=datetime.now(UTC),
        dataset=predictor.contract.name,
        version=predictor.version.number,
        data_md5=str(digests[0]),
        labels_md5=digests[1],
        rows=tally.scored + tally.rejected,
        rejected=tally.rejected,
        broken=_told(broken),
        broken_level=_broken_level(tally),
        flagged=tally.flagged,
        mean_risk=tally.mean_risk if tally.scored else None,
        risk_before=report.risks.mean if report.risks else None,
        features=drifts[:number],
        risk=drifts[number] if report.risks else None,
        outcomes=outcomes,
    )


def _columns(violations: Sequence[Violation]) -> list[tuple[str, str]]:
    """Each column that breaks a row, once a row."""
    by_row = {(violation.row, violation.column, violation.allowed) for violation in violations}
    return [(column, allowed) for _, column, allowed in by_row]


def _told(broken: Counter[tuple[str, str]]) -> tuple[BrokenColumn, ...]:
    return tuple(
        BrokenColumn(column=column, allowed=allowed, rows=rows)
        for (column, allowed), rows in broken.most_common()
    )


def _broken_level(tally: Tally) -> Level:
    rows = tally.scored + tally.rejected
    if rows < MIN_ROWS:
        return "no_data"
    if not tally.rejected:
        return "ok"
    low, _ = wilson(tally.rejected, rows, 0.95)
    return "drift" if low > _MOST_BROKEN else "warn"
