"""From the rows of a part to numbers, and from sums over all parts to a fitted scikit-learn model.

The model is the same as the one that is learnt in memory: the same pipeline, fitted on a few rows
for its shape, with the numbers of all rows put in their places.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from student_performance.config import LogisticRegressionConfig
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK, features_of
from student_performance.models import build, fit

Floats = NDArray[np.float64]
_NUMBERS = "numbers"


@dataclass(frozen=True)
class Scale:
    """What preprocessing has learnt of the numbers, each of shape (numbers,).

    Attributes:
        fill: Median, which goes into empty cells.
        mean: Of the filled cells.
        variance: Of the filled cells.
        deviation: What is divided by: its root, or 1 where there is no spread.
        rows: How many were learnt from.
    """

    fill: Floats
    mean: Floats
    variance: Floats
    deviation: Floats
    rows: int


class Encoder:
    """Encodes features as the model's preprocessing does, and keeps empty cells apart.

    Numbers are centred and scaled by what a few rows say, so that sums over many keep their digits.

    Attributes:
        numbers: How many of the encoded columns, from the left, are numbers.
        columns: How many encoded columns there are.
        nullable: Which of the numbers may be empty.
        centre: What was subtracted from the numbers.
        unit: What they were divided by.
    """

    def __init__(self, rows: pd.DataFrame, dataset: DatasetConfig) -> None:
        self._rows, self._dataset = rows, dataset
        fitted = self._fitted(LogisticRegressionConfig(kind="logistic_regression"))
        parts = fitted["preprocessing"].transformers_
        self._parts = [(kind, part, list(names)) for kind, part, names in parts if len(names)]
        names = next((names for kind, _, names in self._parts if kind == _NUMBERS), [])
        self.numbers = len(names)
        self.nullable = np.flatnonzero([dataset.columns[name].nullable for name in names])
        self.columns = int(fitted["estimator"].coef_.shape[1])
        self.centre, self.unit = np.zeros(self.numbers), np.ones(self.numbers)
        if names:
            scaler = fitted["preprocessing"].named_transformers_[_NUMBERS][-1]
            self.centre, self.unit = scaler.mean_, scaler.scale_

    def design(self, rows: pd.DataFrame) -> Floats:
        """Shape (rows, columns + nullable + 1): see `Part`."""
        cells = [
            rows[names].to_numpy(np.float64) if kind == _NUMBERS else part.transform(rows[names])
            for kind, part, names in self._parts
        ]
        encoded = np.hstack(cells)
        encoded[:, : self.numbers] -= self.centre
        encoded[:, : self.numbers] /= self.unit
        empty = np.isnan(encoded[:, self.nullable])
        return np.hstack([np.nan_to_num(encoded, copy=False), empty, np.ones((len(rows), 1))])

    def scaling(self, scale: Scale) -> Floats:
        """The matrix that turns rows of the design into rows that the model's weights belong to.

        Those are filled and scaled as preprocessing does, a 1 for the intercept at the end; shape
        (columns + nullable + 1, columns + 1).
        """
        found = np.zeros((self.columns + len(self.nullable) + 1, self.columns + 1))
        factor = np.append(self.unit / scale.deviation, np.ones(self.columns - self.numbers))
        found[: self.columns, : self.columns] = np.diag(factor)
        filled = (scale.fill - self.centre) / scale.deviation
        for place, column in enumerate(self.nullable):
            found[self.columns + place, column] = filled[column]
        found[-1, : self.numbers] = (self.centre - scale.mean) / scale.deviation
        found[-1, -1] = 1
        return found

    def model(
        self, config: LogisticRegressionConfig, scale: Scale, weights: Floats, passes: int
    ) -> Any:
        """The fitted pipeline of scikit-learn.

        Args:
            config: The candidate.
            scale: What preprocessing has learnt.
            weights: Of the scaled columns, the intercept last.
            passes: Over the parts.
        """
        model = self._fitted(config)
        if self.numbers:
            imputer, scaler = model["preprocessing"].named_transformers_[_NUMBERS]
            imputer.statistics_ = scale.fill.copy()
            scaler.mean_, scaler.var_ = scale.mean.copy(), scale.variance.copy()
            scaler.scale_, scaler.n_samples_seen_ = scale.deviation.copy(), np.int64(scale.rows)
        model["estimator"].coef_ = weights[None, :-1].copy()
        model["estimator"].intercept_ = weights[-1:].copy()
        model["estimator"].n_iter_ = np.array([passes], np.int32)
        return model

    def _fitted(self, config: LogisticRegressionConfig) -> Any:
        labels = self._rows[AT_RISK].to_numpy(copy=True)
        return fit(build(config, self._dataset), features_of(self._rows, self._dataset), labels)
