"""Step 1: read the table and hold it against its contract."""

import logging
from typing import Annotated

import pandas as pd
from zenml import step

from materializers import ParquetMaterializer
from steps.caching import CODE_AWARE
from student_performance.config import DatasetConfig
from student_performance.dataset import load_table, md5_of
from student_performance.errors import InvalidDataError

logger = logging.getLogger(__name__)


@step(cache_policy=CODE_AWARE, output_materializers=ParquetMaterializer)
def load(path: str, md5: str, dataset: DatasetConfig) -> Annotated[pd.DataFrame, "table"]:
    """Read the table.

    Args:
        path: A local path or an `s3://` address.
        md5: MD5 that the file had at the start; it is part of the cache key, so that changed bytes
            are read again.
        dataset: The contract.

    Returns:
        Identifiers, sensitive columns, features and the label `at_risk`.
    """
    if md5_of(path) != md5:
        raise InvalidDataError(f"{path} was changed while the run was starting; start it again.")
    table = load_table(path, dataset)
    logger.info("load: %s rows keep the contract of %s", f"{len(table):,}", dataset.name)
    return table
