"""Ten minutes of steady load on the prediction service: `python -m benchmarks.steady`.

Four clients ask about one student each, at a rate that is kept whatever the answers take, while the
alias moves between two versions each minute. What must hold: no request fails, each answer names a
version that was the champion, and memory does not grow.
"""

import http.client
import json
import os
import platform
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
import psutil

from benchmarks.serving import Home, Server, free_port, running

_CLIENTS = 4
_WEAK = "--set=candidates={stump: {kind: gradient_boosting, max_iter: 3, max_leaf_nodes: 2}}"


@dataclass
class Minute:
    """What was seen in a minute."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    versions: set[str] = field(default_factory=set)
    memory: float = 0.0  # MB, at its end


def client(server: Server, minutes: list[Minute], rate: float, begin: float) -> None:
    """Ask at a steady rate until the last minute is over."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body, count = server.body(1), 0
    while True:
        due = begin + count / rate
        if due >= begin + 60 * len(minutes):
            break
        time.sleep(max(due - time.perf_counter(), 0))
        minute, count = minutes[int((due - begin) // 60)], count + 1
        try:
            connection.request("POST", "/predict", body)
            response = connection.getresponse()
            answer = json.loads(response.read())
            if response.status != 200:
                raise http.client.HTTPException(response.status)
            minute.versions.add(answer["version"])
            minute.seconds.append(time.perf_counter() - due)
        except (OSError, http.client.HTTPException, KeyError):
            minute.failed += 1
            connection.close()


def load(
    home: Home, server: Server, service: psutil.Process, count: int, rate: float
) -> list[Minute]:
    """The minutes of the load; the alias moves in the middle of each."""
    minutes, begin = [Minute() for _ in range(count)], time.perf_counter() + 1
    threads = [
        threading.Thread(target=client, args=(server, minutes, rate / _CLIENTS, begin))
        for _ in range(_CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for number, minute in enumerate(minutes):
        time.sleep(max(begin + 60 * number + 30 - time.perf_counter(), 0))
        home.do("promote", "2" if number % 2 else "1", "--reason", "steady load")
        time.sleep(max(begin + 60 * (number + 1) - time.perf_counter(), 0))
        minute.memory = service.memory_info().rss / 1e6
        print(f"minute {number + 1} of {count}", file=sys.stderr)
    for thread in threads:
        thread.join(60)
    return minutes


def table(minutes: list[Minute], rate: float) -> str:
    """The minutes as Markdown."""
    first, last = minutes[0].memory, minutes[-1].memory
    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()};"
        f" {rate:g} requests a second for {len(minutes)} minutes from {_CLIENTS} clients:"
        f" {sum(len(m.seconds) for m in minutes):,} answers,"
        f" {sum(m.failed for m in minutes)} failures, memory {first:.0f} MB after the first minute"
        f" and {last:.0f} MB after the last.",
        "",
        "| minute | answers | failed | p50 | p99 | versions | memory |",
        "|---:|---:|---:|---:|---:|---|---:|",
    ]
    for number, minute in enumerate(minutes, start=1):
        p50, p99 = 1e3 * np.quantile(minute.seconds, [0.5, 0.99])
        lines.append(
            f"| {number} | {len(minute.seconds):,} | {minute.failed} | {p50:.1f} ms | {p99:.1f} ms"
            f" | {', '.join(sorted(minute.versions))} | {minute.memory:.0f} MB |"
        )
    return "\n".join(lines)


@click.command()
@click.option("--minutes", default=10, show_default=True)
@click.option("--rate", default=50.0, show_default=True, help="Requests a second.")
def main(minutes: int, rate: float) -> None:
    """Print the table; exits with 1 if a request failed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.do("train", _WEAK, codes=(0, 3))
        home.do("train", codes=(0, 3))
        server = Server("ours", free_port(), {}, "/ready")
        with running(home, server, "-m", "serving", f"--port={server.port}") as process:
            found = load(home, server, psutil.Process(process.pid), minutes, rate)
    print(table(found, rate))
    sys.exit(1 if any(minute.failed for minute in found) else 0)


if __name__ == "__main__":
    main()
