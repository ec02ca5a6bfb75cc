"""How often the fairness gate refuses a model, in worlds whose fairness is known.

Run `python -m benchmarks.fairness`; each cell rests on `--sets` fresh test tables.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from student_performance.config import (
    AuditConfig,
    GatePolicy,
    IntervalConfig,
    LogisticRegressionConfig,
)
from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig
from student_performance.fairness import audit
from student_performance.gaps import violations
from student_performance.models import build, risk
from student_performance.simulate import PASS_MARK, simulate
from student_performance.world import World

WORLDS = {
    "fair": World(),
    "direct effect of 6 points": World(gender_effect=6),
    "grader bias of 4 points": World(base=6.5, gender_effect=4),
    "habits 0.5 sd apart": World(gender_covariates=0.5),
}
TEST_ROWS = (200, 1_000, 5_000)
THRESHOLD = 0.5  # both kinds of error cost the same
_TRAIN_ROWS = 4_000
_FIRST_TEST_SEED = 1_000


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200, help="test tables a cell")
    sets = parser.parse_args().sets
    dataset = load_configs(Path("configs"), "student_performance")[1]
    print(f"Refused: share of {sets} test tables. Gap: the larger of the two rates' gaps.\n")
    print("| world | n_test | refused | could be judged | mean gap | 95th percentile |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, world in WORLDS.items():
        model = _trained(world, dataset)
        for rows in TEST_ROWS:
            print(f"{name}, {rows:,} rows", file=sys.stderr)
            print(f"| {name} | {rows:,} | {_cell(model, world, dataset, rows, range(sets))} |")


def refusals(
    model: Pipeline, world: World, dataset: DatasetConfig, rows: int, sets: Iterable[int]
) -> NDArray[np.float64]:
    """Audit a model on fresh tables of a world.

    Returns:
        Shape (sets, 3): refused, both gaps could be judged, the larger gap.
    """
    gate, found = GatePolicy(), []
    for number in sets:
        frame = simulate(rows, _FIRST_TEST_SEED + number, world)
        p = risk(model, frame[list(dataset.features)])
        result = audit(
            frame["gender"],
            _at_risk(frame),
            p,
            THRESHOLD,
            AuditConfig().min_group,
            IntervalConfig(seed=number),
        )
        judged = all(gap.sufficient for gap in result.gaps)
        gap = max(gap.value for gap in result.gaps)
        found.append([bool(violations([result], gate.max_group_gap)), judged, gap])
    return np.array(found, dtype=np.float64)


def _cell(
    model: Pipeline, world: World, dataset: DatasetConfig, rows: int, sets: Iterable[int]
) -> str:
    found = refusals(model, world, dataset, rows, sets)
    refused, judged, gap = found.mean(axis=0)
    return f"{refused:.1%} | {judged:.0%} | {gap:.3f} | {np.quantile(found[:, 2], 0.95):.3f}"


def _trained(world: World, dataset: DatasetConfig) -> Pipeline:
    """A logistic regression that does not see the gender."""
    frame = simulate(_TRAIN_ROWS, seed=1, world=world)
    model = build(LogisticRegressionConfig(kind="logistic_regression"), dataset)
    return model.fit(frame[list(dataset.features)], _at_risk(frame))


def _at_risk(frame: pd.DataFrame) -> NDArray[np.int8]:
    return np.asarray(frame["test_score"] < PASS_MARK, dtype=np.int8)


if __name__ == "__main__":
    main()
