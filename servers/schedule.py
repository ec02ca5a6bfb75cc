"""`python -m servers.schedule --every SECONDS COMMAND ...`: one command again and again.

ZenML's local orchestrators do not schedule. The next run begins when the last one has ended, so
none overlaps another, and its time is counted by a clock that nobody can set. A command of this
project's `run.py` is run by a process that stays for the next run; any other has one of its own.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from servers.resident import Resident, is_own


class _Once:
    """Runs a command in a process of its own."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None
        self._over = False

    def run(self, command: Sequence[str]) -> int:
        self._running = subprocess.Popen(list(command))
        if self._over:  # it came while the command was being started
            self._running.terminate()
        return self._running.wait()

    def terminate(self) -> None:
        self._over = True
        if self._running is not None:
            self._running.terminate()

    def close(self) -> int:
        return 0


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--every", type=click.FloatRange(min=1), required=True, metavar="SECONDS")
@click.option("--times", type=click.IntRange(1), metavar="N", help="Stop after so many runs.")
@click.option(
    "--last", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write there how the last run ended, for a health check.",
)  # fmt: skip
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def main(every: float, times: int | None, last: Path | None, command: Sequence[str]) -> None:
    """Run a command now and each time that so many seconds have passed since it last began.

    A failure is told and does not end the schedule. SIGTERM and Ctrl-C end it, and the command.
    """
    stop = threading.Event()
    runner, arguments = _runner(command)

    def end(*_: object) -> None:
        stop.set()
        runner.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    done = 0
    while not stop.is_set():
        began = time.monotonic()
        _say(f"begins: {' '.join(command)}")
        code = runner.run(arguments)
        _say(f"ended with {code}")
        if last is not None:
            last.write_text(f"{code}\n", encoding="utf-8")
        done += 1
        if done == times or stop.wait(max(0.0, began + every - time.monotonic())):
            break
    runner.close()


def _runner(command: Sequence[str]) -> tuple[Resident | _Once, Sequence[str]]:
    """Who runs the command, and what it has to be told."""
    if not is_own(command):
        return _Once(), command
    python, _, *arguments = command
    debug = ["--debug"] if "--debug" in arguments else []
    return Resident(python, *debug), arguments


def _say(text: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
