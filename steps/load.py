"""Step 1: read the table, hold it against its contract and look for leaks."""

import logging
from typing import Annotated

import pandas as pd
from zenml import step

from materializers import ParquetMaterializer, RecordMaterializer
from steps.caching import CODE_AWARE
from student_performance.contract import DatasetConfig
from student_performance.dataset import labelled, read, without_outcomes
from student_performance.digests import md5_of
from student_performance.errors import InvalidDataError
from student_performance.leakage import LeakageReport, inspect

logger = logging.getLogger(__name__)


@step(
    cache_policy=CODE_AWARE,
    output_materializers={"table": ParquetMaterializer, "leakage": RecordMaterializer},
)
def load(
    path: str, md5: str, dataset: DatasetConfig
) -> tuple[Annotated[pd.DataFrame, "table"], Annotated[LeakageReport, "leakage"]]:
    """Read the table and inspect it while the outcomes are still there.

    Args:
        path: A local path or an `s3://` address.
        md5: MD5 that the file had at the start; it is part of the cache key, so that changed bytes
            are read again.
        dataset: The contract.

    Returns:
        Identifiers, sensitive columns, features and the label `at_risk`; what the guard found.
    """
    if md5_of(path) != md5:
        raise InvalidDataError(f"{path} was changed while the run was starting; start it again.")
    frame = labelled(read(path, dataset), dataset)
    logger.info("load: %s rows keep the contract of %s", f"{len(frame):,}", dataset.name)
    leakage = inspect(frame, dataset)
    logger.info("load: %s leaks, %s suspicions", len(leakage.leaks), len(leakage.suspicions))
    return without_outcomes(frame, dataset), leakage
