"""Steps 1 to 3 with `engine=dask`: the same, for a table that is not held in memory."""

import logging
from typing import Annotated

import pandas as pd
from sklearn.base import BaseEstimator
from zenml import step

from materializers import ParquetMaterializer, RecordMaterializer, SkopsMaterializer
from steps.caching import CODE_AWARE
from student_performance.config import LearningConfig, SplitConfig
from student_performance.contract import DatasetConfig
from student_performance.digests import md5_of
from student_performance.errors import InvalidDataError
from student_performance.leakage import LeakageReport, inspect
from student_performance.parts.crew import crew
from student_performance.parts.dividing import divide
from student_performance.parts.learning import learn
from student_performance.parts.table import Survey, check_fits, survey
from student_performance.promotion import refuse_leaks
from student_performance.splitting import Division
from student_performance.training import Comparison
from student_performance.tuning import Setup, set_up

logger = logging.getLogger(__name__)


@step(
    name="load",
    cache_policy=CODE_AWARE,
    output_materializers={"table": RecordMaterializer, "leakage": RecordMaterializer},
)
def load_in_parts(
    path: str, md5: str, dataset: DatasetConfig, key: str
) -> tuple[Annotated[Survey, "table"], Annotated[LeakageReport, "leakage"]]:
    """Hold the table against its contract, part by part, and inspect a sample.

    Args:
        path: A Parquet file, or a folder or `s3://` prefix of such files.
        md5: Digest that the table had at the start.
        dataset: The contract.
        key: Of the hash that draws the sample.

    Returns:
        Where the table is and how large; what the guard found.
    """
    check_fits(path, dataset)
    if md5_of(path, any_size=True) != md5:
        raise InvalidDataError(f"{path} was changed while the run was starting; start it again.")
    with crew() as processes:
        found, sample = survey(processes, path, md5, dataset, key)
    logger.info(
        "load: %s rows in %s parts keep the contract of %s",
        f"{found.rows:,}", f"{found.parts:,}", dataset.name,
    )  # fmt: skip
    leakage = inspect(sample, dataset)
    logger.info("load: %s leaks, %s suspicions", len(leakage.leaks), len(leakage.suspicions))
    return found, leakage


@step(
    name="split",
    cache_policy=CODE_AWARE,
    output_materializers={
        "validation": ParquetMaterializer,
        "test": ParquetMaterializer,
        "division": RecordMaterializer,
    },
)
def split_in_parts(
    table: Survey,
    leakage: LeakageReport,
    dataset: DatasetConfig,
    config: SplitConfig,
    folds: int,
    min_test_rows: int,
) -> tuple[
    Annotated[pd.DataFrame, "validation"],
    Annotated[pd.DataFrame, "test"],
    Annotated[Division, "division"],
]:
    """Collect the rows that set up and judge, if nothing leaks; the others stay where they are."""
    refuse_leaks(leakage, config.test_share, min_test_rows)
    with crew() as processes:
        parts = divide(processes, table, dataset, config, folds)
    logger.info(
        "split: %s rows to learn from, %s to set up, %s held out (%s)",
        f"{parts.division.train_rows:,}",
        f"{len(parts.validation):,}",
        f"{len(parts.test):,}",
        parts.division.text(),
    )
    return parts.validation, parts.test, parts.division


@step(
    name="train",
    cache_policy=CODE_AWARE,
    output_materializers={
        "model": SkopsMaterializer,
        "comparison": RecordMaterializer,
        "setup": RecordMaterializer,
    },
)
def train_in_parts(
    table: Survey,
    division: Division,
    validation: pd.DataFrame,
    dataset: DatasetConfig,
    config: LearningConfig,
) -> tuple[
    Annotated[BaseEstimator, "model"],
    Annotated[Comparison, "comparison"],
    Annotated[Setup, "setup"],
]:
    """Choose and fit with sums over the parts, set up on the validation part."""
    with crew() as processes:
        learnt = learn(processes, table, validation, division, dataset, config)
    logger.info("train: %s", learnt.comparison.why())
    model, setup = set_up(learnt.model, learnt.sample, validation, dataset, config)
    logger.info("train: %s", setup.calibration.text())
    return model, learnt.comparison, setup
