"""The same training on every stack: `python -m benchmarks.stacks > reports/stacks.md`.

Needs the servers of Compose and their settings in the environment. The stacks take turns, so that a
busy moment of the machine meets all of them; the middle of three runs counts.
"""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import jwt

_PROJECT = Path(__file__).resolve().parents[1]
_STACKS = ("local", "minio", "container")
_IMAGE = "student-performance:latest"
_IN_IMAGE = {
    "an empty container": ["true"],
    "an empty Python": ["python", "-c", "pass"],
    "what every ZenML step imports": ["python", "-c", "import zenml.zen_stores.rest_zen_store"],
    "what our steps import": [
        "python", "-c",
        "import zenml.zen_stores.rest_zen_store, zenml.integrations.s3.artifact_stores,"
        " zenml.integrations.mlflow.experiment_trackers, pipelines.training",
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Traffic:
    """What an object store has served since it started."""

    requests: int
    received: int
    sent: int

    def since(self, before: "Traffic") -> "Traffic":
        """What came after an earlier count."""
        return Traffic(
            self.requests - before.requests,
            self.received - before.received,
            self.sent - before.sent,
        )


@dataclass(frozen=True)
class Run:
    """One training as a process of its own: seconds of wall clock and of CPU, and S3 traffic."""

    wall: float
    cpu: float
    traffic: Traffic


def traffic() -> Traffic:
    """MinIO's own counters, asked with a token that its keys sign."""
    claims = {
        "iss": "prometheus",
        "sub": os.environ["AWS_ACCESS_KEY_ID"],
        "exp": int(time.time()) + 60,
    }
    token = jwt.encode(claims, os.environ["AWS_SECRET_ACCESS_KEY"], algorithm="HS512")
    asked = urllib.request.Request(
        f"{os.environ['AWS_ENDPOINT_URL']}/minio/v2/metrics/cluster",
        headers={"Authorization": f"Bearer {token}"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(asked, timeout=10) as answer:
        text = answer.read().decode()
    names = ("requests_total", "traffic_received_bytes", "traffic_sent_bytes")
    return Traffic(*(_sum(text, f"minio_s3_{name}") for name in names))


def _sum(text: str, name: str) -> int:
    found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
    return int(sum(float(value) for value in found))


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds of wall clock and of CPU that a process and its children took."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=_PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise RuntimeError(f"{' '.join(command)} failed")
    return wall, used.ru_utime + used.ru_stime


def train(stack: str) -> Run:
    """A training that is answered from no cache."""
    before = traffic()
    command = [sys.executable, "run.py", "train", "--json", "--no-cache", "--stack", stack]
    wall, cpu = timed(command)
    time.sleep(11)  # MinIO counts every ten seconds
    return Run(wall, cpu, traffic().since(before))


def starts(rounds: int) -> Iterator[tuple[str, float]]:
    """How long containers of the image take until they have ended."""
    for what, command in _IN_IMAGE.items():
        walls = [timed(["docker", "run", "--rm", _IMAGE, *command])[0] for _ in range(rounds)]
        yield what, statistics.median(walls)


def largest(count: int = 8) -> list[str]:
    """The largest packages of the image."""
    script = "du -sm /opt/venv/lib/python3*/site-packages/* | sort -rn"
    done = subprocess.run(
        ["docker", "run", "--rm", _IMAGE, "sh", "-c", script],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    sizes = [line.split() for line in done.stdout.splitlines()[:count]]
    return [f"{Path(path).name} {size} MB" for size, path in sizes]


def image_size(image: str) -> str:
    """Size of an image on disk."""
    asked = ["docker", "image", "inspect", "--format", "{{.Size}}", image]
    size = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return f"{int(size) / 1e6:,.0f} MB"


def memory() -> dict[str, str]:
    """Memory of each server by its service, as the engine tells it."""
    asked = ["docker", "compose", "ps", "--format", "json"]
    listed = subprocess.run(asked, cwd=_PROJECT, capture_output=True, text=True, check=True).stdout
    services = {
        container["Name"]: container["Service"]
        for container in map(json.loads, listed.strip().splitlines())
    }
    told = subprocess.run(
        ["docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", *services],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {services[line.split()[0]]: line.split()[1] for line in told.splitlines()}


@click.command(help=__doc__)
@click.option("--rounds", default=3, show_default=True)
def main(rounds: int) -> None:
    """Print everything as Markdown."""
    runs: dict[str, list[Run]] = {stack: [] for stack in _STACKS}
    for _ in range(rounds):
        for stack in _STACKS:
            runs[stack].append(train(stack))
            click.echo(f"{stack}: {runs[stack][-1].wall:.1f} s", err=True)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    load = f"{os.getloadavg()[0]:.1f}"
    click.echo(f"Median of {rounds} alternating runs; {machine}; load at the end {load}.\n")
    click.echo("| stack | wall | of `local` | CPU of `run.py` | S3 requests | to S3 | from S3 |")
    click.echo("|---|---|---|---|---|---|---|")
    base = statistics.median(run.wall for run in runs["local"])
    for stack, made in runs.items():
        wall = statistics.median(run.wall for run in made)
        cpu = statistics.median(run.cpu for run in made)
        last = made[-1].traffic
        click.echo(
            f"| `{stack}` | {wall:.1f} s | {wall / base:.2f} | {cpu:.1f} s | {last.requests:,}"
            f" | {last.received / 1e6:.1f} MB | {last.sent / 1e6:.1f} MB |"
        )
    click.echo("\n| a container of the image that runs | takes |\n|---|---|")
    for what, wall in starts(rounds):
        click.echo(f"| {what} | {wall:.2f} s |")
    click.echo("\n| image | size |\n|---|---|")
    for image in (_IMAGE, "student-performance-minio:latest"):
        click.echo(f"| `{image}` | {image_size(image)} |")
    click.echo(f"\nThe largest packages in it: {', '.join(largest())}.")
    click.echo("\n| server | memory after the runs |\n|---|---|")
    for service, used in memory().items():
        click.echo(f"| `{service}` | {used} |")


if __name__ == "__main__":
    main()
