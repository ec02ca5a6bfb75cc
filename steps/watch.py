"""The step of the monitoring pipeline: new students beside those of the version that serves."""

import logging
from typing import Annotated

from zenml import step

from materializers import RecordMaterializer
from steps.mlflow_store import active_store
from student_performance.config import TrainConfig
from student_performance.monitor_report import MonitorReport
from student_performance.monitoring import monitor
from student_performance.predictor import load_predictor
from student_performance.registry import Monitorings, Tracker

logger = logging.getLogger(__name__)


@step(enable_cache=False, output_materializers=RecordMaterializer)
def watch(
    path: str, labels: str | None, name: str, config: TrainConfig
) -> Annotated[MonitorReport, "monitoring"]:
    """Compare and keep the comparison.

    Never cached: another version may serve by now.

    Args:
        path: The table.
        labels: The table of outcomes, if there is one.
        name: The registered model; its champion is asked, by the contract that it was trained with.
        config: Intervals and the gate's limits.
    """
    store = active_store()
    predictor = load_predictor(store, name)
    report = Tracker(store).report(predictor.version.run_id)
    found = monitor(path, labels, predictor, report, config)
    logger.info("watch: %s students, %s", f"{found.scored:,}", found.level)
    Monitorings(store).log(found)
    return found
