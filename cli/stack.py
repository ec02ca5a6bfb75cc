"""`run.py stack`."""

import os
import shlex

import click

from cli.output import say


def show(debug: bool) -> None:
    """Print the stacks of this project, whether they are registered, and which one is used."""
    say("student-performance: asking ZenML …")
    from zenml.client import Client

    from stacks.definitions import SUMMARIES
    from stacks.zenml_store import ensure_zenml_store

    ensure_zenml_store()
    client = Client()
    known = {stack.name: stack for stack in client.list_stacks(size=1000)}
    for name, summary in SUMMARIES.items():
        state = "registered" if name in known else "not registered yet"
        click.echo(f"{name}: {summary} ({state})")
        parts = known[name].components if name in known else {}
        for kind, components in parts.items():
            for component in components:
                click.echo(f"  {kind.value:<19}{component.name} ({component.flavor_name})")
    click.echo(f"ZenML's active stack is `{client.active_stack_model.name}`.")
    click.echo("Choose with `zenml stack set NAME`, or for one command with `--stack NAME`.")


def register(names: tuple[str, ...], debug: bool) -> None:
    """Register stacks, as far as they are not there."""
    say("student-performance: asking ZenML …")
    from stacks.registration import ensure_stack
    from stacks.zenml_store import ensure_zenml_store

    ensure_zenml_store()
    for name in names:
        stack = ensure_stack(name)
        click.echo(f"The stack `{stack.name}` is registered. Make it the active one:")
        click.echo(f"  zenml stack set {stack.name}")


def up(name: str, zenml: bool, debug: bool) -> None:
    """Start the servers of a stack as processes of this machine, wait, and register the stack."""
    say("student-performance: starting servers on this machine …")
    from servers import local
    from servers.buckets import ensure_buckets
    from student_performance.settings import local_servers_file

    values, processes = local.settings(), local.processes()
    wanted = [local.object_store(values), local.mlflow(values)]
    wanted += [local.zenml(values)] if zenml else []
    with processes.locked():
        for server in wanted:
            say(f"Starting {server.name} …")
            state = "started" if processes.start(server) else "was running"
            click.echo(f"{server.name:<14}{server.url}  {state}, log {processes.log(server.name)}")
            if server.name == "object-store":
                made = ensure_buckets(values)
                found = f"buckets made: {', '.join(made)}" if made else "buckets there"
                click.echo(f"{'':<14}{found}")
    click.echo(f"{'keys':<14}{local_servers_file()}")
    if zenml:
        click.echo("Work with this ZenML server in this shell, then register the stack there:")
        click.echo(f"  set -a; . {shlex.quote(str(local_servers_file()))}; set +a")
        click.echo(f"  python run.py stack register {name} && zenml stack set {name}")
        return
    # The stack gets the keys of these servers, whatever the shell has.
    shared = ("AWS_", "MLFLOW_TRACKING_", "ARTIFACTS_BUCKET")
    for variable in [variable for variable in os.environ if variable.startswith(shared)]:
        del os.environ[variable]
    os.environ |= {k: v for k, v in values.items() if k.startswith(shared)}
    register((name,), debug)
    click.echo("Train there:")
    click.echo(f"  python run.py train --stack {name}")


def down(debug: bool) -> None:
    """End the servers that `stack up` started; their data stay."""
    say("student-performance: ending servers …")
    from servers import local

    processes = local.processes()
    with processes.locked():
        for name in reversed(local.NAMES):
            click.echo(f"{name:<14}{'stopped' if processes.stop(name) else 'was not running'}")


def status(debug: bool) -> None:
    """Print which servers of this machine run and whether they answer."""
    say("student-performance: looking at the servers of this machine …")
    from servers import local
    from servers.processes import answers
    from student_performance.settings import local_servers_file

    if not local_servers_file().exists():
        click.echo("None was ever started here: python run.py stack up minio")
        return

    values, processes = local.settings(), local.processes()
    for server in (local.object_store(values), local.mlflow(values), local.zenml(values)):
        pid = processes.pid(server.name)
        if pid is None:
            state = "not running"
        else:
            well = answers(server.url + server.health)
            state = f"{'answers' if well else 'does not answer'} at {server.url} (pid {pid})"
        click.echo(f"{server.name:<14}{state}")
