"""The same training with other tools: `python -m benchmarks.speed > reports/speed.md`.

Whole processes, in turns; CPU seconds of a process and its children as a ratio to the bare script
of the same round, so that a busy moment of the machine meets all of them. All do the same modelling
work, which is checked: their metrics must be equal.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median

import click
from platformdirs import user_cache_path

from benchmarks.peers.tools import BARE, FOREST, LIGHT, OURS, PROJECT, TOOLS, Place, Tool, Work
from student_performance.simulate import simulate, to_csv

CASES = ("first", "changed", "same")
_LOSS = 1.25  # of which CI complains
_LEAST = 0.1  # of the bare script's CPU: below, a ratio is mostly noise
CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else {0}
_VERSIONS = ("zenml", "mlflow", "scikit-learn", "pandas", "dvc")


@dataclass(frozen=True)
class Cost:
    """What a process and its children took.

    Attributes:
        cpu: Seconds of user and system time.
        wall: Seconds.
        memory: The most that one of them held, in MB.
    """

    cpu: float
    wall: float
    memory: float


Costs = dict[tuple[str, str], list[Cost]]  # by tool and case, one a round


def measure(tool: Tool, place: Place, penalty: float) -> Cost:
    """Run a tool once.

    Raises:
        click.ClickException: It did not end well.
    """
    command, log = tool.command(place, penalty), place.folder / "log"
    with log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=place.folder, env=place.variables | tool.variables,
            stdout=output, stderr=output,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in tool.codes:
        told = log.read_text(errors="replace")[-3000:]
        raise click.ClickException(f"{tool.name} ended with {process.returncode}:\n{told}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def metrics_of(tool: Tool, place: Place) -> dict[str, float]:
    """What a tool has found on the hold-out, from where it left it."""
    if tool is OURS:
        (record,) = (place.folder / "home" / "last").glob("*.json")
        scores = json.loads(json.loads(record.read_text())["result"])["report"]["scores"]
        return {name: float(estimate["value"]) for name, estimate in scores.items()}
    file = place.folder / "metrics.json"
    if file.exists():
        return dict(json.loads(file.read_text()))
    lines = (place.folder / "log").read_text(errors="replace").splitlines()
    return dict(json.loads(next(line for line in reversed(lines) if line.startswith("{"))))


def round_of(
    tools: tuple[Tool, ...], table: Path, environments: Path, work: Work
) -> Iterator[tuple[str, str, Cost]]:
    """One round: every tool in an empty folder, all of them case by case."""
    with tempfile.TemporaryDirectory() as folder:
        places: dict[str, Place] = {}
        for tool in tools:
            place = Place(Path(folder) / str(len(places)), table, tool.python(environments), work)
            place.folder.mkdir()
            tool.prepare(place)
            places[tool.name] = place
        for case in CASES:
            penalty = 1.0 if case == "first" else 2.0
            for tool in tools:
                yield tool.name, case, measure(tool, places[tool.name], penalty)
            check_equal({tool.name: metrics_of(tool, places[tool.name]) for tool in tools})


def check_equal(found: dict[str, dict[str, float]]) -> None:
    """All tools have done the same work.

    Raises:
        click.ClickException: One has found something else.
    """
    bare = found[BARE.name]
    for name, metrics in found.items():
        if metrics.keys() != bare.keys() or any(
            abs(metrics[key] - bare[key]) > 1e-9 for key in bare
        ):
            raise click.ClickException(f"{name} found {metrics}, the bare script {bare}")


def ratio(costs: Costs, tool: Tool, case: str, what: str) -> float:
    """Median over the rounds of a tool's cost as a share of the bare script's in that round."""
    pairs = zip(costs[tool.name, case], costs[BARE.name, case], strict=True)
    return float(median(getattr(cost, what) / getattr(bare, what) for cost, bare in pairs))


def table_of(costs: Costs, tools: tuple[Tool, ...], title: str) -> Iterator[str]:
    """The table of one size, ratios to the bare script of the same round."""
    yield title
    yield ""
    titles = ("first run ever", "a parameter changed", "nothing changed")
    yield f"| | {' | '.join(f'{title}: CPU | wall' for title in titles)} | memory |"
    yield f"|---|{'---:|' * (2 * len(CASES) + 1)}"
    for tool in tools:
        cells = [
            f"{ratio(costs, tool, case, what):.2f}" for case in CASES for what in ("cpu", "wall")
        ]
        memory = median(cost.memory for cost in costs[tool.name, "changed"])
        yield f"| {tool.name} | {' | '.join(cells)} | {memory:,.0f} MB |"
    seconds = [f"{median(c.cpu for c in costs[BARE.name, case]):.2f} s" for case in CASES]
    yield ""
    yield f"CPU of the bare script: {', '.join(seconds)}."


def help_seconds(rounds: int) -> float:
    """How much longer `run.py --help` takes than a Python that does nothing, median."""

    def taken(*command: str) -> float:
        began = time.monotonic()
        subprocess.run([sys.executable, *command], cwd=PROJECT, check=True, capture_output=True)
        return time.monotonic() - began

    return median(taken("run.py", "--help") - taken("-c", "pass") for _ in range(rounds))


def guard(costs: Costs, file: Path) -> None:
    """Compare this project's CPU with what it was when the file was written.

    Raises:
        click.ClickException: It costs a quarter more.
    """
    known = json.loads(file.read_text(encoding="utf-8"))
    for case in CASES:
        found, limit = ratio(costs, OURS, case, "cpu"), max(known[case] * _LOSS, _LEAST)
        told = f"{case}: {found:.2f} of the bare script's CPU, {known[case]:.2f} is known"
        if found > limit:
            raise click.ClickException(f"{told}, {limit:.2f} is allowed")
        click.echo(told, err=True)


@click.command()
@click.option("--rows", "sizes", multiple=True, type=click.IntRange(500), default=(1_000,))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1))
@click.option(
    "--beside", default=1, show_default=True, type=click.IntRange(1),
    help="So many rounds at a time, each bound to a core of its own, if there are as many cores.",
)  # fmt: skip
@click.option("--ours", is_flag=True, help="Only this project and the bare script.")
@click.option("--forest", is_flag=True, help="A random forest instead of a logistic regression.")
@click.option(
    "--guard", "known", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Fail if this project takes a quarter more CPU than this file says.",
)  # fmt: skip
@click.option(
    "--keep", type=click.Path(dir_okay=False, path_type=Path), help="Write such a file."
)  # fmt: skip
def main(
    sizes: tuple[int, ...],
    rounds: int,
    beside: int,
    ours: bool,
    forest: bool,
    known: Path | None,
    keep: Path | None,
) -> None:
    """Measure and print Markdown."""
    if forest and (known or keep):
        raise click.UsageError("--guard and --keep are about the logistic regression.")
    beside = min(beside, len(CORES))
    tools = (BARE, OURS) if ours else TOOLS
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _VERSIONS)
    click.echo(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start,"
        f" Python {platform.python_version()}, {versions}."
        f" `run.py --help` takes {help_seconds(rounds):.2f} s longer than `python -c pass`."
    )
    for rows in sizes:
        costs = measured(tools, rows, rounds, beside, FOREST if forest else LIGHT)
        title = f"{rows:,} rows, a random forest" if forest else f"{rows:,} rows"
        title += f", median of {rounds} round{'s' * (rounds > 1)} in turns"
        if beside > 1:
            title += f", {beside} rounds at a time, each bound to a core of its own"
        click.echo("\n" + "\n".join(table_of(costs, tools, f"{title}.")))
        if keep is not None:
            kept = {case: round(ratio(costs, OURS, case, "cpu"), 3) for case in CASES}
            keep.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        if known is not None:
            guard(costs, known)


def measured(tools: tuple[Tool, ...], rows: int, rounds: int, beside: int, work: Work) -> Costs:
    """All rounds over a table of one size; each run is told when it has ended."""
    environments = user_cache_path("student-performance") / "benchmarks"
    costs: Costs = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "students.csv"
        table.write_bytes(to_csv(simulate(rows, seed=1)))
        for tool in tools:
            tool.python(environments)  # made once, before rounds run beside each other

        def whole(number: int) -> list[tuple[str, str, Cost]]:
            found = []
            for name, case, cost in round_of(tools, table, environments, work):
                told = f"{rows:,} rows, round {number + 1}, {case}: {name} {cost.cpu:.1f} s"
                click.echo(told, err=True)
                found.append((name, case, cost))
            return found

        with at_a_time(beside) as pool:
            for found in pool.map(whole, range(rounds)):
                for name, case, cost in found:
                    costs[name, case].append(cost)
    return costs


def at_a_time(beside: int) -> ThreadPoolExecutor:
    """Threads whose child processes stay on one core; on any core if there is only one thread."""
    if beside == 1:
        return ThreadPoolExecutor(1)
    free = sorted(CORES)
    # Linux binds the thread that asks, and its children inherit that.
    return ThreadPoolExecutor(beside, initializer=lambda: os.sched_setaffinity(0, {free.pop()}))


if __name__ == "__main__":
    main()
