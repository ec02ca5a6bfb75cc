"""Results as tables for a terminal of 80 columns."""

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from student_performance.metrics import LABELS, Estimate

if TYPE_CHECKING:
    from cli.results import TrainingResult
    from student_performance.audit import AuditRecord
    from student_performance.records import RunSummary

_COLOURS = {"promoted": "green", "kept": "yellow", "refused": "red"}


def console(stream: TextIO | None = None) -> Console:
    """A console that does not cut tables where there is no terminal."""
    made = Console(file=stream, highlight=False)
    return made if made.is_terminal else Console(file=stream, highlight=False, width=100)


def compact(estimate: Estimate | None) -> str:
    """`.787 [.769–.804]`, to fit three of them in a row."""
    if estimate is None:
        return "–"
    value, low, high = (
        f"{number:.3f}".replace("0.", ".", 1) if abs(number) < 1 else f"{number:.3f}"
        for number in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} [{low}–{high}]"


def show_training(result: "TrainingResult", options: str, out: Console) -> None:
    """Candidates, hold-out, decision, model and the next commands, with the options of this one."""
    report, verdict = result.report, result.verdict
    comparison = report.comparison
    out.print(
        f"\n[bold]Candidates[/] in {comparison.repeats} x {comparison.folds}-fold"
        f" cross-validation on {comparison.rows:,} rows, {comparison.level:.0%} intervals"
    )
    table = _table("candidate", "log loss", "accuracy", "ROC AUC")
    for candidate in comparison.candidates:
        mark = "*" if candidate.name == comparison.chosen else " "
        cells = [compact(candidate.scores.get(s)) for s in ("log_loss", "accuracy", "roc_auc")]
        table.add_row(f"{mark} {candidate.name}", *cells, style="bold" if mark == "*" else "")
    out.print(table)
    out.print(f"[bold]Chosen[/]      {escape(comparison.why())}")
    out.print(f"            {escape(report.setup.calibration.text())}")
    out.print(f"            {escape(report.setup.threshold.text())}\n")
    _show_holdout(out, result)
    _show_decision(out, result)
    out.print(f"[bold]MLflow run[/]  {verdict.model.run_id}")
    out.print(f"[bold]ZenML run[/]   {result.zenml_run} on stack {result.stack}")
    cached = [step.name for step in result.steps if step.status == "cached"]
    if cached:
        out.print(f"[bold]Cached[/]      {', '.join(cached)}: nothing they depend on has changed")
    _show_next(out, result, options)


def _show_holdout(out: Console, result: "TrainingResult") -> None:
    report, looks = result.report, result.verdict.looks
    often = "once" if looks <= 1 else f"by {looks} trainings so far: the more, the kinder it looks"
    out.print(
        f"[bold]Hold-out[/] of {report.n_test:,} rows ({escape(report.division.text())}),"
        f" looked at {often}"
    )
    beside = {report.candidate: report.scores, "baseline": report.baseline}
    if report.ceiling:
        beside["known truth"] = report.ceiling.scores
    table = _table("score", *beside)
    for name, label in LABELS.items():
        table.add_row(label, *(compact(scores.get(name)) for scores in beside.values()))
    out.print(table)
    counts = report.confusion
    flagged = counts.flagged_at_risk + counts.flagged_passing
    out.print(
        f"[bold]Flagged[/]     {flagged:,} of {report.n_test:,}: {counts.flagged_at_risk:,} at risk"
        f" and {counts.flagged_passing:,} who pass; {counts.missed_at_risk:,} at risk are missed"
    )
    for audit in report.fairness:
        table = _table(audit.attribute, "rows", "flagged of those at risk", "flagged of the others")
        for group in audit.groups:
            rates = (group.true_positive_rate, group.false_positive_rate)
            shares = ("–" if rate is None else f"{rate:.1%}" for rate in rates)
            table.add_row(escape(group.group), "–" if group.n is None else f"{group.n:,}", *shares)
        out.print(table)
    for warning in report.warnings():
        out.print(f"[yellow]Note[/]        {escape(warning)}")


def _show_decision(out: Console, result: "TrainingResult") -> None:
    verdict, decision = result.verdict, result.verdict.decision
    colour = _COLOURS[decision.outcome]
    out.print(f"[bold]Decision[/]    [bold {colour}]{decision.outcome}[/]: {verdict.meaning()}")
    if verdict.judged_before:
        when = f" ({result.registered_at:%Y-%m-%d %H:%M} UTC)" if result.registered_at else ""
        out.print(
            f"            [dim]this very model was judged before{when}, so nothing is registered"
            " again; then the gate said:[/]"
        )
    for reason in decision.reasons:
        mark = "[green]✓[/]" if reason.passed else "[red]✗[/]"
        out.print(f"  {mark} {escape(reason.text)}")
    if verdict.version is None:
        out.print("[bold]Model[/]       not registered")
        return
    aliases = [alias for alias, version in result.aliases.items() if version == verdict.version]
    named = f", now {' and '.join(aliases)}" if aliases else ", without an alias now"
    out.print(f"[bold]Model[/]       {result.model_uri}{named}")


def _show_next(out: Console, result: "TrainingResult", options: str) -> None:
    number, registry = result.verdict.version, _for_registry(options)
    commands = [
        (f"python run.py runs{registry}", "all trainings and versions"),
        ("python run.py dashboard", "the model in the browser"),
        ("python run.py lineage", "this run in the ZenML dashboard"),
        (
            f"python run.py train{options} --set candidates.logistic_regression.C=0.1",
            "try another setting",
        ),
    ]
    if number and result.aliases.get("champion") != number:
        command = f'python run.py promote {number}{registry} --reason "..."'
        commands.insert(0, (command, "let it serve all the same"))
    out.print("\n[bold]Next[/]")
    for command, purpose in commands:
        out.print(f"  {escape(command)}  [dim]# {purpose}[/]", soft_wrap=True)


def _for_registry(options: str) -> str:
    words = shlex.split(options)
    pairs = zip(words[::2], words[1::2], strict=True)
    return "".join(f" {k} {shlex.quote(v)}" for k, v in pairs if k in ("--dataset", "--stack"))


def show_runs(runs: Iterable["RunSummary"], stream: TextIO | None = None) -> None:
    """Trainings, newest first."""
    table = _table("started (UTC)", "model", "accuracy", "baseline", "decision", "version")
    for run in runs:
        table.add_row(
            f"{run.started:%Y-%m-%d %H:%M}",
            run.candidate or f"({run.status})",
            compact(run.accuracy),
            compact(run.baseline_accuracy),
            run.decision or "–",
            run.version or "–",
        )
    console(stream).print(table)


def show_audit(records: Iterable["AuditRecord"], stream: TextIO | None = None) -> None:
    """Alias moves, newest last."""
    table = _table("when (UTC)", "who", "alias", "from", "to", "why")
    for record in records:
        table.add_row(
            f"{record.at:%Y-%m-%d %H:%M}",
            escape(record.actor),
            record.alias,
            record.from_version or "–",
            record.to_version or "–",
            escape(record.reason if record.done else f"begun, not finished: {record.reason}"),
        )
    console(stream).print(table)


def _table(*headers: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for header in headers:
        table.add_column(header, overflow="fold")
    return table
