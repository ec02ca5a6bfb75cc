"""A report as small files that DVC compares and plots, and as Markdown for the README."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path

from student_performance.dataset import write_atomically
from student_performance.evaluation import EvaluationReport
from student_performance.metrics import LABELS, Scores
from student_performance.records import Verdict

_DIGITS = 4


def export_report(report: EvaluationReport, verdict: Verdict, folder: Path) -> None:
    """Write `metrics.json`, `roc.csv`, `reliability.csv`, `candidates.csv` and `results.md`.

    Nothing in them depends on when or where the training ran, so equal trainings give equal files.
    """
    files = {
        "metrics.json": json.dumps(_metrics(report), indent=2) + "\n",
        "roc.csv": _csv(
            ("false_positive_rate", "true_positive_rate"),
            ((p.false_positive_rate, p.true_positive_rate) for p in report.roc),
        ),
        "reliability.csv": _csv(
            ("predicted", "observed", "n"),
            ((b.predicted, b.observed, b.n) for b in report.reliability),
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
    }


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
    level = f"{report.comparison.level:.0%} interval"
    lines = [
        f"Hold-out of {report.n_test:,} students, {report.prevalence:.1%} at risk; "
        f"`{report.candidate}` chosen on {report.comparison.rows:,} others.",
        "",
        f"| score | model [{level}] | majority baseline [{level}] |",
        "|---|---|---|",
    ]
    for name, label in LABELS.items():
        if name in report.scores:
            theirs = report.baseline[name].text() if name in report.baseline else "–"
            lines.append(f"| {label} | **{report.scores[name].text()}** | {theirs} |")
    lines += [
        "",
        "| candidate in cross-validation | log loss | accuracy | ROC AUC |",
        "|---|---|---|---|",
    ]
    for candidate in report.comparison.candidates:
        cells = (candidate.scores[name].text() for name in ("log_loss", "accuracy", "roc_auc"))
        lines.append(f"| {candidate.name} | {' | '.join(cells)} |")
    own = [reason for reason in verdict.decision.reasons if reason.check != "beats the champion"]
    lines += ["", "What the gate checked before it looked at any champion:", ""]
    lines += [f"- {'passed' if reason.passed else 'failed'}: {reason.text}" for reason in own]
    return "\n".join(lines) + "\n"
