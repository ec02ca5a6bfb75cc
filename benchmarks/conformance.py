"""Published results beside ours: `python -m benchmarks.conformance FOLDER`.

FOLDER holds, at any depth, `student-mat.csv` and `student-por.csv` (Cortez and Silva 2008, UCI data
set 320) and `oulad_six_column_day120.csv` (six columns of the Open University's data). What is not
there is skipped. Ends with 1 if a result is not within its tolerance.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from student_performance.config import (
    CrossValidationConfig,
    LogisticRegressionConfig,
    RandomForestConfig,
    SplitConfig,
    TrainConfig,
)
from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig
from student_performance.dataset import (
    AT_RISK,
    features_of,
    labelled,
    load_table,
    read,
)
from student_performance.evaluation import EvaluationReport, evaluate
from student_performance.leakage import inspect
from student_performance.metrics import Costs, score
from student_performance.models import build, fit, risk
from student_performance.promotion import Decision, decide
from student_performance.splitting import split
from student_performance.training import compare, fit_chosen, fold_scores, folds_of
from student_performance.tuning import set_up

_CONFIGS = Path(__file__).resolve().parents[1] / "configs"
_CORTEZ = "Cortez and Silva 2008, table 3, random forest"
_TO_CONTEXT = {"A": (), "B": ("G2",), "C": ("G1", "G2")}
# Accuracy in percent of 20 x 10-fold cross-validation, as published.
_PUBLISHED = {
    ("math", "A"): 91.2,
    ("math", "B"): 83.0,
    ("math", "C"): 70.5,
    ("portuguese", "A"): 92.6,
    ("portuguese", "B"): 90.1,
    ("portuguese", "C"): 85.0,
}
_FILES = {"math": "student-mat.csv", "portuguese": "student-por.csv"}
_OULAD = "oulad_six_column_day120.csv"


@dataclass(frozen=True)
class Result:
    """One published number and ours.

    Attributes:
        source: Who published it.
        setup: What was done.
        published: The number; None where ours must only reach a limit.
        ours: Our number.
        tolerance: How far ours may be from the published one.
    """

    source: str
    setup: str
    published: float
    ours: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether ours is within the tolerance."""
        return abs(self.ours - self.published) <= self.tolerance


@dataclass(frozen=True)
class Trap:
    """A whole training on the cohorts up to 2013J, judged on 2014J."""

    dataset: str
    accuracy: float
    majority: float
    decision: Decision
    report: EvaluationReport


def forest_accuracy(path: Path, course: str, setup: str, repeats: int) -> float:
    """Mean accuracy in percent of the report's forest in repeated 10-fold cross-validation."""
    unused = (f"dataset.columns.{name}.role=context" for name in _TO_CONTEXT[setup])
    overrides = ("dataset.columns.sex.role=feature", *unused)
    _, dataset = load_configs(_CONFIGS, f"uci_{course}", overrides)
    rows = load_table(str(path), dataset)
    options = CrossValidationConfig(folds=10, repeats=repeats, seed=0)
    forest = build(RandomForestConfig(kind="random_forest"), dataset)
    scores = fold_scores(forest, rows, dataset, folds_of(rows, dataset, options))
    return float(100 * np.mean(scores["accuracy"]))


def next_term(path: Path) -> tuple[float, float]:
    """Accuracy and ROC AUC of logistic regression: learnt on BBB 2013B, judged on BBB 2013J."""
    config, dataset = load_configs(_CONFIGS, "oulad_raw")
    rows = load_table(str(path), dataset)
    rows = rows[rows["course"].str.startswith("BBB")].reset_index(drop=True)
    parts = split(rows, dataset, SplitConfig(by="cohort"), folds=5)
    model = build(LogisticRegressionConfig(kind="logistic_regression"), dataset)
    fit(model, features_of(parts.train, dataset), parts.train[AT_RISK].to_numpy(copy=True))
    y, p = parts.test[AT_RISK].to_numpy(copy=True), risk(model, features_of(parts.test, dataset))
    scores = score(y, p, Costs(), config.intervals)
    return scores["accuracy"].value, scores["roc_auc"].value


def trap(path: Path, name: str) -> Trap:
    """Train on every cohort but the last with the default configuration, and judge."""
    config, dataset = load_configs(_CONFIGS, name)
    report, decision = _train(path, dataset, config)
    majority = max(report.prevalence, 1 - report.prevalence)
    return Trap(name, report.scores["accuracy"].value, majority, decision, report)


def _train(
    path: Path, dataset: DatasetConfig, config: TrainConfig
) -> tuple[EvaluationReport, Decision]:
    frame = labelled(read(str(path), dataset), dataset)
    parts = split(frame, dataset, config.split, config.cross_validation.folds)
    comparison = compare(parts.train, dataset, config)
    fitted = fit_chosen(comparison, parts.train, dataset)
    model, setup = set_up(fitted, parts.train, parts.validation, dataset, config)
    before = (comparison, setup, parts.division, inspect(frame, dataset))
    report = evaluate(model, parts.test, dataset, before, config)
    return report, decide(report, None, config.gate)


def results(folder: Path, repeats: int) -> Iterator[Result]:
    """Every result whose file is there."""
    for (course, setup), published in _PUBLISHED.items():
        path = _find(folder, _FILES[course])
        if path is not None:
            ours = forest_accuracy(path, course, setup, repeats)
            what = f"{course}, setup {setup}: accuracy in %, {repeats} x 10-fold"
            yield Result(_CORTEZ, what, published, ours, 1.0)
    path = _find(folder, _OULAD)
    if path is not None:
        accuracy, auc = next_term(path)
        source = "Open University, six columns, logistic regression"
        yield Result(source, "BBB 2013B to BBB 2013J: accuracy", 0.797, accuracy, 0.02)
        yield Result(source, "BBB 2013B to BBB 2013J: ROC AUC", 0.835, auc, 0.02)


def _find(folder: Path, name: str) -> Path | None:
    found = next(iter(sorted(folder.rglob(name))), None)
    if found is None:
        click.echo(f"skipped: there is no {name} in {folder}", err=True)
    return found


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--repeats", default=20, show_default=True, help="Of the 10-fold cross-validation.")
def main(folder: Path, repeats: int) -> None:
    """Print published results beside ours."""
    lines = ["| source | setup | published | ours | tolerance |", "|---|---|---|---|---|"]
    wrong = 0
    for result in results(folder, repeats):
        click.echo(f"{result.setup}: {result.ours:.4g}", err=True)
        wrong += not result.agrees
        mark = "" if result.agrees else " **not within**"
        lines.append(
            f"| {result.source} | {result.setup} | {result.published:g} | {result.ours:.4g}{mark}"
            f" | {result.tolerance:g} |"
        )
    path = _find(folder, _OULAD)
    for name in ("oulad_raw", "oulad") if path else ():
        lines += _told(trap(Path(str(path)), name))
    click.echo("\n".join(lines))
    sys.exit(1 if wrong else 0)


def _told(found: Trap) -> list[str]:
    return [
        "",
        f"`{found.dataset}`, learnt up to 2013J, judged on 2014J: accuracy {found.accuracy:.3f},"
        f" majority {found.majority:.3f}. The gate says {found.decision.summary()}.",
        "",
        *(f"- note: {warning}" for warning in found.report.warnings()),
    ]


if __name__ == "__main__":
    main()
