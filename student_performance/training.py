"""Compares candidates by cross-validation and fits the one that loses least."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline

from student_performance.config import DatasetConfig, LearningConfig, Strict
from student_performance.dataset import AT_RISK, features_of
from student_performance.metrics import Scores, score
from student_performance.models import BASELINE, build, build_baseline


class CandidateScore(Strict):
    """What a candidate scored on rows it had not seen, in cross-validation."""

    name: str
    scores: Scores


class Comparison(Strict):
    """How the candidates did, baseline first, and which was chosen.

    Attributes:
        candidates: Out-of-fold scores; each training row counts once.
        chosen: The candidate with the lowest log loss; never the baseline.
        rows: Size of the training part.
        prevalence: Share of its students who are at risk.
        folds: Number of folds.
        level: Confidence level of every interval.
    """

    candidates: tuple[CandidateScore, ...]
    chosen: str
    rows: int
    prevalence: float
    folds: int
    level: float


def compare(train: pd.DataFrame, dataset: DatasetConfig, config: LearningConfig) -> Comparison:
    """Score the baseline and every candidate on the same folds.

    Args:
        train: The training part; the hold-out is not needed here and must not be given.
        dataset: The contract.
        config: Candidates, folds and intervals.

    Returns:
        The comparison; the choice is made on log loss, which a well-calibrated model minimises.
    """
    models = {BASELINE: build_baseline()} | {
        name: build(candidate, dataset) for name, candidate in config.candidates.items()
    }
    labels = train[AT_RISK].to_numpy(copy=True)
    folds = _folds(train, dataset, config)
    scored = tuple(
        CandidateScore(
            name=name,
            scores=score(labels, _out_of_fold(model, train, dataset, folds), config.intervals),
        )
        for name, model in models.items()
    )
    best = min(scored[1:], key=lambda candidate: candidate.scores["log_loss"].value)
    return Comparison(
        candidates=scored,
        chosen=best.name,
        rows=len(train),
        prevalence=float(labels.mean()),
        folds=config.cross_validation.folds,
        level=config.intervals.level,
    )


def fit(name: str, train: pd.DataFrame, dataset: DatasetConfig, config: LearningConfig) -> Pipeline:
    """Fit one candidate on the whole training part."""
    model = build(config.candidates[name], dataset)
    return model.fit(features_of(train, dataset), train[AT_RISK].to_numpy(copy=True))


Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


def _folds(train: pd.DataFrame, dataset: DatasetConfig, config: LearningConfig) -> Folds:
    """Stratified folds; grouped by student only where one has several rows, since that is slow."""
    students = train[dataset.id_column]
    splitter = StratifiedKFold if students.is_unique else StratifiedGroupKFold
    options = config.cross_validation
    folds = splitter(n_splits=options.folds, shuffle=True, random_state=options.seed)
    groups = None if students.is_unique else students
    return list(folds.split(train, train[AT_RISK].to_numpy(copy=True), groups=groups))


def _out_of_fold(
    model: ClassifierMixin, train: pd.DataFrame, dataset: DatasetConfig, folds: Folds
) -> NDArray[np.float64]:
    labels = train[AT_RISK].to_numpy(copy=True)
    features = features_of(train, dataset)
    chances = cross_val_predict(model, features, labels, cv=folds, method="predict_proba")
    return np.asarray(chances[:, 1], dtype=np.float64)  # columns follow the sorted labels 0, 1
