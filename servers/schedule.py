"""`python -m servers.schedule --every SECONDS COMMAND ...`: one command again and again.

ZenML's local orchestrators do not schedule. The next run begins when the last one has ended, so
none overlaps another, and its time is counted by a clock that nobody can set.
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
    running: list[subprocess.Popen[bytes]] = []

    def end(*_: object) -> None:
        stop.set()
        for process in running:
            process.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    done = 0
    while not stop.is_set():
        began = time.monotonic()
        _say(f"begins: {' '.join(command)}")
        process = subprocess.Popen(list(command))
        running[:] = [process]
        if stop.is_set():  # it came while the command was being started
            end()
        code = process.wait()
        _say(f"ended with {code}")
        if last is not None:
            last.write_text(f"{code}\n", encoding="utf-8")
        running.clear()
        done += 1
        if done == times or stop.wait(max(0.0, began + every - time.monotonic())):
            return


def _say(text: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
