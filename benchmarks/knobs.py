"""What each knob of `cli/speed.py` gains: `python -m benchmarks.knobs > reports/knobs.md`.

A training with a changed parameter, whole processes in turns: all knobs, all without those that
are no function of a library, none, and all with a write-ahead log for SQLite. Costs are ratios to
the first of the same round. What a function costs that a knob replaces is less than the noise
between processes; so one more process lets them do their work and looks at the clock, and does so
for functions that were thought of and are not replaced.
"""

import atexit
import json
import os
import platform
import runpy
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import click

from benchmarks.peers.tools import PROJECT, Place, Tool, ours
from benchmarks.speed import Cost, measure
from cli import speed
from cli.speed import COLLECTION, KNOBS, SKOPS, SWITCH, Knob
from student_performance.simulate import simulate, to_csv

_ALL, _LOG = "all", "a write-ahead log for SQLite in addition"
_CLOCK, _SPENT = "a clock", "spent.json"


def _as_it_is(original: Any) -> Any:
    return original


_REFUSED = (
    Knob(
        "autologging",
        "zenml.integrations.mlflow.experiment_trackers.mlflow_experiment_tracker",
        "MLFlowExperimentTracker.disable_autologging",
        _as_it_is,
    ),
    Knob(
        "migrations",
        "zenml.zen_stores.sql_zen_store",
        "SqlZenStore.migrate_database",
        _as_it_is,
    ),
)
_CLOCKED = (*KNOBS, *_REFUSED)


def _through(option: str, place: Place, penalty: float) -> list[str]:
    """The training, started by this module after something was prepared."""
    python, script, *arguments = ours(place, penalty)
    return [python, "-m", "benchmarks.knobs", option, script, *arguments]


def _ways() -> tuple[Tool, ...]:
    alone = (COLLECTION, SKOPS)
    codes = (0, 3)
    return (
        Tool(_ALL, ours, codes=codes),
        *(Tool(f"without `{name}`", ours, variables={SWITCH: name}, codes=codes) for name in alone),
        Tool("without any", ours, variables={SWITCH: "off"}, codes=codes),
        Tool(_LOG, partial(_through, "--write-ahead"), codes=codes),
        Tool(_CLOCK, partial(_through, "--clock"), codes=codes),
    )


def _run(command: list[str]) -> None:
    sys.argv = command
    sys.path.insert(0, str(PROJECT))
    runpy.run_path(command[0], run_name="__main__")


def _write_ahead() -> None:
    """From now on, SQLite databases have such a log and are not synced at each commit."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "connect")
    def _(connection: object, _: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()


def _clock() -> None:
    """From now on, knobs replace nothing, and the CPU seconds of what they would are written."""
    spent: dict[str, float] = dict.fromkeys((knob.title for knob in _CLOCKED), 0.0)

    def clocked(title: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            began = _cpu()
            try:
                return original(*args, **kwargs)
            finally:
                spent[title] += _cpu() - began

        return run

    speed.KNOBS = tuple(
        replace(knob, replacement=partial(clocked, knob.title)) for knob in _CLOCKED
    )
    atexit.register(lambda: Path(_SPENT).write_text(json.dumps(spent)))


def _cpu() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _measured(rounds: int) -> tuple[dict[str, list[Cost]], dict[str, list[float]]]:
    """Costs by way, and seconds by knob."""
    costs: dict[str, list[Cost]] = defaultdict(list)
    spent: dict[str, list[float]] = defaultdict(list)
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
            if number >= 0:
                found = json.loads((places[_CLOCK].folder / _SPENT).read_text())
                for title, seconds in found.items():
                    spent[title].append(seconds)
    return costs, spent


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1))
@click.option("--write-ahead", "prepare", flag_value=_LOG, hidden=True)
@click.option("--clock", "prepare", flag_value=_CLOCK, hidden=True)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def main(rounds: int, prepare: str | None, command: tuple[str, ...]) -> None:
    """Measure and print Markdown."""
    if prepare:
        {_LOG: _write_ahead, _CLOCK: _clock}[prepare]()
        _run(list(command))
        return
    load = os.getloadavg()[0]
    costs, spent = _measured(rounds)
    cpu, wall = (median(getattr(cost, what) for cost in costs[_ALL]) for what in ("cpu", "wall"))
    click.echo(
        f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f} at the start, median of"
        f" {rounds} rounds in turns; with all knobs {cpu:.1f} s of CPU and {wall:.1f} s.\n"
    )
    click.echo("| knobs | CPU | wall |\n|---|---:|---:|")
    for name in (way for way in costs if way != _CLOCK):
        pairs = list(zip(costs[name], costs[_ALL], strict=True))
        cpu = median(cost.cpu / known.cpu for cost, known in pairs)
        wall = median(cost.wall / known.wall for cost, known in pairs)
        click.echo(f"| {name} | {cpu:.2f} | {wall:.2f} |")
    click.echo("\n| what a knob replaces | seconds of CPU |\n|---|---:|")
    for knob in _CLOCKED:
        refused = " (refused)" if knob in _REFUSED else ""
        seconds = median(spent[knob.title])
        click.echo(f"| `{knob.title}`{refused}: `{knob.name}` | {seconds:.2f} |")


if __name__ == "__main__":
    main()
