"""Where output goes: progress to stderr, results to stdout."""

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

# Its logger passes on what the containers write.
_CONTAINERS = "zenml.orchestrators.local_docker.local_docker_orchestrator"


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
    """Let the lines that the steps log appear on stderr, wherever they run."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("  %(message)s"))
    handler.addFilter(_told_by_steps)
    for name in ("steps", _CONTAINERS):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.handlers = [handler]


def _told_by_steps(record: logging.LogRecord) -> bool:
    """Of what ZenML passes on from containers, keep what our steps say; colours are taken off."""
    if record.name != _CONTAINERS:
        return True
    line = re.sub(r"\x1b\[[0-9;]*m", "", record.getMessage())
    started = re.match(r"Running step `(\w+)`", line)
    record.msg, record.args = f"{started[1]}: in a container …" if started else line, ()
    told = r"(engine|load|split|train|evaluate|decide|score|watch): "
    return bool(started or re.match(told, line))
