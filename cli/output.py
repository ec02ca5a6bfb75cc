"""Where output goes: progress to stderr, results to stdout."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click


def say(line: str) -> None:
    """A line of progress, at once."""
    click.echo(line, err=True)


@contextmanager
def results_only_on_stdout() -> Iterator[TextIO]:
    """Yield the real stdout; whatever else is written to it meanwhile goes to stderr.

    The file descriptor is moved, because libraries and their child processes write to it too.
    """
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as stdout:
        os.dup2(2, 1)
        try:
            yield stdout
        finally:
            sys.stdout.flush()
            stdout.flush()
            os.dup2(stdout.fileno(), 1)


def show_progress() -> None:
    """Let the lines that the steps log appear on stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("  %(message)s"))
    logger = logging.getLogger("steps")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [handler]
