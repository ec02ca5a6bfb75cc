"""Commands in one process that stays: `python -m benchmarks.resident > reports/resident.md`.

The scheduler repeats each command a few times in a process that stays, and once; the difference is
what one more run costs. In turns with a process of its own, over the same stores; CPU seconds of a
process and its children.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click

from benchmarks.peers.tools import LIGHT, PROJECT, Place
from student_performance.simulate import simulate, to_csv

_ROWS = 2_000
_MORE = 5  # runs beyond the first
_OK = (0, 3, 6)


@dataclass(frozen=True)
class Cost:
    """What a process and its children took: CPU seconds, and the most that one held, in MB."""

    cpu: float
    memory: float


@dataclass(frozen=True)
class Round:
    """One command: alone, once by the scheduler, and several times by it."""

    alone: Cost
    once: Cost
    often: Cost

    @property
    def warm(self) -> float:
        """CPU seconds of one more run in the process that stays."""
        return (self.often.cpu - self.once.cpu) / _MORE

    @property
    def growth(self) -> float:
        """Megabytes that each run leaves there."""
        return (self.often.memory - self.once.memory) / _MORE


def measure(variables: Mapping[str, str], *command: str) -> Cost:
    """Run something to its end.

    Raises:
        click.ClickException: It failed, or a run of the scheduler did.
    """
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=variables, stdout=subprocess.DEVNULL, stderr=told
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        text = told.read()
    ends = [line.split()[-1] for line in text.splitlines() if "ended with" in line]
    if process.returncode not in _OK or not {int(code) for code in ends} <= {*_OK}:
        raise click.ClickException(f"{' '.join(command)} failed:\n{text[-2000:]}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measured(variables: Mapping[str, str], command: Sequence[str]) -> Round:
    """One round of a command."""
    own = (sys.executable, "run.py", *command)
    schedule = (sys.executable, "-m", "servers.schedule", "--every=1")
    return Round(
        measure(variables, *own),
        measure(variables, *schedule, "--times=1", *own),
        measure(variables, *schedule, f"--times={1 + _MORE}", *own),
    )


def commands_over(folder: Path) -> dict[str, list[str]]:
    """What is measured, with the tables that it needs."""
    tables = []
    for seed in (1, 2):
        tables.append(folder / f"term{seed}.csv")
        tables[-1].write_bytes(to_csv(simulate(_ROWS, seed=seed)))
    first, second = map(str, tables)
    settings = [f"--set={option}" for option in LIGHT.options]
    return {
        "training, nothing from the cache": ["train", "--no-cache", "--data", first, *settings],
        "monitoring": ["monitor", "--data", second],
        "predictions": ["predict", "--data", second, "--out", str(folder / "risks.csv")],
    }


@click.command(help=__doc__)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
def main(rounds: int) -> None:
    """Measure and print Markdown."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    click.echo(f"{machine}; {_ROWS:,} rows, median of {rounds} rounds in turns.\n")
    click.echo("| | a process of its own | one more run | ratio | memory of each | left by a run |")
    click.echo("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands = commands_over(folder)
        variables = Place(folder, folder, sys.executable).variables
        measure(variables, sys.executable, "run.py", *next(iter(commands.values())))  # the stores
        found: dict[str, list[Round]] = {what: [] for what in commands}
        for _ in range(rounds):
            for what, command in commands.items():
                found[what].append(measured(variables, command))
                one = found[what][-1]
                click.echo(f"{what}: {one.alone.cpu:.2f} s, {one.warm:.2f} s", err=True)
    for what, made in found.items():
        alone, warm = median(one.alone.cpu for one in made), median(one.warm for one in made)
        ratio = median(one.warm / one.alone.cpu for one in made)
        memory = [median(getattr(one, kind).memory for one in made) for kind in ("alone", "often")]
        click.echo(
            f"| {what} | {alone:.2f} s | {warm:.2f} s | {ratio:.2f}"
            f" | {memory[0]:.0f} and {memory[1]:.0f} MB"
            f" | {median(one.growth for one in made):.1f} MB |"
        )


if __name__ == "__main__":
    main()
