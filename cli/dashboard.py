"""`run.py dashboard`."""

import os
from pathlib import Path

import click

from cli.output import say
from cli.ports import refuse_taken
from cli.speed import become


def run(project: Path, port: int, stack: str | None, debug: bool) -> None:
    """Become the dashboard's server, on the MLflow store of a stack."""
    say("student-performance: opening the registry …")
    from stacks.selection import select_stack
    from steps.mlflow_store import active_store

    selection = select_stack(stack)
    say(f"Stack  {selection.name} ({selection.why})")
    os.environ["MLFLOW_TRACKING_URI"] = active_store().tracking_uri
    refuse_taken("127.0.0.1", port, "python run.py dashboard")
    click.echo(f"Dashboard: http://127.0.0.1:{port}")
    click.echo("Ctrl-C ends it.")
    become("streamlit", "run", str(project / "dashboard" / "app.py"), f"--server.port={port}")
