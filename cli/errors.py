"""From any failure to a sentence on stderr and an exit code."""

import os
import sys
import traceback

import click

from student_performance.errors import ProductError


def run_command(app: click.Group) -> None:
    """Run the command line; a traceback reaches the user only with `--debug`."""
    debug = "--debug" in sys.argv
    prepare_environment(debug)
    try:
        app(prog_name="run.py", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except ProductError as error:
        if debug:
            traceback.print_exc()
        _explain(error.message, error.next_command)
        sys.exit(error.exit_code)
    except Exception as error:
        if debug:
            traceback.print_exc()
        _explain(f"{type(error).__name__}: {error}", "the same command with --debug for details")
        sys.exit(1)


def prepare_environment(debug: bool) -> None:
    """Quiet the libraries before they are imported; what the user set stays."""
    defaults = {
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_ENABLE_RICH_TRACEBACK": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "1",
    }
    if not debug:
        defaults |= {"ZENML_LOGGING_VERBOSITY": "CRITICAL", "MLFLOW_LOGGING_LEVEL": "ERROR"}
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def _explain(message: str, next_command: str | None) -> None:
    click.secho("Error", fg="red", bold=True, err=True, nl=False)
    click.echo(f": {message}", err=True)
    if next_command:
        click.echo(f"Next:  {next_command}", err=True)
