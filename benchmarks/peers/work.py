"""The modelling work that every tool does here: plain functions of this project's domain.

What differs between the tools is then only what they add: passing on, keeping, tracking.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from student_performance import evaluation, splitting, training
from student_performance.config import TrainConfig
from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig
from student_performance.dataset import labelled, read, without_outcomes
from student_performance.evaluation import EvaluationReport
from student_performance.leakage import LeakageReport, inspect
from student_performance.tuning import Setup, set_up

# Given by whoever measures, so that all tools get the same; the last one is changed between runs.
OPTIONS = "BENCHMARK_OPTIONS"
_CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@cache
def configs(penalty: float) -> tuple[TrainConfig, DatasetConfig]:
    """Configuration and contract; the penalty is the value of the parameter that is changed."""
    *options, changed = os.environ[OPTIONS].split("\n")
    return load_configs(_CONFIGS, "student_performance", (*options, f"{changed}={penalty:g}"))


def load(path: str, penalty: float) -> tuple[pd.DataFrame, LeakageReport]:
    """Read the table, hold it against its contract and look for leaks."""
    _, dataset = configs(penalty)
    frame = labelled(read(path, dataset), dataset)
    return without_outcomes(frame, dataset), inspect(frame, dataset)


def split(table: pd.DataFrame, penalty: float) -> splitting.Parts:
    """Training part, validation part and hold-out."""
    config, dataset = configs(penalty)
    return splitting.split(table, dataset, config.split, config.cross_validation.folds)


def train(
    rows: pd.DataFrame, validation: pd.DataFrame, penalty: float
) -> tuple[Any, training.Comparison, Setup]:
    """Compare, fit, calibrate, set the threshold."""
    config, dataset = configs(penalty)
    comparison = training.compare(rows, dataset, config.learning)
    fitted = training.fit_chosen(comparison, rows, dataset)
    model, setup = set_up(fitted, rows, validation, dataset, config.learning)
    return model, comparison, setup


def evaluate(
    model: Any,
    test: pd.DataFrame,
    before: tuple[training.Comparison, Setup, splitting.Division, LeakageReport],
    penalty: float,
) -> EvaluationReport:
    """Look at the hold-out."""
    config, dataset = configs(penalty)
    return evaluation.evaluate(model, test, dataset, before, config.learning)


def metrics(report: EvaluationReport) -> dict[str, float]:
    """What is logged, and compared between the tools."""
    return {name: estimate.value for name, estimate in report.scores.items()}
