"""Step 3: compare the candidates, fit the chosen one, calibrate it and set its threshold."""

import logging
from typing import Annotated

import pandas as pd
from sklearn.base import BaseEstimator
from zenml import step

from materializers import RecordMaterializer, SkopsMaterializer
from steps.caching import CODE_AWARE
from student_performance.config import LearningConfig
from student_performance.contract import DatasetConfig
from student_performance.training import Comparison, compare, fit_chosen
from student_performance.tuning import Setup, set_up

logger = logging.getLogger(__name__)


@step(
    cache_policy=CODE_AWARE,
    output_materializers={
        "model": SkopsMaterializer,
        "comparison": RecordMaterializer,
        "setup": RecordMaterializer,
    },
)
def train(
    rows: pd.DataFrame, validation: pd.DataFrame, dataset: DatasetConfig, config: LearningConfig
) -> tuple[
    Annotated[BaseEstimator, "model"],
    Annotated[Comparison, "comparison"],
    Annotated[Setup, "setup"],
]:
    """Choose on the training part, set up on the validation part; the hold-out is not given."""
    names, options = ", ".join(config.candidates), config.cross_validation
    logger.info("train: comparing %s in %s x %s folds", names, options.repeats, options.folds)
    comparison = compare(rows, dataset, config)
    logger.info("train: %s", comparison.why())
    fitted = fit_chosen(comparison, rows, dataset)
    model, setup = set_up(fitted, rows, validation, dataset, config)
    logger.info("train: %s", setup.calibration.text())
    return model, comparison, setup
