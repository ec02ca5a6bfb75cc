"""The same training on every stack: `python -m benchmarks.stacks > reports/stacks.md`.

Needs the servers of Compose with MinIO, and their settings in the environment. The stacks take
turns, so that a busy moment of the machine meets all of them; the median of the rounds counts.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
import jwt

_PROJECT = Path(__file__).resolve().parents[1]
_STACKS = ("local", "minio", "container")
_STEPS = ("load", "split", "train", "evaluate", "decide")
_IMAGE = "student-performance:latest"
# As in a step: without a main module, ZenML does not know where our code begins.
_EMPTY_STEP = (
    "from zenml.utils import source_utils; source_utils.set_custom_source_root('.');"
    " import zenml.zen_stores.rest_zen_store, zenml.orchestrators.step_launcher,"
    " zenml.integrations.s3.artifact_stores, zenml.integrations.mlflow.experiment_trackers, mlflow"
)
_IN_IMAGE = {
    "nothing": ["true"],
    "Python": ["python", "-c", "pass"],
    "what an empty ZenML step on this stack imports": ["python", "-c", _EMPTY_STEP],
    "what our steps import": ["python", "-c", f"{_EMPTY_STEP}, pipelines.training"],
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
    """One training as a process of its own.

    Attributes:
        wall: Seconds.
        cpu: Seconds of the process; steps in containers are not in it.
        steps: Seconds of wall clock by step, as ZenML took them.
        traffic: What the object store served meanwhile.
    """

    wall: float
    cpu: float
    steps: dict[str, float]
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


def timed(command: list[str]) -> tuple[float, float, str]:
    """Seconds of wall clock and of CPU that a process took, and what it printed."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=_PROJECT, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        out.seek(0)
        err.seek(0)
        if os.waitstatus_to_exitcode(status) not in (0, 3):
            raise click.ClickException(f"{' '.join(command)} failed: {err.read()[-2000:]}")
        return wall, used.ru_utime + used.ru_stime, out.read()


def train(stack: str) -> Run:
    """A training that is answered from no cache."""
    before = traffic()
    command = [sys.executable, "run.py", "train", "--json", "--no-cache", "--stack", stack]
    wall, cpu, printed = timed(command)
    time.sleep(11)  # MinIO counts every ten seconds
    steps = {step["name"]: step["seconds"] for step in json.loads(printed)["steps"]}
    return Run(wall, cpu, steps, traffic().since(before))


def starts(rounds: int) -> Iterator[tuple[str, float]]:
    """How long containers of the image take until they have ended, in turns."""
    walls: dict[str, list[float]] = {what: [] for what in _IN_IMAGE}
    for _ in range(rounds):
        for what, command in _IN_IMAGE.items():
            walls[what].append(timed(["docker", "run", "--rm", _IMAGE, *command])[0])
    for what, taken in walls.items():
        yield what, median(taken)


def image_size(image: str) -> str:
    """Size of an image on disk."""
    size = timed(["docker", "image", "inspect", "--format", "{{.Size}}", image])[2]
    return f"{int(size) / 1e6:,.0f} MB"


def largest(count: int = 8) -> list[str]:
    """The largest packages of the image."""
    script = "du -sm /opt/venv/lib/python3*/site-packages/* | sort -rn"
    listed = timed(["docker", "run", "--rm", _IMAGE, "sh", "-c", script])[2]
    sizes = [line.split() for line in listed.splitlines()[:count]]
    return [f"{Path(path).name} {size} MB" for size, path in sizes]


def memory() -> dict[str, str]:
    """Memory of each server by its service, as the engine tells it."""
    listed = timed(["docker", "compose", "ps", "--format", "json"])[2]
    services = {
        container["Name"]: container["Service"]
        for container in map(json.loads, listed.strip().splitlines())
    }
    form = "{{.Name}} {{.MemUsage}}"
    told = timed(["docker", "stats", "--no-stream", "--format", form, *services])[2]
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
    click.echo(f"Median of {rounds} rounds in turns; {machine}.\n")
    _print_runs(runs)
    _print_steps(runs)
    click.echo("\n| a container of the image that imports | takes |\n|---|---:|")
    for what, wall in starts(rounds):
        click.echo(f"| {what} | {wall:.2f} s |")
    click.echo("\n| image | size |\n|---|---:|")
    for image in (_IMAGE, "student-performance-minio:latest"):
        click.echo(f"| `{image}` | {image_size(image)} |")
    click.echo(f"\nThe largest packages in it: {', '.join(largest())}.")
    click.echo("\n| server | memory after the runs |\n|---|---:|")
    for service, used in memory().items():
        click.echo(f"| `{service}` | {used} |")


def _print_runs(runs: dict[str, list[Run]]) -> None:
    click.echo("| stack | wall | of `local` | CPU of `run.py` | S3 requests | to S3 | from S3 |")
    click.echo("|---|---:|---:|---:|---:|---:|---:|")
    base = median(run.wall for run in runs["local"])
    for stack, made in runs.items():
        wall, cpu = median(run.wall for run in made), median(run.cpu for run in made)
        last = made[-1].traffic
        click.echo(
            f"| `{stack}` | {wall:.1f} s | {wall / base:.2f} | {cpu:.1f} s | {last.requests:,}"
            f" | {last.received / 1e6:.1f} MB | {last.sent / 1e6:.1f} MB |"
        )


def _print_steps(runs: dict[str, list[Run]]) -> None:
    click.echo(f"\n| seconds of | {' | '.join(_STEPS)} | all else |")
    click.echo(f"|---|{'---:|' * (len(_STEPS) + 1)}")
    for stack, made in runs.items():
        each = [median(run.steps[step] for run in made) for step in _STEPS]
        rest = median(run.wall - sum(run.steps.values()) for run in made)
        cells = " | ".join(f"{seconds:.1f}" for seconds in (*each, rest))
        click.echo(f"| `{stack}` | {cells} |")


if __name__ == "__main__":
    main()
