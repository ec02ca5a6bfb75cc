"""What a model's risks rest on: which features it needs, and what each one adds."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from student_performance.contract import DatasetConfig
from student_performance.metrics import Labels, log_losses
from student_performance.models import risk
from student_performance.strict import Strict

BASE = "base"
_ROWS = 20_000  # more move an importance by a few thousandths, and a forest takes a minute for them


class Importance(Strict):
    """How much worse a model gets without what a feature tells.

    Attributes:
        feature: Name of the feature.
        mean: Mean rise of the log loss, in nats, when the feature's values are shuffled.
        sd: Standard deviation over the repeats; which rows were drawn is not in it.
        repeats: How often the values were shuffled.
        rows: Rows whose values were shuffled; None in a report of an earlier release.
    """

    feature: str
    mean: float
    sd: float
    repeats: int
    rows: int | None = None


class Effect(Strict):
    """What a feature adds in a linear model.

    Attributes:
        feature: Name of a number, or `feature=category`.
        unit: One standard deviation of the training rows, in the feature's own unit; 1 for a
            category.
        log_odds: Change of the log-odds of being at risk for one more `unit`, or in the category;
            of two categories only the second has a coefficient, relative to the first.
    """

    feature: str
    unit: float
    log_odds: float


def importances(
    model: Any, features: pd.DataFrame, y: Labels, seed: int, repeats: int = 10
) -> tuple[Importance, ...]:
    """Permutation importance of every feature, the largest first (Breiman 2001).

    Features that tell the same share the importance, and each of them may look dispensable.

    Args:
        model: A fitted classifier.
        features: Rows that the model did not learn from, shape (rows, features). Of more than
            20,000 rows, so many are drawn.
        y: 1 for a student at risk, shape (rows,).
        seed: Seed of the draw and of the shuffles.
        repeats: Shuffles of each feature.
    """
    if len(features) > _ROWS:
        drawn = np.random.default_rng(seed).choice(len(features), size=_ROWS, replace=False)
        features, y = features.iloc[drawn], y[drawn]
    # The scorer `neg_log_loss` gives the same numbers, but refuses rows of one class only.
    found = permutation_importance(
        model, features, y, scoring=_negative_log_loss, n_repeats=repeats, random_state=seed
    )
    values = [
        Importance(feature=str(name), mean=float(mean), sd=float(sd), repeats=repeats, rows=len(y))
        for name, mean, sd in zip(
            features.columns, found.importances_mean, found.importances_std, strict=True
        )
    ]
    return tuple(sorted(values, key=lambda value: -value.mean))


def contributions(model: Any, features: pd.DataFrame) -> pd.DataFrame | None:
    """What each feature adds to the log-odds of being at risk, exactly.

    The terms of `log(risk / (1 - risk)) = base + sum of coefficient * encoded value`. A number is
    encoded as standard deviations from its training mean, so its contribution is relative to the
    mean training student; a category contributes its coefficient, or 0 if it has none.

    Args:
        model: A fitted model.
        features: Shape (rows, features).

    Returns:
        A frame in log-odds with the index and the column order of `features` and a last column
        `base`; a row sums to the log-odds of its risk. None if the model is not a logistic
        regression on encoded features, as nothing exact can be said then.
    """
    linear = _linear(model)
    if linear is None:
        return None
    preprocessing, estimator = linear
    owners = [feature for feature, _ in _encoded(preprocessing)]
    terms = np.asarray(preprocessing.transform(features)) * estimator.coef_[0]
    columns = [str(name) for name in features.columns if name in owners]
    summed = [terms[:, [owner == name for owner in owners]].sum(axis=1) for name in columns]
    base = np.full(len(features), float(estimator.intercept_[0]))
    return pd.DataFrame(
        np.column_stack([*summed, base]), index=features.index, columns=[*columns, BASE]
    )


def effects(model: Any, dataset: DatasetConfig) -> tuple[Effect, ...]:
    """The coefficients of a linear model in the order of the contract; empty for another model."""
    linear = _linear(model)
    if linear is None:
        return ()
    preprocessing, estimator = linear
    encoded = _encoded(preprocessing)
    units = _units(preprocessing)
    found = [
        Effect(
            feature=feature if category is None else f"{feature}={category}",
            unit=units[feature] if category is None else 1.0,
            log_odds=float(coefficient),
        )
        for (feature, category), coefficient in zip(encoded, estimator.coef_[0], strict=True)
    ]
    order = list(dataset.features)
    ranks = [order.index(feature) for feature, _ in encoded]
    return tuple(found[i] for i in np.argsort(ranks, kind="stable"))


def _negative_log_loss(model: Any, features: pd.DataFrame, y: Labels) -> float:
    return -float(log_losses(y, risk(model, features)).mean())


def _linear(model: Any) -> tuple[ColumnTransformer, LogisticRegression] | None:
    """The two parts of a pipeline as `models.build` makes it, if it is linear."""
    if not isinstance(model, Pipeline) or len(model.steps) != 2:
        return None
    preprocessing, estimator = (part for _, part in model.steps)
    if not isinstance(preprocessing, ColumnTransformer):
        return None
    return (preprocessing, estimator) if type(estimator) is LogisticRegression else None


def _encoded(preprocessing: ColumnTransformer) -> list[tuple[str, str | None]]:
    """Feature and, if it is one, category behind each encoded column, in their order."""
    found: list[tuple[str, str | None]] = []
    for _, transformer, columns in preprocessing.transformers_:
        last = _last(transformer)
        if isinstance(last, OneHotEncoder):
            dropped = [None] * len(columns) if last.drop_idx_ is None else last.drop_idx_
            for name, categories, out in zip(columns, last.categories_, dropped, strict=True):
                found += [(str(name), str(c)) for i, c in enumerate(categories) if i != out]
        elif not isinstance(last, str):  # "drop" stands for columns that are left out
            found += [(str(name), None) for name in columns]
    return found


def _units(preprocessing: ColumnTransformer) -> dict[str, float]:
    """Standard deviation of each scaled number in the training rows."""
    return {
        str(name): float(scale)
        for _, transformer, columns in preprocessing.transformers_
        if isinstance(scaler := _last(transformer), StandardScaler)
        for name, scale in zip(columns, scaler.scale_, strict=True)
    }


def _last(transformer: Any) -> Any:
    return transformer[-1] if isinstance(transformer, Pipeline) else transformer
