"""Step 2: divide the students."""

import logging
from typing import Annotated

import pandas as pd
from zenml import step

from materializers import ParquetMaterializer
from steps.caching import CODE_AWARE
from student_performance import splitting
from student_performance.config import DatasetConfig, SplitConfig

logger = logging.getLogger(__name__)


# One entry an output: given a single materializer, ZenML takes the outputs' order from a set, and
# with it the cache key, so that another process would miss the cache at random.
@step(
    cache_policy=CODE_AWARE,
    output_materializers={"train": ParquetMaterializer, "test": ParquetMaterializer},
)
def split(
    table: pd.DataFrame, dataset: DatasetConfig, config: SplitConfig, folds: int
) -> tuple[Annotated[pd.DataFrame, "train"], Annotated[pd.DataFrame, "test"]]:
    """Divide the students into a training part and a hold-out."""
    train, test = splitting.split(table, dataset, config, folds)
    logger.info("split: %s rows to learn from, %s held out", f"{len(train):,}", f"{len(test):,}")
    return train, test
