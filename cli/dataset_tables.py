"""What `run.py dataset check` shows, as tables for a terminal. No row of the file is ever shown."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from student_performance.errors import ProductError, UsageError
from student_performance.onboarding.profile import group_sizes, profile
from student_performance.schema import Violation

if TYPE_CHECKING:
    import pandas as pd

    from student_performance.contract import DatasetConfig
    from student_performance.leakage import LeakageReport
    from student_performance.splitting import Division

_SHOWN_GROUPS = 20


def _console() -> Console:
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=100)


def show_profile(frame: "pd.DataFrame", dataset: "DatasetConfig", extra: Sequence[str]) -> None:
    """Role, kind and figures of each column."""
    out = _console()
    out.print(f"\n[bold]Table[/] of {len(frame):,} rows, read as {dataset.name}")
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for header in ("column", "role", "kind", "missing", "distinct", "5 %", "median", "95 %"):
        table.add_column(header, overflow="fold")
    for column in profile(frame, dataset):
        quantiles = (column.low, column.median, column.high)
        table.add_row(
            escape(column.name),
            column.role,
            column.kind,
            f"{column.missing:,}",
            f"{column.distinct:,}",
            *("–" if value is None else f"{value:,.4g}" for value in quantiles),
        )
    out.print(table)
    if extra:
        names = escape(", ".join(name or "(no name)" for name in extra))
        out.print(f"not in the contract: ignored: {names}", soft_wrap=True)


def show_violations(violations: Sequence[Violation], dataset: "DatasetConfig", file: str) -> None:
    """All violations, grouped by column and by what is allowed there."""
    out = _console()
    groups: dict[tuple[str, str], list[Violation]] = {}
    for violation in violations:
        groups.setdefault((violation.column, violation.allowed), []).append(violation)
    out.print(f"[bold red]Contract[/]    broken by {len(violations):,} cells; no training")
    for (column, _), members in groups.items():
        cells = f"{len(members):,} cell{'s' if len(members) > 1 else ''}"
        out.print(f"  [red]✗[/] {escape(column)}: {cells}, the first is", soft_wrap=True)
        out.print(f"    {escape(str(members[0]))}", soft_wrap=True)
    out.print("\n[bold]Next[/]")
    command = f"python run.py dataset check {shlex.quote(file)} --dataset {dataset.name}"
    purpose = f"once the cells or configs/datasets/{dataset.name}.yaml are mended"
    out.print(f"  {escape(command)}  [dim]{purpose}[/]", soft_wrap=True)


def show_leakage(report: "LeakageReport") -> None:
    """What gives the outcome away, surely or perhaps."""
    out = _console()
    out.print("[bold]Contract[/]    [green]✓[/] every cell keeps it")
    if not report.findings:
        out.print("[bold]Leakage[/]     [green]✓[/] nothing found that gives the outcome away")
        return
    out.print("[bold]Leakage[/]")
    for finding in report.findings:
        leak = finding.severity == "leak"
        mark = "[red]✗ leak[/]" if leak else "[yellow]! suspicion[/]"
        out.print(f"  {mark} ({finding.check}): {escape(finding.text)}", soft_wrap=True)


def show_forecast(
    table: "pd.DataFrame",
    dataset: "DatasetConfig",
    division: "Division | ProductError",
    min_test_rows: int,
    leaks: bool,
) -> None:
    """Classes, cohorts, and what a training would do with them."""
    from student_performance.dataset import AT_RISK

    out = _console()
    out.print(
        f"[bold]Classes[/]     {table[AT_RISK].mean():.1%} of {len(table):,} are at risk; a student"
        f" passes if {escape(dataset.target.text())}",
        soft_wrap=True,
    )
    _show_cohorts(table, dataset)
    out.print("[bold]What a training will do[/]")
    if leaks:
        out.print("  [red]✗[/] nothing: the leak stops it")
    elif isinstance(division, ProductError):
        out.print("  [red]✗[/] nothing: the rows cannot be divided")
    else:
        _show_division(division)
    if not isinstance(division, ProductError):  # also after a leak: the table stays too small
        _show_size(division.test_rows, min_test_rows)


def _show_division(division: "Division") -> None:
    out = _console()
    out.print(
        f"  hold out {escape(division.text())}: {division.test_rows:,} rows; learn from"
        f" {division.train_rows:,}; calibrate on {division.validation_rows:,}",
        soft_wrap=True,
    )
    if division.left_out:
        out.print(f"  leave out {division.left_out:,} earlier rows of students of the hold-out")


def _show_size(test_rows: int, min_test_rows: int) -> None:
    enough = test_rows >= min_test_rows
    mark, word = ("[green]✓[/]", "enough") if enough else ("[yellow]![/]", "too few")
    _console().print(
        f"  {mark} {test_rows:,} rows in the hold-out are {word}: the gate wants"
        f" {min_test_rows:,}{'' if enough else ', and will refuse to promote the model'}",
        soft_wrap=True,
    )


def _show_cohorts(table: "pd.DataFrame", dataset: "DatasetConfig") -> None:
    if dataset.cohort_column is None:
        return
    from student_performance.cohorts import cohort_order, terms_of

    sizes = group_sizes(terms_of(table[dataset.cohort_column], dataset))
    try:
        order, how = cohort_order(sizes, dataset), "earliest first"
    except UsageError:  # a division by student does without an order; one by cohort is refused
        order, how = list(sizes), "their order in time is not known"
    shown = [f"{term}: {sizes[term]}" for term in order[-_SHOWN_GROUPS:]]
    others = len(order) - len(shown)
    before = f"{others:,} others, then " if others else ""
    _console().print(
        f"[bold]Cohorts[/]     {before}{escape(', '.join(shown))} ({how})", soft_wrap=True
    )
