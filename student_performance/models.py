"""Candidates as scikit-learn pipelines that hold their own preprocessing."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import ThreadpoolController

from student_performance.config import (
    CandidateConfig,
    GradientBoostingConfig,
    LogisticRegressionConfig,
    RandomForestConfig,
)
from student_performance.contract import DatasetConfig

Categories = dict[str, list[str]]

BASELINE = "majority"
_SLOPES = {"falls": -1, "rises": 1, None: 0}


def build(candidate: CandidateConfig, dataset: DatasetConfig) -> Pipeline:
    """An unfitted candidate for the features of a data set."""
    return Pipeline(
        [("preprocessing", _preprocessing(dataset)), ("estimator", _estimator(candidate, dataset))]
    )


def build_baseline() -> DummyClassifier:
    """The naive answer: everybody has the chance of the training rows."""
    return DummyClassifier(strategy="prior")


def variants(candidate: CandidateConfig) -> dict[str, CandidateConfig]:
    """The settings of a candidate that are tried, by their description."""
    if not isinstance(candidate, RandomForestConfig) or len(candidate.variants()) == 1:
        return {"": candidate}
    return {f"min_samples_leaf={v.min_samples_leaf}": v for v in candidate.variants()}


def fit(model: ClassifierMixin, features: pd.DataFrame, labels: NDArray[np.int8]) -> Any:
    """Fit a model; forests use all cores, the others one, which is faster on small tables."""
    forest = isinstance(model, Pipeline) and isinstance(model[-1], RandomForestClassifier)
    if forest:
        model.set_params(estimator__n_jobs=-1)
    with _threads().limit(limits=1):
        model.fit(features, labels)
    if forest:  # what is saved does not depend on this machine, nor does the order of sums
        model.set_params(estimator__n_jobs=None)
    return model


def risk(model: Any, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predicted chance of being at risk, shape (rows,)."""
    with _threads().limit(limits=1):
        chances = model.predict_proba(features)
    return np.asarray(chances[:, list(model.classes_).index(1)], dtype=np.float64)


@cache
def _threads() -> ThreadpoolController:
    """Looked up once: to find the libraries takes longer than to score a student."""
    return ThreadpoolController()


def _estimator(candidate: CandidateConfig, dataset: DatasetConfig) -> ClassifierMixin:
    match candidate:
        case LogisticRegressionConfig():
            return LogisticRegression(C=candidate.C, max_iter=1000)
        case RandomForestConfig():
            return RandomForestClassifier(
                n_estimators=candidate.n_estimators,
                min_samples_leaf=candidate.variants()[0].min_samples_leaf,
                random_state=candidate.random_state,
            )
        case GradientBoostingConfig():
            return HistGradientBoostingClassifier(
                learning_rate=candidate.learning_rate,
                max_iter=candidate.max_iter,
                max_leaf_nodes=candidate.max_leaf_nodes,
                early_stopping=False,
                monotonic_cst=_slopes(dataset),
                random_state=candidate.random_state,
            )


def _slopes(dataset: DatasetConfig) -> list[int]:
    """Direction of the risk in each column that the preprocessing gives, in its order."""
    numbers, pairs, others = _by_encoding(dataset)
    slopes = [_SLOPES[dataset.columns[name].risk] for name in numbers]
    return slopes + [0] * (len(pairs) + sum(map(len, others.values())))


def _preprocessing(dataset: DatasetConfig) -> ColumnTransformer:
    """Medians for empty cells and unit variance for numbers, a column for each category.

    A yes or no is one column: two would count double among the columns that a forest draws.
    """
    numbers, pairs, others = _by_encoding(dataset)
    scaled = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
    )
    parts: list[tuple[str, Any, list[str]]] = [
        ("numbers", scaled, numbers),
        ("pairs", _encoder(pairs, drop="first"), list(pairs)),
        ("categories", _encoder(others, drop=None), list(others)),
    ]
    return ColumnTransformer([part for part in parts if part[2]])


def _by_encoding(dataset: DatasetConfig) -> tuple[list[str], Categories, Categories]:
    """Names of the numbers; two-valued categories without empty cells; all other categories."""
    numbers = [name for name, column in dataset.features.items() if column.is_number]
    pairs: Categories = {}
    others: Categories = {}
    for name, column in dataset.features.items():
        if column.categories is not None:
            kind = pairs if len(column.categories) == 2 and not column.nullable else others
            kind[name] = list(column.categories)
    return numbers, pairs, others


def _encoder(categories: Categories, drop: str | None) -> OneHotEncoder:
    return OneHotEncoder(
        categories=list(categories.values()),
        drop=drop,
        handle_unknown="error" if drop else "ignore",
        sparse_output=False,
    )
