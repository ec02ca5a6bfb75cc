"""Commands around a stack: list, register, and its servers on this machine."""

from typing import Any

import click

from cli import options


@click.group(
    epilog="""
\b
Examples:
  python run.py stack list
  python run.py stack up minio          the servers of a stack, without containers
  python run.py stack register local
  zenml stack set local                 make it the active one for every command
"""
)
def stack() -> None:
    """See and register the ZenML stacks of this project."""


@stack.command(
    "list",
    epilog="""\b
Example:
  python run.py stack list
""",
)
@options.debug
def stack_list(**given: Any) -> None:
    """List the stacks and which one is used."""
    from cli.stack import show

    show(**given)


@stack.command(
    "register",
    epilog="""\b
Example:
  python run.py stack register local
""",
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@options.debug
def stack_register(**given: Any) -> None:
    """Register stacks, as far as they are not there."""
    from cli.stack import register

    register(**given)


@stack.command(
    "up",
    epilog="""
\b
Examples:
  python run.py stack up minio
  python run.py stack up minio --zenml
""",
)
@click.argument("name", type=click.Choice(["minio"]))
@click.option("--zenml", is_flag=True, help="Also start a ZenML server with its dashboard.")
@options.debug
def stack_up(**given: Any) -> None:
    """Start the servers of stack NAME on this machine, without containers."""
    from cli.stack import up

    up(**given)


@stack.command(
    "down",
    epilog="""
\b
Example:
  python run.py stack down
""",
)
@options.debug
def stack_down(**given: Any) -> None:
    """End the servers that `stack up` started; their data stay."""
    from cli.stack import down

    down(**given)


@stack.command(
    "status",
    epilog="""
\b
Example:
  python run.py stack status
""",
)
@options.debug
def stack_status(**given: Any) -> None:
    """Tell which of these servers run and answer."""
    from cli.stack import status

    status(**given)
