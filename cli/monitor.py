"""`run.py monitor`: new students beside those that the version that serves has learnt from."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from cli.champion import select_with_champion
from cli.data_files import absolute
from cli.output import results_only_on_stdout, say, show_progress

if TYPE_CHECKING:
    from student_performance.config import TrainConfig
    from student_performance.monitor_report import MonitorReport

DRIFTED = 6


def run(
    project: Path,
    dataset: str,
    data: str,
    labels: str | None,
    metrics: Path | None,
    stack: str | None,
    overrides: tuple[str, ...],
    as_json: bool,
    debug: bool,
) -> None:
    """Run the monitoring pipeline, tell and alert; exits with 6 if something drifted."""
    say("student-performance: looking at the table …")
    from student_performance.alerts import send, webhook
    from student_performance.config_files import load_configs

    config, _ = load_configs(project / "configs", dataset, overrides)
    url = webhook()  # an address that is none is told before anything is computed
    with results_only_on_stdout() as stdout:
        outcomes = absolute(labels) if labels else None
        report = _monitor(absolute(data), outcomes, dataset, config, stack)
        if as_json:
            print(report.model_dump_json(indent=2), file=stdout)
        else:
            show(report, stdout)
    if metrics is not None:
        from student_performance.exposition import write_metrics

        write_metrics(report, metrics)
    if url is not None and report.level in ("warn", "drift"):
        send(report, url)
        say("The webhook took the alarm.")
    if report.level == "drift":
        sys.exit(DRIFTED)


def _monitor(
    path: str, labels: str | None, dataset: str, config: "TrainConfig", stack: str | None
) -> "MonitorReport":
    from student_performance.digests import md5_of

    md5 = md5_of(path, any_size=True)
    say(f"Data   {path} (md5 {md5})")
    labels_md5 = md5_of(labels, any_size=True) if labels else None
    select_with_champion(dataset, stack)
    from pipelines.monitoring import monitoring
    from stacks.containers import run_settings
    from steps.mlflow_store import in_containers

    options: dict[str, Any] = {}
    if in_containers():
        from student_performance.raw_data import published

        path, options = published(path, md5), {"settings": run_settings()}
        labels = published(labels, labels_md5) if labels and labels_md5 else None
    show_progress()
    finished = monitoring.with_options(**options)(
        path=path, labels=labels, name=dataset, config=config
    )
    report: MonitorReport = finished.steps["watch"].outputs["monitoring"][0].load()
    return report


def show(report: "MonitorReport", stdout: TextIO) -> None:
    """The table of features, what changed, and what to do."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{report.scored:,} students beside version {report.version}")
    for name in ("feature", "PSI", "by chance", "p", "empty", "verdict"):
        table.add_column(name, justify="left" if name in ("feature", "verdict") else "right")
    for one in (*report.features, *([report.risk] if report.risk else [])):
        table.add_row(
            one.feature, f"{one.psi:.3f}", f"{one.expected:.3f}", f"{one.p:.2g}",
            f"{one.missing:.1%}", one.level,
        )  # fmt: skip
    console = Console(file=stdout)
    console.print(table)
    outcomes = report.outcomes
    if outcomes is not None:
        for sentence in (f"{outcomes.labels.used:,} have an outcome", *outcomes.labels.sentences()):
            console.print(f"Outcomes  {sentence}.", highlight=False, soft_wrap=True)
        if outcomes.scores:
            console.print(
                f"Accuracy  {outcomes.scores['accuracy'].text()}, on the hold-out"
                f" {outcomes.before['accuracy'].text()}. At risk: {outcomes.observed:.1%}, expected"
                f" {outcomes.expected:.1%}.",
                highlight=False,
                soft_wrap=True,
            )
    for finding in report.findings():
        console.print(f"- {finding}", highlight=False, soft_wrap=True)
    console.print(f"Verdict: {report.level}. {report.advice()}", highlight=False, soft_wrap=True)
