"""How often the monitor alarms when nothing changed, and how often when something did.

Run `python -m benchmarks.drift`; each batch is a table of new students with their outcomes, held
against one of several trainings, so that no hold-out decides alone.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.serving import Home
from student_performance.config import TrainConfig
from student_performance.config_files import load_configs
from student_performance.drift import compare
from student_performance.evaluation import EvaluationReport
from student_performance.metrics import wilson
from student_performance.monitor_report import MonitorReport
from student_performance.monitoring import monitor
from student_performance.predictor import Predictor, load_predictor
from student_performance.registry import Store, Tracker
from student_performance.simulate import simulate
from student_performance.world import World

NAME = "student_performance"
SIZES = (100, 300, 1_000)
WORLDS = {
    "nothing": World(),
    "an hour less a week, median 9 to 8": World(hours_median=8),
    "three hours less a week, median 9 to 6": World(hours_median=6),
    "attendance, median 83 % to 77 %": World(attendance_location=1.2),
    "a harder exam, 3 points": World(base=7.5),
    "a harder exam, 6 points": World(base=4.5),
}
_ALARM = ("warn", "drift")
_CONFIGS = Path("configs")


@dataclass(frozen=True)
class Watched:
    """A champion that was trained by the command line, and its evaluation."""

    predictor: Predictor
    report: EvaluationReport


@dataclass(frozen=True)
class Found:
    """What the monitor said about one batch, and what a fixed limit of the PSI would have said."""

    before_outcomes: bool
    by_outcomes: bool
    drift: bool
    fixed_limit: bool


@contextmanager
def champions(trainings: int) -> Iterator[list[Watched]]:
    """Trainings on different simulated students, each in stores of its own."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for seed in range(trainings):
            home, table = Home(Path(folder) / str(seed)), Path(folder) / f"{seed}.csv"
            home.root.mkdir()
            simulate(seed=1_000 + seed).to_csv(table, index=False)
            home.do("train", "--data", str(table))
            store = Store(home.variables["MLFLOW_TRACKING_URI"])
            predictor = load_predictor(store, NAME)
            report = Tracker(store).report(predictor.version.run_id)
            found.append(Watched(predictor, report))
        yield found


def look(watched: Watched, world: World, rows: int, seed: int, config: TrainConfig) -> Found:
    """Simulate a batch and monitor it."""
    table = simulate(rows, seed=seed, world=world)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "batch.csv")
        table.to_csv(path, index=False)
        report: MonitorReport = monitor(path, path, watched.predictor, watched.report, config)
    outcomes = report.outcomes
    features = compare(watched.predictor.reference, table)
    return Found(
        before_outcomes=report.model_copy(update={"outcomes": None}).level in _ALARM,
        by_outcomes=outcomes is not None and outcomes.level in _ALARM,
        drift=report.level == "drift",
        fixed_limit=any(one.psi > 0.1 for one in features),
    )


def row(name: str, rows: int, found: list[Found]) -> str:
    """A line of the table."""
    counts = Counter(
        field for one in found for field, value in vars(one).items() if value
    )  # fmt: skip
    cells = []
    for field in ("before_outcomes", "by_outcomes", "drift", "fixed_limit"):
        low, high = wilson(counts[field], len(found), 0.95)
        cells.append(f"{counts[field] / len(found):.1%} [{low:.1%}, {high:.1%}]")
    return f"| {name} | {rows:,} | {len(found):,} | {' | '.join(cells)} |"


@click.command()
@click.option("--undrifted", default=500, show_default=True, help="Batches without drift.")
@click.option("--drifted", default=100, show_default=True, help="Batches of each change.")
@click.option("--trainings", default=5, show_default=True)
def main(undrifted: int, drifted: int, trainings: int) -> None:
    """Print the table in Markdown."""
    config, _ = load_configs(_CONFIGS, NAME, ("intervals.resamples=100",))
    print(f"Share of batches with an alarm, over {trainings} trainings; 95 % Wilson intervals.\n")
    print(
        "| what changed | students | batches | without outcomes: warn or drift | by outcomes: warn"
        " or drift | drift by either | a PSI above .1, whatever the size |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    with champions(trainings) as watched:
        for name, world in WORLDS.items():
            batches = undrifted if world == World() else drifted
            for rows in SIZES:
                print(f"{name}, {rows:,} students", file=sys.stderr)
                found = [
                    look(watched[i % trainings], world, rows, 50_000 + i, config)
                    for i in range(batches)
                ]
                print(row(name, rows, found), flush=True)


if __name__ == "__main__":
    main()
