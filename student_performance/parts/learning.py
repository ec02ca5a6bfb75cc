"""Compares candidates in folds and fits the chosen one, with sums over the parts of a table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from student_performance.config import LearningConfig, LogisticRegressionConfig
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK, features_of, without_outcomes
from student_performance.digests import md5_of
from student_performance.errors import InvalidDataError, UsageError
from student_performance.parts.crew import Crew
from student_performance.parts.dividing import Rule, rule_of
from student_performance.parts.encoding import Encoder
from student_performance.parts.passes import Passes, naive
from student_performance.parts.sums import Floats, Part, Plan
from student_performance.parts.table import Survey, read_labelled
from student_performance.reading.parquet import Fragment, fragments
from student_performance.splitting import Division
from student_performance.training import Comparison, Trial, comparison

_SAMPLE = 100_000  # rows to learn from whose distribution is kept, to notice drift later
_SHAPE = 1_000  # rows of either kind that give the model its shape
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Learnt:
    """What came out.

    Attributes:
        comparison: Of the candidates that can learn in parts.
        model: The chosen one, fitted on all rows to learn from.
        sample: Some of those rows.
    """

    comparison: Comparison
    model: Any
    sample: pd.DataFrame


def learn(
    crew: Crew,
    found: Survey,
    rows: pd.DataFrame,
    division: Division,
    dataset: DatasetConfig,
    config: LearningConfig,
) -> Learnt:
    """Compare the candidates in the same folds, and fit the chosen one.

    The encoded rows stay in the processes, which put on disk what does not fit; each pass over
    them brings back sums of the size of a model.

    Args:
        crew: Who does it.
        found: The table.
        rows: The validation part, for the shape of the model.
        division: How many rows there are to learn from.
        dataset: The contract.
        config: Split, folds and candidates.

    Raises:
        InvalidDataError: The table was changed meanwhile.
        UsageError: No candidate can learn in parts.
    """
    candidates = _able(config)
    encoder = Encoder(rows.groupby(AT_RISK).head(_SHAPE), dataset)
    rule = rule_of(crew, found, dataset, config.split)
    read = crew.each(_read, fragments(found.path), dataset, config, found.rows, rule, encoder)
    crew.settled("train: reading", read)
    parts = [crew.item(one, 0) for one in read]
    sample = pd.concat(
        crew.gathered("train: a sample", [crew.item(one, 1) for one in read]), ignore_index=True
    )
    plan = Plan(config.cross_validation.folds, config.cross_validation.repeats)
    passes = Passes(crew, parts, plan, encoder)
    scales, moments = passes.scales()
    trials, models = {}, {}
    for name, candidate in candidates.items():
        solution = passes.solved(scales, candidate.C)
        trials[name] = Trial(passes.scores(scales, solution), "", candidate)
        weights = solution.weights[-1]
        models[name] = encoder.model(candidate, scales[-1], weights, solution.passes)
    if md5_of(found.path, any_size=True) != found.md5:
        raise InvalidDataError(f"{found.path} was changed while the model was learning.")
    prevalence = float(moments.positives[-1] / moments.rows[-1])
    compared = comparison(
        naive(moments, plan), trials, config, division.train_rows, prevalence,
        _notes(found, config, tuple(candidates), len(sample)),
    )  # fmt: skip
    return Learnt(compared, models[compared.chosen], sample)


def _able(config: LearningConfig) -> dict[str, LogisticRegressionConfig]:
    """The candidates that can learn from sums over parts."""
    found = {
        name: candidate
        for name, candidate in config.candidates.items()
        if isinstance(candidate, LogisticRegressionConfig)
    }
    if not found:
        raise UsageError(
            "None of the candidates can learn in parts; logistic regression can.",
            "python run.py train --set engine=dask --set"
            " 'candidates={logistic_regression: {kind: logistic_regression}}'",
        )
    return found


def _notes(
    found: Survey, config: LearningConfig, compared: tuple[str, ...], sample: int
) -> tuple[str, ...]:
    others = [name for name in config.candidates if name not in compared]
    told = (
        f"the model has learnt in parts: the leakage guard looked at {found.guarded:,} of"
        f" {found.rows:,} rows and drift will be measured against {sample:,} of them, both drawn by"
        " the students' hash; folds are drawn so too"
    )
    left_out = f"{', '.join(others)} cannot learn in parts, and were not compared"
    return (told, left_out) if others else (told,)


def _read(
    fragment: Fragment, dataset: DatasetConfig, config: LearningConfig, rows: int, rule: Rule,
    encoder: Encoder,
) -> tuple[Part, pd.DataFrame]:  # fmt: skip
    """The rows of a part to learn from, encoded; and some of them as they are."""
    table = without_outcomes(read_labelled(fragment, dataset), dataset)
    sides = rule.sides(table, dataset)
    table, chance = table[sides.learnt], sides.chance[sides.learnt]
    options = config.cross_validation
    folds = np.array([
        folds_of(chance, options.seed + repeat, options.folds) for repeat in range(options.repeats)
    ])  # fmt: skip
    part = Part(encoder.design(table), table[AT_RISK].to_numpy(copy=True), folds)
    return part, features_of(table[chance < rule.drawn + _SAMPLE / max(rows, 1)], dataset)


def folds_of(chance: Floats, seed: int, folds: int) -> NDArray[np.uint8]:
    """The fold of each student, by a mix of the hash and a seed (Steele et al. 2014, SplitMix)."""
    with np.errstate(over="ignore"):
        mixed = chance.view(np.uint64) + _GOLDEN * np.uint64(seed + 1)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
    return (mixed % np.uint64(folds)).astype(np.uint8)
