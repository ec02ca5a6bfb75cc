"""Step 3: compare the candidates and fit the chosen one."""

import logging
from typing import Annotated

import pandas as pd
from sklearn.pipeline import Pipeline
from zenml import step

from materializers import RecordMaterializer, SkopsMaterializer
from steps.caching import CODE_AWARE
from student_performance.config import DatasetConfig, LearningConfig
from student_performance.training import Comparison, compare, fit

logger = logging.getLogger(__name__)


@step(
    cache_policy=CODE_AWARE,
    output_materializers={"model": SkopsMaterializer, "comparison": RecordMaterializer},
)
def train(
    rows: pd.DataFrame, dataset: DatasetConfig, config: LearningConfig
) -> tuple[Annotated[Pipeline, "model"], Annotated[Comparison, "comparison"]]:
    """Compare the candidates on the training part and fit the one with the lowest log loss."""
    names = ", ".join(config.candidates)
    logger.info("train: comparing %s in %s folds", names, config.cross_validation.folds)
    comparison = compare(rows, dataset, config)
    model = fit(comparison.chosen, rows, dataset, config)
    logger.info("train: %s has the lowest log loss", comparison.chosen)
    return model, comparison
