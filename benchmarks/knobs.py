"""What each knob of `cli/speed.py` gains: `python -m benchmarks.knobs > reports/knobs.md`.

A training with a changed parameter, whole processes in turns: all knobs, then all but one of them,
and all with a write-ahead log for SQLite. Costs are ratios to the first of the same round.
"""

import os
import platform
import runpy
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

import click

from benchmarks.peers.tools import PROJECT, Place, Tool, ours
from benchmarks.speed import Cost, measure
from cli.speed import COLLECTION, EXTERNALS, KNOBS, SKOPS, SWITCH
from student_performance.simulate import simulate, to_csv

_ALL, _LOG = "all", "a write-ahead log for SQLite in addition"


def _with_log(place: Place, penalty: float) -> list[str]:
    python, script, *arguments = ours(place, penalty)
    return [python, "-m", "benchmarks.knobs", "--write-ahead", script, *arguments]


def _ways() -> tuple[Tool, ...]:
    names = (COLLECTION, SKOPS, *(knob.title for knob in (EXTERNALS, *KNOBS)))
    codes = (0, 3)
    return (
        Tool(_ALL, ours, codes=codes),
        *(Tool(f"without `{name}`", ours, variables={SWITCH: name}, codes=codes) for name in names),
        Tool("without any", ours, variables={SWITCH: "off"}, codes=codes),
        Tool(_LOG, _with_log, codes=codes),
    )


def _write_ahead(command: list[str]) -> None:
    """Run a script whose SQLite databases have such a log and are not synced at each commit."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "connect")
    def _(connection: object, _: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    sys.argv = command
    sys.path.insert(0, str(PROJECT))
    runpy.run_path(command[0], run_name="__main__")


def _measured(rounds: int) -> dict[str, list[Cost]]:
    costs: dict[str, list[Cost]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "students.csv"
        table.write_bytes(to_csv(simulate(1_000, seed=1)))
        ways = _ways()
        places = {way.name: Place(Path(folder) / str(i), table, sys.executable)
                  for i, way in enumerate(ways)}  # fmt: skip
        for number in range(-1, rounds):  # the first makes the stores
            for way in ways:
                place = places[way.name]
                place.folder.mkdir(exist_ok=True)
                cost = measure(way, place, 1.0 + (number + 1) / 10)
                click.echo(f"round {number + 1}: {way.name} {cost.cpu:.1f} s", err=True)
                if number >= 0:
                    costs[way.name].append(cost)
    return costs


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1))
@click.option("--write-ahead", is_flag=True, hidden=True)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def main(rounds: int, write_ahead: bool, command: tuple[str, ...]) -> None:
    """Measure and print Markdown."""
    if write_ahead:
        _write_ahead(list(command))
        return
    load = os.getloadavg()[0]
    costs = _measured(rounds)
    cpu, wall = (median(getattr(cost, what) for cost in costs[_ALL]) for what in ("cpu", "wall"))
    click.echo(
        f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f} at the start, median of"
        f" {rounds} rounds in turns; with all knobs {cpu:.1f} s of CPU and {wall:.1f} s.\n"
    )
    click.echo("| knobs | CPU | wall |\n|---|---:|---:|")
    for name, found in costs.items():
        pairs = list(zip(found, costs[_ALL], strict=True))
        cpu = median(cost.cpu / known.cpu for cost, known in pairs)
        wall = median(cost.wall / known.wall for cost, known in pairs)
        click.echo(f"| {name} | {cpu:.2f} | {wall:.2f} |")


if __name__ == "__main__":
    main()
