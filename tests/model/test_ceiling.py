"""How near the models come to the truth on students whose truth is known."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from student_performance.ceiling import accuracy_bound
from student_performance.config import (
    GradientBoostingConfig,
    LogisticRegressionConfig,
    RandomForestConfig,
)
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK, features_of
from student_performance.models import build, fit, risk
from student_performance.simulate import posterior
from tests.model.conftest import simulated

CANDIDATES = {
    "logistic_regression": LogisticRegressionConfig(kind="logistic_regression"),
    "report_forest": RandomForestConfig(kind="random_forest"),
    "tuned_forest": RandomForestConfig(kind="random_forest", min_samples_leaf=50),
    "monotone_boosting": GradientBoostingConfig(kind="gradient_boosting"),
}
NEAR = 0.01
Scored = dict[str, tuple[float, float]]


def accuracy_and_auc(y: np.ndarray, p: np.ndarray) -> tuple[float, float]:
    return float(np.mean((p >= 0.5) == y)), float(roc_auc_score(y, p))


@pytest.fixture(scope="module")
def scored(dataset: DatasetConfig, students: pd.DataFrame) -> Scored:
    """Accuracy and ROC AUC of each candidate and of the truth, learnt from 10,000 others."""
    train = simulated(10_000, seed=1)
    y, labels = students[AT_RISK].to_numpy(), train[AT_RISK].to_numpy(copy=True)
    found = {"truth": accuracy_and_auc(y, 1 - posterior(students))}
    for name, candidate in CANDIDATES.items():
        model: Any = fit(build(candidate, dataset), features_of(train, dataset), labels)
        found[name] = accuracy_and_auc(y, risk(model, features_of(students, dataset)))
    return found


@pytest.mark.parametrize("name", ["logistic_regression", "tuned_forest", "monotone_boosting"])
def test_sound_models_are_within_one_point_of_the_truth(name: str, scored: Scored) -> None:
    best, found = scored["truth"], scored[name]

    assert best[0] - found[0] <= NEAR
    assert best[1] - found[1] <= NEAR


def test_forest_of_the_report_is_not(scored: Scored) -> None:
    best, found = scored["truth"], scored["report_forest"]

    assert best[0] - found[0] > 2 * NEAR
    assert best[1] - found[1] > 2 * NEAR


def test_nothing_is_better_than_the_truth_allows(scored: Scored, students: pd.DataFrame) -> None:
    bound = accuracy_bound(posterior(students))

    assert max(accuracy for accuracy, _ in scored.values()) <= bound
    assert bound < 0.8, "a bound that everything keeps would prove nothing"
