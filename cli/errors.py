"""From any failure to a sentence on stderr and an exit code."""

import errno
import logging
import os
import sys
import traceback
from collections.abc import Iterator

import click

from cli.speed import collect_rarely
from cli.step_failures import output_of, step_failure
from cli.traps import known_trap
from student_performance.errors import ProductError, UnreachableError
from student_performance.settings import prepare_mlflow


def run_command(app: click.Group) -> None:
    """Run the command line; a traceback reaches the user only with `--debug`."""
    debug = "--debug" in sys.argv
    collect_rarely()
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
    except Exception as error:
        if debug:
            traceback.print_exc()
        _end(error)


def prepare_environment(debug: bool) -> None:
    """Quiet the libraries before they are imported; what the user set stays."""
    defaults = {
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_ENABLE_RICH_TRACEBACK": "false",
    }
    prepare_mlflow()
    if not debug:
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # tells each retry
        defaults |= {"ZENML_LOGGING_VERBOSITY": "CRITICAL", "MLFLOW_LOGGING_LEVEL": "CRITICAL"}
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def machine_failure(error: BaseException) -> UnreachableError | None:
    """The sentence for a disk or database that does not do its work; None if it is something else.

    Libraries wrap such failures in their own, so the causes are looked at too.
    """
    causes = list(_chain(error))
    trap = known_trap("\n".join(f"{type(cause).__name__}: {cause}" for cause in causes))
    if trap is not None:
        return UnreachableError(trap.sentence(), trap.mend)
    for cause in causes:
        sentence = _sentence(cause)
        if sentence is not None:
            return UnreachableError(*sentence)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) not in seen:
            seen.add(id(current))
            yield current
            waiting += [c for c in (current.__cause__, current.__context__) if c is not None]


def _sentence(error: BaseException) -> tuple[str, str] | None:
    # SQLAlchemy's errors are no subclasses of SQLite's, but have their name and text.
    text = str(error) if "OperationalError" in type(error).__name__ else ""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "database or disk is full" in text:
        return f"There is no space left on the disk{_place(error)}.", "df -h"
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{error.name} is not installed here: is the environment active?",
            "make setup && source .venv/bin/activate",
        )
    if isinstance(error, PermissionError):
        place = _place(error) or " a file that is needed"
        return (
            f"This user may not read or write{place}. Change its permissions,"
            " or keep the stores elsewhere with STUDENT_PERFORMANCE_HOME.",
            "python run.py doctor",
        )
    if "database is locked" in text:
        return (
            "The database of a local store is locked: another command is writing to it, or was"
            " killed while it did. Wait for the other command to end, then start this one again.",
            "python run.py doctor",
        )
    return None


def _place(error: BaseException) -> str:
    name = getattr(error, "filename", None)
    return f" ({name})" if name else ""


def _end(error: Exception) -> None:
    known = known_failure(error)
    if known is not None:
        _explain(known.message, known.next_command)
        sys.exit(known.exit_code)
    _explain(f"{type(error).__name__}: {error}", "the same command with --debug for details")
    sys.exit(1)


def known_failure(error: Exception) -> ProductError | None:
    """The failure in our own words, whether it was met in this process or in a step's container."""
    if isinstance(error, UnreachableError) and (trap := known_trap(error.message)):
        return UnreachableError(trap.sentence(), trap.mend)
    if isinstance(error, ProductError):
        return error
    outputs = [output for cause in _chain(error) if (output := output_of(cause)) is not None]
    if not outputs:
        return machine_failure(error)
    failure = step_failure(outputs[0])
    trap = known_trap(failure.message)
    if trap is None or type(failure) not in (ProductError, UnreachableError):
        return failure
    return UnreachableError(trap.sentence(), trap.mend)


def _explain(message: str, next_command: str | None) -> None:
    click.secho("Error", fg="red", bold=True, err=True, nl=False)
    click.echo(f": {message}", err=True)
    if next_command:
        click.echo(f"Next:  {next_command}", err=True)
