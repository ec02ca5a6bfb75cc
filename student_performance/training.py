"""Compares candidates by repeated cross-validation, chooses one, and makes it ready to judge."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.base import ClassifierMixin, clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline

from student_performance.config import CandidateConfig, CrossValidationConfig, LearningConfig
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK, features_of
from student_performance.metrics import Estimate, Labels, Scores, log_losses
from student_performance.models import BASELINE, build, build_baseline, fit, risk, variants
from student_performance.strict import Strict

FoldScores = dict[str, NDArray[np.float64]]  # one value a fold
Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


class CandidateScore(Strict):
    """What a candidate scored on rows it had not seen, in cross-validation.

    Attributes:
        name: Name of the candidate.
        scores: Means over the folds.
        setting: What was tuned, and the best of what was tried; empty if nothing was.
        config: The configuration that scored so; None for the baseline.
    """

    name: str
    scores: Scores
    setting: str = ""
    config: CandidateConfig | None = None


@dataclass(frozen=True)
class Trial:
    """What a candidate scored in the folds, at the best of its settings."""

    scores: FoldScores
    setting: str
    config: CandidateConfig


class Comparison(Strict):
    """How the candidates did, baseline first, and which was chosen.

    Attributes:
        candidates: Out-of-fold scores, the simplest candidate after the baseline.
        best: The candidate with the lowest log loss; never the baseline.
        chosen: The simplest candidate that is within one standard error of the best.
        standard_error: Standard error of the best candidate's log loss.
        rows: Size of the training part.
        prevalence: Share of its students who are at risk.
        folds: Number of folds.
        repeats: How often the rows were divided into folds anew.
        level: Confidence level of every interval.
        notes: What a reader should know about how it was made.
    """

    candidates: tuple[CandidateScore, ...]
    best: str
    chosen: str
    standard_error: float
    rows: int
    prevalence: float
    folds: int
    repeats: int
    level: float
    notes: tuple[str, ...] = ()

    @property
    def chosen_config(self) -> CandidateConfig:
        """Configuration of the chosen candidate."""
        return next(c.config for c in self.candidates if c.name == self.chosen and c.config)

    def why(self) -> str:
        """Why the chosen candidate was chosen, in a sentence."""
        if self.chosen == self.best:
            return f"{self.chosen} has the lowest log loss"
        return (
            f"{self.chosen} is simpler than {self.best}, whose log loss is lower by less than a"
            f" standard error ({self.standard_error:.4f})"
        )


def compare(train: pd.DataFrame, dataset: DatasetConfig, config: LearningConfig) -> Comparison:
    """Score the baseline and every candidate on the same folds.

    Args:
        train: The training part; nothing else is needed here, and nothing else must be given.
        dataset: The contract.
        config: Candidates, folds and intervals.

    Returns:
        The comparison. The choice is made on log loss, which a well-calibrated model minimises,
        with the one-standard-error rule (Breiman et al. 1984, section 3.4.3).
    """
    options = config.cross_validation
    folds = folds_of(train, dataset, options)
    naive = fold_scores(build_baseline(), train, dataset, folds)
    trials = {
        name: _best_variant(candidate, train, dataset, folds)
        for name, candidate in config.candidates.items()
    }
    return comparison(naive, trials, config, len(train), float(train[AT_RISK].mean()))


def comparison(
    naive: FoldScores,
    trials: dict[str, Trial],
    config: LearningConfig,
    rows: int,
    prevalence: float,
    notes: tuple[str, ...] = (),
) -> Comparison:
    """Choose among candidates by what they scored in the same folds.

    Args:
        naive: Scores of the baseline.
        trials: Those of the candidates, the simplest first.
        config: Folds and intervals.
        rows: Size of the training part.
        prevalence: Share of its students who are at risk.
        notes: What a reader should know about it.
    """
    options, level = config.cross_validation, config.intervals.level
    scored = [CandidateScore(name=BASELINE, scores=_estimates(naive, rows, options, level))]
    for name, trial in trials.items():
        estimates = _estimates(trial.scores, rows, options, level)
        scored.append(
            CandidateScore(name=name, scores=estimates, setting=trial.setting, config=trial.config)
        )
    losses = {name: trial.scores["log_loss"] for name, trial in trials.items()}
    best_name = min(losses, key=lambda name: losses[name].mean())
    error = float(losses[best_name].std(ddof=1) * _correction(options))
    limit = losses[best_name].mean() + error
    return Comparison(
        candidates=tuple(scored),
        best=best_name,
        chosen=next(name for name in losses if losses[name].mean() <= limit),
        standard_error=error,
        rows=rows,
        prevalence=prevalence,
        folds=options.folds,
        repeats=options.repeats,
        level=level,
        notes=notes,
    )


def fit_chosen(comparison: Comparison, train: pd.DataFrame, dataset: DatasetConfig) -> Pipeline:
    """Fit the chosen candidate on the whole training part."""
    model = build(comparison.chosen_config, dataset)
    return fit(model, features_of(train, dataset), _labels(train))


def _best_variant(
    candidate: CandidateConfig, train: pd.DataFrame, dataset: DatasetConfig, folds: Folds
) -> Trial:
    tried = [
        Trial(fold_scores(build(variant, dataset), train, dataset, folds), setting, variant)
        for setting, variant in variants(candidate).items()
    ]
    return min(tried, key=lambda trial: float(trial.scores["log_loss"].mean()))


def folds_of(train: pd.DataFrame, dataset: DatasetConfig, options: CrossValidationConfig) -> Folds:
    """Folds of whole students, stratified by whether a student ever had the rarer outcome.

    scikit-learn's `StratifiedGroupKFold` weighs the rows of each student, one after the other: that
    takes more than a minute for half a million students.
    """
    of_row, students = pd.factorize(train[dataset.id_column])
    labels = _labels(train)
    rarer = int(labels.mean() < 0.5)
    ever = np.zeros(len(students), dtype=np.int8)
    np.maximum.at(ever, of_row, (labels == rarer).astype(np.int8))
    if (ever == 0).sum() < options.folds:  # the rarer outcome is everywhere, whatever is drawn
        ever[:] = 1
    folds: Folds = []
    for repeat in range(options.repeats):
        way = StratifiedKFold(options.folds, shuffle=True, random_state=options.seed + repeat)
        for _, held_out in way.split(ever, ever):
            chosen = np.zeros(len(students), dtype=np.bool_)
            chosen[held_out] = True
            folds.append((np.flatnonzero(~chosen[of_row]), np.flatnonzero(chosen[of_row])))
    return folds


def fold_scores(
    model: ClassifierMixin, train: pd.DataFrame, dataset: DatasetConfig, folds: Folds
) -> FoldScores:
    """Log loss, accuracy and ROC AUC of a model in each fold, fitted anew on the others."""
    labels, features = _labels(train), features_of(train, dataset)
    scores: dict[str, list[float]] = {"log_loss": [], "accuracy": [], "roc_auc": []}
    for learn, check in folds:
        fitted = fit(clone(model), features.iloc[learn], labels[learn])
        p, y = risk(fitted, features.iloc[check]), labels[check]
        scores["log_loss"].append(float(log_losses(y, p).mean()))
        scores["accuracy"].append(float(np.mean((p >= 0.5) == y)))
        scores["roc_auc"].append(float(roc_auc_score(y, p)) if 0 < y.sum() < len(y) else np.nan)
    return {name: np.array(values) for name, values in scores.items()}


def _estimates(
    scores: FoldScores, rows: int, options: CrossValidationConfig, level: float
) -> Scores:
    """Means over the folds with corrected resampled t intervals.

    Folds share training rows, so their scores vary together; Nadeau and Bengio 2003
    (doi:10.1023/A:1024068626366) widen the interval for that.
    """
    estimates = {}
    for name, values in scores.items():
        if np.isnan(values).any():
            continue
        spread = float(values.std(ddof=1)) * _correction(options)
        half = spread * float(stats.t.ppf((1 + level) / 2, len(values) - 1))
        mean = float(values.mean())
        low, high = mean - half, mean + half
        if name != "log_loss":
            low, high = max(low, 0.0), min(high, 1.0)
        estimates[name] = Estimate(value=mean, low=max(low, 0.0), high=high, n=rows)
    return estimates


def _correction(options: CrossValidationConfig) -> float:
    """Standard error of a mean over folds, divided by their standard deviation."""
    return float(np.sqrt(1 / (options.folds * options.repeats) + 1 / (options.folds - 1)))


def _labels(rows: pd.DataFrame) -> Labels:
    return rows[AT_RISK].to_numpy(copy=True)
