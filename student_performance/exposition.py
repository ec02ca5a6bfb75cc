"""Metrics of a comparison in a file for the textfile collector of the Prometheus node exporter."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from student_performance.monitor_report import LEVELS, MonitorReport

_PREFIX = "student_performance_monitor"


def write_metrics(report: MonitorReport, path: Path) -> None:
    """Write the metrics of a comparison; the file is there as a whole or as it was before."""
    registry = CollectorRegistry()
    about = {"dataset": report.dataset, "version": report.version}

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{_PREFIX}_{name}", text, [*about, *labels], registry=registry)

    when = gauge("timestamp_seconds", "When the table was compared.")
    when.labels(**about).set(report.at.timestamp())
    level = gauge("level", "1 for the verdict, 0 for the others.", "verdict")
    for known in LEVELS:
        level.labels(**about, verdict=known).set(known == report.level)
    gauge("rows", "Rows of the table.").labels(**about).set(report.rows)
    gauge("rejected_rows", "Rows that break the contract.").labels(**about).set(report.rejected)
    psi = gauge("psi", "Population stability index beyond chance.", "feature")
    missing = gauge("missing_share", "Share of empty cells.", "feature")
    for one in (*report.features, *([report.risk] if report.risk else [])):
        psi.labels(**about, feature=one.feature).set(max(one.psi - one.expected, 0.0))
        missing.labels(**about, feature=one.feature).set(one.missing)
    if report.mean_risk is not None:
        gauge("mean_risk", "Mean predicted risk.").labels(**about).set(report.mean_risk)
    if report.outcomes is not None and report.outcomes.scores:
        score = gauge("score", "Scores of students whose outcome is known.", "name")
        for name, value in report.outcomes.scores.items():
            score.labels(**about, name=name).set(value.value)
    write_to_textfile(str(path), registry)
