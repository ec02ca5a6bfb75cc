"""`run.py stack`."""

import click

from cli.output import say


def show(debug: bool) -> None:
    """Print the stacks of this project, whether they are registered, and which one is used."""
    say("student-performance: asking ZenML …")
    from zenml.client import Client

    from stacks.definitions import DEFINITIONS
    from stacks.zenml_store import ensure_zenml_store

    ensure_zenml_store()
    client = Client()
    known = {stack.name: stack for stack in client.list_stacks(size=1000)}
    for name, define in DEFINITIONS.items():
        state = "registered" if name in known else "not registered yet"
        click.echo(f"{name}: {define().summary} ({state})")
        for kind, component in define().components.items():
            click.echo(f"  {kind.value:<19}{component.name} ({component.flavor})")
    click.echo(f"ZenML's active stack is `{client.active_stack_model.name}`.")
    click.echo("Choose with `zenml stack set NAME`, or for one command with `--stack NAME`.")


def register(name: str, debug: bool) -> None:
    """Register a stack, as far as it is not there."""
    say("student-performance: asking ZenML …")
    from stacks.registration import ensure_stack
    from stacks.zenml_store import ensure_zenml_store

    ensure_zenml_store()
    stack = ensure_stack(name)
    click.echo(f"The stack `{stack.name}` is registered. Make it the active one:")
    click.echo(f"  zenml stack set {stack.name}")
