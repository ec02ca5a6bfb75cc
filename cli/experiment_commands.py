"""`run.py experiment`: a challenger beside the champion, in the prediction service."""

from pathlib import Path
from typing import Any

import click

from cli import options

PROJECT = Path(__file__).resolve().parent.parent


@click.group()
def experiment() -> None:
    """Try the challenger beside the champion, in the prediction service."""


@experiment.command(
    epilog="""
\b
Examples:
  python run.py experiment start
  python run.py experiment start --set mode=split --set share=0.2
"""
)
@options.dataset
@options.stack
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE",
    help="Override a value of configs/experiment.yaml.",
)  # fmt: skip
@options.debug
def start(**given: Any) -> None:
    """Let the service ask the challenger too; every decision goes into an append-only log."""
    from cli.experiment import start as run

    run(PROJECT, **given)


@experiment.command(
    epilog="""
\b
Examples:
  python run.py experiment status
  python run.py experiment status --labels term2_results.csv
"""
)
@options.dataset
@click.option("--labels", metavar="FILE", help="CSV with identifiers and outcomes.")
@options.stack
@options.as_json
@options.debug
def status(**given: Any) -> None:
    """Compare both versions by what came true, with an interval."""
    from cli.experiment import status as run

    run(**given)


@experiment.command(
    epilog="""
\b
Examples:
  python run.py experiment stop --reason "the challenger is better"
"""
)
@options.dataset
@click.option("--reason", required=True, help="Why, for the log.")
@options.debug
def stop(**given: Any) -> None:
    """End it at once: the champion answers alone."""
    from cli.experiment import stop as run

    run(**given)
