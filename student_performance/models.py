"""Candidates as scikit-learn pipelines that hold their own preprocessing."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from student_performance.config import CandidateConfig, DatasetConfig, LogisticRegressionConfig

BASELINE = "majority"


def build(candidate: CandidateConfig, dataset: DatasetConfig) -> Pipeline:
    """An unfitted candidate for the features of a data set."""
    return Pipeline(
        [("preprocessing", _preprocessing(dataset)), ("estimator", _estimator(candidate))]
    )


def build_baseline() -> DummyClassifier:
    """The naive answer: everybody has the chance of the training rows."""
    return DummyClassifier(strategy="prior")


def risk(model: Any, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predicted chance of being at risk, shape (rows,)."""
    chances = model.predict_proba(features)
    return np.asarray(chances[:, list(model.classes_).index(1)], dtype=np.float64)


def _estimator(candidate: CandidateConfig) -> LogisticRegression | RandomForestClassifier:
    if isinstance(candidate, LogisticRegressionConfig):
        return LogisticRegression(C=candidate.C)
    return RandomForestClassifier(
        n_estimators=candidate.n_estimators, random_state=candidate.random_state
    )


def _preprocessing(dataset: DatasetConfig) -> ColumnTransformer:
    """Medians for empty cells and unit variance for numbers, one column a category."""
    numbers = [name for name, column in dataset.features.items() if column.is_number]
    categories = {
        name: list(column.categories)
        for name, column in dataset.features.items()
        if column.categories is not None
    }
    parts: list[tuple[str, Any, list[str]]] = []
    if numbers:
        scaled = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
        )
        parts.append(("numbers", scaled, numbers))
    if categories:
        encoder = OneHotEncoder(
            categories=list(categories.values()), handle_unknown="ignore", sparse_output=False
        )
        parts.append(("categories", encoder, list(categories)))
    return ColumnTransformer(parts)
