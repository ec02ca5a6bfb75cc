"""Results as tables for a terminal of 80 columns."""

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


def show_training(result: "TrainingResult", stream: TextIO) -> None:
    """Candidates, hold-out, decision, model and the next commands."""
    out = console(stream)
    report, verdict = result.report, result.verdict
    comparison = report.comparison
    out.print(
        f"\n[bold]Candidates[/] in {comparison.folds}-fold cross-validation on"
        f" {comparison.rows:,} rows, {comparison.level:.0%} intervals"
    )
    table = _table("candidate", "log loss", "accuracy", "ROC AUC")
    for candidate in comparison.candidates:
        mark = "*" if candidate.name == comparison.chosen else " "
        cells = [compact(candidate.scores.get(s)) for s in ("log_loss", "accuracy", "roc_auc")]
        table.add_row(f"{mark} {candidate.name}", *cells, style="bold" if mark == "*" else "")
    out.print(table)
    out.print(
        f"[bold]Hold-out[/] of {report.n_test:,} rows of other students, looked at once in this run"
    )
    table = _table("score", report.candidate, "majority baseline")
    for name, label in LABELS.items():
        table.add_row(label, compact(report.scores.get(name)), compact(report.baseline.get(name)))
    out.print(table)
    _show_decision(out, result)
    out.print(f"[bold]MLflow run[/]  {verdict.model.run_id}")
    out.print(f"[bold]ZenML run[/]   {result.zenml_run} on stack {result.stack}")
    cached = [step.name for step in result.steps if step.status == "cached"]
    if cached:
        out.print(f"[bold]Cached[/]      {', '.join(cached)}: nothing they depend on has changed")
    _show_next(out, result)


def _show_decision(out: Console, result: "TrainingResult") -> None:
    verdict, decision = result.verdict, result.verdict.decision
    colour = _COLOURS[decision.outcome]
    out.print(f"[bold]Decision[/]    [bold {colour}]{decision.outcome}[/]: {verdict.meaning()}")
    for reason in decision.reasons:
        mark = "[green]✓[/]" if reason.passed else "[red]✗[/]"
        out.print(f"  {mark} {escape(reason.text)}")
    if verdict.version is None:
        out.print("[bold]Model[/]       not registered")
        return
    aliases = [alias for alias, version in result.aliases.items() if version == verdict.version]
    named = f", now {' and '.join(aliases)}" if aliases else ", without an alias now"
    out.print(f"[bold]Model[/]       {result.model_uri}{named}")
    if verdict.judged_before:
        out.print(
            "            [dim]this very model was judged before"
            f" ({result.registered_at:%Y-%m-%d %H:%M} UTC); nothing was registered again[/]"
        )


def _show_next(out: Console, result: "TrainingResult") -> None:
    option = "" if result.dataset == "student_performance" else f" --dataset {result.dataset}"
    data = "" if not option else " --data FILE"
    number = result.verdict.version
    commands = [
        (f"python run.py runs{option}", "all trainings and versions"),
        ("python run.py lineage", "this run in the ZenML dashboard"),
        (
            f"python run.py train{option}{data} --set candidates.logistic_regression.C=0.1",
            "try another setting",
        ),
    ]
    if number and result.aliases.get("champion") != number:
        command = f'python run.py promote {number}{option} --reason "..."'
        commands.insert(0, (command, "let it serve all the same"))
    out.print("\n[bold]Next[/]")
    for command, purpose in commands:
        out.print(f"  {command}  [dim]{purpose}[/]", soft_wrap=True)


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
