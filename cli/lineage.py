"""`run.py lineage`."""

import signal

import click

from cli.output import say


def run(port: int, debug: bool) -> None:
    """Serve the ZenML dashboard in the foreground until Ctrl-C; that of a server is only named."""
    say("student-performance: starting the ZenML dashboard …")
    # A polite kill ends like Ctrl-C, or it would leave the server behind; and a shell may have
    # started this in the background, where Ctrl-C is ignored.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, signal.default_int_handler)
    from stacks.dashboard import last_run_path, serve_dashboard, server_url
    from stacks.zenml_store import ensure_zenml_store

    ensure_zenml_store()
    path = last_run_path()
    server = server_url()
    if server is not None:
        click.echo(f"ZenML dashboard: {server}{path or ''}")
        click.echo("Log in as ZENML_STORE_USERNAME with ZENML_STORE_PASSWORD.")
        return
    try:
        with serve_dashboard(port) as address:
            click.echo(f"ZenML dashboard: {address}{path or ''}")
            if path is None:
                click.echo("No run yet: `python run.py train` in another terminal makes one.")
            click.echo("Ctrl-C ends it.")
            address.wait()
    except KeyboardInterrupt:
        say("The dashboard has stopped.")
