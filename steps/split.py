"""Step 2: refuse a table that leaks, and divide the students of another."""

import logging
from typing import Annotated

import pandas as pd
from zenml import step

from materializers import ParquetMaterializer, RecordMaterializer
from steps.caching import CODE_AWARE
from student_performance import splitting
from student_performance.config import SplitConfig
from student_performance.contract import DatasetConfig
from student_performance.leakage import LeakageReport
from student_performance.promotion import refuse_leaks
from student_performance.splitting import Division

logger = logging.getLogger(__name__)


# One entry an output: given a single materializer, ZenML takes the outputs' order from a set, and
# with it the cache key, so that another process would miss the cache at random.
@step(
    cache_policy=CODE_AWARE,
    output_materializers={
        "train": ParquetMaterializer,
        "validation": ParquetMaterializer,
        "test": ParquetMaterializer,
        "division": RecordMaterializer,
    },
)
def split(
    table: pd.DataFrame,
    leakage: LeakageReport,
    dataset: DatasetConfig,
    config: SplitConfig,
    folds: int,
    min_test_rows: int,
) -> tuple[
    Annotated[pd.DataFrame, "train"],
    Annotated[pd.DataFrame, "validation"],
    Annotated[pd.DataFrame, "test"],
    Annotated[Division, "division"],
]:
    """Divide the students into training part, validation part and hold-out, if nothing leaks."""
    by_student = config.by == "student" or dataset.cohort_column is None
    refuse_leaks(leakage, config.test_share if by_student else None, min_test_rows)
    parts = splitting.split(table, dataset, config, folds)
    left_out = parts.division.left_out
    logger.info(
        "split: %s rows to learn from, %s to set up, %s held out (%s)%s",
        f"{len(parts.train):,}",
        f"{len(parts.validation):,}",
        f"{len(parts.test):,}",
        parts.division.text(),
        f"; {left_out:,} earlier rows of its students left out" if left_out else "",
    )
    return parts.train, parts.validation, parts.test, parts.division
