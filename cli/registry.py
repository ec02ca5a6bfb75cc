"""`run.py runs`, `promote` and `rollback`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import results_only_on_stdout, say

if TYPE_CHECKING:
    from student_performance.audit import AuditRecord
    from student_performance.contract import DatasetConfig
    from student_performance.registry import Store


def show_runs(
    project: Path, dataset: str, limit: int, stack: str | None, as_json: bool, debug: bool
) -> None:
    """Print the newest trainings, the versions that have an alias, and the audit."""
    with results_only_on_stdout() as stdout:
        contract, store = _open(project, dataset, stack)
        from cli import tables
        from student_performance.registry import Registry, Tracker

        runs = Tracker(store).runs(contract.name, limit)
        registry = Registry(store)
        aliases, audit = registry.aliases(contract.name), registry.audit(contract.name)
        if as_json:
            listed = {
                "runs": [run.model_dump(mode="json") for run in runs],
                "aliases": aliases,
                "audit": [record.model_dump(mode="json") for record in audit],
            }
            print(json.dumps(listed, indent=2), file=stdout)
            return
        if not runs:
            print(f"No training of {contract.name} yet: run `python run.py train`.", file=stdout)
            return
        tables.show_runs(runs, stdout)
        named = ", ".join(f"{alias} is version {number}" for alias, number in aliases.items())
        print(f"Serving: {named or 'nothing yet'}", file=stdout)
        if audit:
            print("\nWho moved which alias", file=stdout)
            tables.show_audit(audit[-limit:], stdout)


def promote_version(
    project: Path, version: str, reason: str, dataset: str, stack: str | None, debug: bool
) -> None:
    """Let a version serve and print what moved."""
    _require(reason)
    contract, store = _open(project, dataset, stack)
    from student_performance.registry import Registry

    registry = Registry(store)
    decision = registry.version(contract.name, version).judgement.decision
    if not decision.promote:
        say(f"The gate said about version {version}: {decision.summary()}")
    _report(registry.promote(contract.name, version, reason))


def roll_back(project: Path, reason: str, dataset: str, stack: str | None, debug: bool) -> None:
    """Let the previous version serve and print what moved."""
    _require(reason)
    contract, store = _open(project, dataset, stack)
    from student_performance.registry import Registry

    _report(Registry(store).rollback(contract.name, reason))


def _require(reason: str) -> None:
    if not reason.strip():
        raise click.UsageError("--reason is empty: say why, it is kept in the audit.")


def _open(project: Path, dataset: str, stack: str | None) -> "tuple[DatasetConfig, Store]":
    say("student-performance: opening the registry …")
    from student_performance.config_files import load_configs

    _, contract = load_configs(project / "configs", dataset)
    from stacks.selection import select_stack
    from steps.mlflow_store import active_store

    selection = select_stack(stack)
    say(f"Stack  {selection.name} ({selection.why})")
    return contract, active_store()


def _report(records: "list[AuditRecord]") -> None:
    from cli.tables import show_audit

    show_audit(records)
    champion = next(record for record in records if record.alias == "champion")
    click.echo(f"Version {champion.to_version} serves now.")
