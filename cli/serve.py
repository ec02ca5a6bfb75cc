"""`run.py serve`."""

import os

import click

from cli.output import say
from cli.ports import refuse_taken
from cli.speed import become


def run(
    dataset: str, host: str, port: int, refresh_seconds: float, stack: str | None, debug: bool
) -> None:
    """Become the prediction service, on the MLflow store of a stack."""
    say("student-performance: opening the registry …")
    from serving.settings import from_environment
    from stacks.selection import select_stack
    from steps.mlflow_store import active_store

    from_environment(dataset, host, port, refresh_seconds)  # refuses before anything is opened
    selection = select_stack(stack)
    say(f"Stack  {selection.name} ({selection.why})")
    os.environ["MLFLOW_TRACKING_URI"] = active_store().tracking_uri
    refuse_taken(host, port, "python run.py serve")
    click.echo(f"What can be asked, and how: http://{host}:{port}/openapi.json")
    click.echo("Ctrl-C ends it.")
    options = {"dataset": dataset, "host": host, "port": port, "refresh-seconds": refresh_seconds}
    given = [f"--{name}={value}" for name, value in options.items()]
    become("serving", *given)
