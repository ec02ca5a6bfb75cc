"""How often the leakage guard cries wolf on clean tables, and how often it finds a planted leak.

Run `python -m benchmarks.leakage`; it prints a Markdown table.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from student_performance.config_files import load_configs
from student_performance.contract import Column, DatasetConfig, Kind, Role
from student_performance.dataset import AT_RISK
from student_performance.leakage import LeakageReport, inspect
from student_performance.simulate import PASS_MARK, simulate
from student_performance.strict import Strict

SIZES = (200, 1_000, 5_000)
_CONFIGS = Path(__file__).resolve().parents[1] / "configs"
_CLEAN_SEED, _PLANTED_SEED = 1_000, 500_000


class Plant(Strict):
    """A leak that can be put into a clean table.

    Attributes:
        words: What is done to the table.
        check: The check that must find it.
        columns: The columns that the finding must name.
        make: Gives the new columns or rows; new columns become features.
    """

    words: str
    check: str
    columns: frozenset[str]
    make: Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


class Tally(Strict):
    """Results of one kind of table.

    Attributes:
        sets: Tables that were inspected.
        leaks: Those with at least one leak.
        suspicions: Those with at least one suspicion.
        right: Those whose planted leak was found by the right check in the right columns.
    """

    sets: int
    leaks: int
    suspicions: int
    right: int


class FalseAlarms(Strict):
    """Results on clean tables, and on tables with each planted leak."""

    clean: Tally
    planted: dict[str, Tally]


def _order_by_score(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    place = (frame["test_score"] + rng.normal(0, 5, len(frame))).rank(method="first")
    return frame.assign(student_id=[f"S{int(number):06d}" for number in place])


def _two_exams(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    first = np.round(rng.uniform(0.3, 0.7, len(frame)) * frame["test_score"], 1)
    return frame.assign(exam_one=first, exam_two=frame["test_score"] - first)


def _three_flags(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    way = rng.integers(3, size=len(frame))
    return frame.assign(by_bus=way == 0, by_bicycle=way == 1, on_foot=way == 2)


def _copied_rows(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    again = frame.iloc[rng.choice(len(frame), len(frame) // 20, replace=False)]
    names = [f"T{number:06d}" for number in range(len(again))]
    return pd.concat([frame, again.assign(student_id=names)], ignore_index=True)


_PLANTS: dict[str, tuple[str, str, Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]]] = {
    "the outcome under another name": (
        "single feature", "final_mark",
        lambda frame, _: frame.assign(final_mark=frame["test_score"]),
    ),
    "the outcome in five grades": (
        "single feature", "grade",
        lambda frame, _: frame.assign(
            grade=pd.cut(frame["test_score"], [-1, 40, 59.99, 70, 85, 100], labels=list("EDCBA"))
            .astype(str)
        ),
    ),
    "the outcome with noise of 2 points": (
        "single feature", "estimate",
        lambda frame, rng: frame.assign(
            estimate=np.round(frame["test_score"] + rng.normal(0, 2, len(frame)))
        ),
    ),
    "two exams whose sum is the outcome": ("together", "exam_one exam_two", _two_exams),
    "the number of the identifier": (
        "identifier as a feature", "number",
        lambda frame, _: frame.assign(number=frame["student_id"].str[1:].astype(int)),
    ),
    "identifiers given by result": ("identifier order", "student_id", _order_by_score),
    "absence beside attendance": (
        "same column twice", "attendance_percent absence_percent",
        lambda frame, _: frame.assign(absence_percent=100 - frame["attendance_percent"]),
    ),
    "three flags of which one is set": ("adds up", "by_bus by_bicycle on_foot", _three_flags),
    "hours again in words": (
        "functional dependency", "hours_studied diligence",
        lambda frame, _: frame.assign(
            diligence=pd.cut(frame["hours_studied"], [0, 6, 10, 15, 99], labels=list("abcd"))
            .astype(str)
        ),
    ),
    "a twentieth of the students twice": ("rows twice", "student_id", _copied_rows),
}  # fmt: skip
PLANTS = tuple(
    Plant(words=words, check=check, columns=frozenset(columns.split()), make=make)
    for words, (check, columns, make) in _PLANTS.items()
)


def clean_table(students: int, seed: int) -> tuple[pd.DataFrame, DatasetConfig]:
    """Simulated students with their label, and the contract; nothing leaks."""
    frame = simulate(students, seed)
    label = (frame["test_score"] < PASS_MARK).astype("int8")
    return frame.assign(**{AT_RISK: label}), load_configs(_CONFIGS, "student_performance")[1]


def planted_table(plant: Plant, students: int, seed: int) -> tuple[pd.DataFrame, DatasetConfig]:
    """The same with a leak; new columns are features that are said to be known before."""
    frame, dataset = clean_table(students, seed)
    leaky = plant.make(frame, np.random.default_rng(seed))
    new = {name: _feature(leaky[name]) for name in leaky if name not in frame}
    return leaky, dataset.model_copy(update={"columns": dataset.columns | new})


def _feature(cells: pd.Series) -> Column:
    if pd.api.types.is_numeric_dtype(cells):
        return Column(role=Role.FEATURE, kind=Kind.NUMBER, known="before")
    levels = tuple(sorted(cells.unique()))
    return Column(role=Role.FEATURE, kind=Kind.CATEGORY, known="before", categories=levels)


def false_alarms(sets: int = 200, tell: Callable[[str], None] = lambda _: None) -> FalseAlarms:
    """Inspect clean tables of several sizes, and a tenth as many with each planted leak.

    Args:
        sets: Number of clean tables.
        tell: Is told what is being done.
    """
    tell(f"{sets} clean tables")
    clean = _tally(
        inspect(*clean_table(SIZES[i % len(SIZES)], _CLEAN_SEED + i)) for i in range(sets)
    )
    planted = {}
    for plant in PLANTS:
        tell(f"{max(1, sets // 10)} tables with {plant.words}")
        tables = (
            planted_table(plant, SIZES[i % len(SIZES)], _PLANTED_SEED + i)
            for i in range(max(1, sets // 10))
        )
        planted[plant.words] = _tally((inspect(*table) for table in tables), plant)
    return FalseAlarms(clean=clean, planted=planted)


def was_found(report: LeakageReport, plant: Plant) -> bool:
    """Whether the right check names exactly the right columns."""
    return any(f.check == plant.check and set(f.columns) == plant.columns for f in report.leaks)


def table(result: FalseAlarms) -> str:
    """The results in Markdown."""
    lines = [
        "| table | sets | a leak | a suspicion | found by its check |",
        "|---|--:|--:|--:|--:|",
    ]
    for words, tally in {"clean": result.clean, **result.planted}.items():
        right = "" if words == "clean" else tally.right
        lines.append(f"| {words} | {tally.sets} | {tally.leaks} | {tally.suspicions} | {right} |")
    return "\n".join(lines)


def _tally(reports: Iterable[LeakageReport], plant: Plant | None = None) -> Tally:
    seen = list(reports)
    return Tally(
        sets=len(seen),
        leaks=sum(bool(report.leaks) for report in seen),
        suspicions=sum(bool(report.suspicions) for report in seen),
        right=sum(was_found(report, plant) for report in seen) if plant else 0,
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200, help="clean tables (default: 200)")
    sets = parser.parse_args().sets
    print(table(false_alarms(sets, lambda what: print(what, file=sys.stderr))))


if __name__ == "__main__":
    main()
