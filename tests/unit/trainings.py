"""Whole trainings, and a model that answers what a test wants."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from student_performance.config import LearningConfig
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK
from student_performance.evaluation import EvaluationReport, evaluate
from student_performance.simulate import simulate
from student_performance.splitting import Division, split
from student_performance.training import Comparison, compare, fit_chosen
from student_performance.tuning import Setup, set_up
from tests.unit.builders import leakage


@dataclass(frozen=True)
class Training:
    """One training on simulated students, and everything that came out of it."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    division: Division
    comparison: Comparison
    setup: Setup
    model: Pipeline
    report: EvaluationReport


class FixedRisk:
    """A model that answers given risks, whatever it is asked; classes as scikit-learn has them."""

    def __init__(self, risks: NDArray[np.float64], classes: tuple[int, ...] = (0, 1)) -> None:
        self.classes_ = np.array(classes)
        self._risks = risks

    def predict_proba(self, features: pd.DataFrame) -> NDArray[np.float64]:
        by_class = {0: 1.0 - self._risks, 1: self._risks}
        return np.column_stack([by_class[c] for c in self.classes_])


def trained(table: pd.DataFrame, dataset: DatasetConfig, config: LearningConfig) -> Training:
    """What the pipeline does from the table to the report."""
    parts = split(table, dataset, config.split, config.cross_validation.folds)
    comparison = compare(parts.train, dataset, config)
    fitted = fit_chosen(comparison, parts.train, dataset)
    model, setup = set_up(fitted, parts.train, parts.validation, dataset, config)
    before = (comparison, setup, parts.division, leakage())
    report = evaluate(model, parts.test, dataset, before, config)
    return Training(
        parts.train, parts.validation, parts.test, parts.division, comparison, setup, model, report
    )


def repeating(students: int = 150, terms: int = 4) -> pd.DataFrame:
    """Each student returns with the same habits and the same outcome, which is pure chance."""
    once = simulate(students, seed=2).drop(columns="test_score")
    labels = np.random.default_rng(3).integers(0, 2, students).astype(np.int8)
    each = once.assign(**{AT_RISK: labels})
    return pd.concat([each.assign(course=f"term_{t}") for t in range(terms)], ignore_index=True)
