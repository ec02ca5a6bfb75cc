"""The step of the inference pipeline: score a table with the version that serves."""

import logging
from typing import Annotated

from zenml import step

from materializers import RecordMaterializer
from steps.mlflow_store import active_store
from student_performance.batch import predict_file
from student_performance.batch_record import BatchRecord
from student_performance.predictor import load_predictor
from student_performance.registry import Tracker

logger = logging.getLogger(__name__)


@step(enable_cache=False, output_materializers=RecordMaterializer)
def score(path: str, out: str, name: str) -> Annotated[BatchRecord, "batch"]:
    """Score a table and keep what it looked like, for monitoring.

    Never cached: another version may serve by now, and the files may have been moved away.

    Args:
        path: The table.
        out: Where the risks go.
        name: The registered model; its champion is asked, by the contract that it was trained with.
    """
    store = active_store()
    predictor = load_predictor(store, name)
    logger.info("score: version %s of %s serves", predictor.version.number, name)
    record = predict_file(path, out, predictor)
    logger.info("score: %s of %s rows scored", f"{record.scored:,}", f"{record.rows:,}")
    Tracker(store).log_batch(record)
    return record
