"""A report as small files that DVC compares and plots, and as Markdown for the README."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from student_performance.dataset import write_atomically
from student_performance.evaluation import EvaluationReport
from student_performance.metrics import LABELS, Scores
from student_performance.records import Verdict

_DIGITS = 4


def export_report(report: EvaluationReport, verdict: Verdict, folder: Path) -> None:
    """Write the metrics and curves for DVC, and `results.md` for people.

    Nothing in them depends on when or where the training ran, so equal trainings give equal files.
    """
    files = {
        "metrics.json": json.dumps(_metrics(report), indent=2) + "\n",
        "roc.csv": _csv(
            ("false_positive_rate", "true_positive_rate"),
            ((p.false_positive_rate, p.true_positive_rate) for p in report.roc),
        ),
        "precision_recall.csv": _csv(
            ("recall", "precision"), ((p.recall, p.precision) for p in report.precision_recall)
        ),
        "reliability.csv": _csv(
            ("predicted", "observed", "low", "high", "n"),
            ((b.predicted, b.observed, b.low, b.high, b.n) for b in report.reliability),
        ),
        "candidates.csv": _csv(
            ("candidate", "log_loss", "accuracy"),
            (
                (c.name, c.scores["log_loss"].value, c.scores["accuracy"].value)
                for c in report.comparison.candidates
            ),
        ),
        "results.md": _markdown(report, verdict),
    }
    for name, text in files.items():
        write_atomically(folder / name, text.encode())


def _metrics(report: EvaluationReport) -> dict[str, object]:
    return {
        "model": report.candidate,
        "test_rows": report.n_test,
        "test": _rounded(report.scores),
        "baseline": _rounded(report.baseline),
    } | ({"best_possible": _rounded(report.ceiling.scores)} if report.ceiling else {})


def _rounded(scores: Scores) -> dict[str, dict[str, float]]:
    return {
        name: {
            "value": round(score.value, _DIGITS),
            "low": round(score.low, _DIGITS),
            "high": round(score.high, _DIGITS),
        }
        for name, score in scores.items()
    }


def _csv(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(
        [round(cell, _DIGITS) if isinstance(cell, float) else cell for cell in row] for row in rows
    )
    return buffer.getvalue()


def _markdown(report: EvaluationReport, verdict: Verdict) -> str:
    own = [reason for reason in verdict.decision.reasons if reason.check != "beats the champion"]
    candidates = report.comparison.candidates
    lines = [
        f"Hold-out of {report.n_test:,} rows, {report.prevalence:.1%} at risk; "
        f"`{report.candidate}` chosen on {report.comparison.rows:,} rows of other students.",
        "",
        *_scores_table(report),
        "",
        *_table(
            ("candidate in cross-validation", "log loss", "accuracy", "ROC AUC"),
            (
                (c.name, *(c.scores[s].text() for s in ("log_loss", "accuracy", "roc_auc")))
                for c in candidates
            ),
        ),
        "",
        f"Chosen: {report.comparison.why()}. The model is {report.setup.calibration.text()}."
        f" A student is {report.setup.threshold.text()}.",
        "",
        *_groups_table(report),
        "What the gate checked before it looked at any champion:",
        "",
        *(f"- {'passed' if reason.passed else 'failed'}: {reason.text}" for reason in own),
    ]
    return "\n".join(lines) + "\n"


def _scores_table(report: EvaluationReport) -> list[str]:
    beside = [report.scores, report.baseline] + ([report.ceiling.scores] if report.ceiling else [])
    names = ("model", "baseline", "known truth")[: len(beside)]
    rows = [
        (label, *(scores[name].text() if name in scores else "–" for scores in beside))
        for name, label in LABELS.items()
        if name in report.scores
    ]
    level = f"{report.comparison.level:.0%} interval"
    return _table(("score", *(f"{name} [{level}]" for name in names)), rows)


def _groups_table(report: EvaluationReport) -> list[str]:
    lines: list[str] = []
    for audit in report.fairness:
        header = (
            audit.attribute,
            "students",
            "flagged of those at risk",
            "flagged of those who pass",
        )
        rows = [
            (g.group, f"{g.n:,}", _share(g.true_positive_rate), _share(g.false_positive_rate))
            for g in audit.groups
            if g.n is not None
        ]
        lines += [*_table(header, rows), ""]
    return lines


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = (header, ["---"] * len(header), *rows)
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
