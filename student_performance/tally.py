"""What a table of any size looked like to a model, in sums of a fixed size."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from student_performance.batch_record import RISK_BINS
from student_performance.drift import (
    FeatureCounts,
    FeatureDrift,
    FeatureReference,
    RiskReference,
    compare_counts,
    counts,
)
from student_performance.predictor import Predictor
from student_performance.resampling import Floats


@dataclass
class Tally:
    """Sums over the chunks of a table.

    Attributes:
        predictor: The model that scores it.
        before: The risks of its hold-out, where they are to be compared.
        rejected: Rows that could not be scored.
        flagged: Rows from the threshold on.
        total_risk: Sum of the risks.
        risks: Rows in each bin of the risk, of equal width.
        features: Counts of each feature.
    """

    predictor: Predictor
    before: RiskReference | None = None
    rejected: int = 0
    flagged: int = 0
    total_risk: float = 0.0
    risks: NDArray[np.int64] = field(default_factory=lambda: np.zeros(RISK_BINS, np.int64))
    features: dict[str, FeatureCounts] = field(default_factory=dict)

    @property
    def scored(self) -> int:
        """Rows with a risk."""
        return int(self.risks.sum())

    @property
    def mean_risk(self) -> float:
        """Of the rows with a risk; 0 where there are none."""
        return self.total_risk / max(self.scored, 1)

    def add(self, features: pd.DataFrame, risks: Floats) -> None:
        """Count the rows of a chunk."""
        self.flagged += int((risks >= self.predictor.version.threshold.value).sum())
        self.total_risk += float(risks.sum())
        self.risks += np.histogram(risks, bins=RISK_BINS, range=(0, 1))[0]
        for reference in self.predictor.reference:
            self._count(reference, features[reference.feature])
        if self.before is not None:
            self._count(self.before.distribution, pd.Series(risks))

    def drift(self) -> tuple[FeatureDrift, ...]:
        """The rows beside the training part of the model; the risks last where they are known."""
        references = list(self.predictor.reference)
        if self.before is not None:
            references.append(self.before.distribution)
        for reference in references:
            self._count(reference, pd.Series(dtype="float64"))  # a table may have no row
        return compare_counts(references, [self.features[one.feature] for one in references])

    def _count(self, reference: FeatureReference, cells: pd.Series) -> None:
        found = counts(reference, cells)
        before = self.features.get(reference.feature)
        self.features[reference.feature] = before + found if before else found
