"""Step 4: look at the hold-out once and record the training."""

import logging
from pathlib import Path
from typing import Annotated

import pandas as pd
from sklearn.base import BaseEstimator
from zenml import get_step_context, step

import student_performance
from materializers import RecordMaterializer
from steps.caching import CODE_AWARE, code_state
from steps.mlflow_store import active_store
from student_performance import evaluation
from student_performance.config import LearningConfig
from student_performance.contract import DatasetConfig
from student_performance.evaluation import EvaluationReport
from student_performance.leakage import LeakageReport
from student_performance.provenance import git_commit
from student_performance.records import Provenance, TrackedModel
from student_performance.registry import Tracker
from student_performance.splitting import Division
from student_performance.training import Comparison
from student_performance.tuning import Setup

logger = logging.getLogger(__name__)


@step(
    cache_policy=CODE_AWARE,
    experiment_tracker=True,
    output_materializers={"report": RecordMaterializer, "tracked_model": RecordMaterializer},
)
def evaluate(
    model: BaseEstimator,
    comparison: Comparison,
    setup: Setup,
    leakage: LeakageReport,
    division: Division,
    test: pd.DataFrame,
    dataset: DatasetConfig,
    config: LearningConfig,
    md5: str,
    tracker: str,
) -> tuple[Annotated[EvaluationReport, "report"], Annotated[TrackedModel, "tracked_model"]]:
    """Score the model on the hold-out and log the training to MLflow, model included, once.

    Args:
        model: The fitted model.
        comparison: The cross-validation that chose it.
        setup: Its calibration and threshold.
        leakage: What the guard found.
        division: How the table was divided.
        test: The hold-out.
        dataset: The contract.
        config: How the model was learnt.
        md5: MD5 of the raw file.
        tracker: Identity of the MLflow experiment; part of the cache key, so that a training is
            logged again where the experiment was deleted.
    """
    tracker_of_stack = Tracker(active_store())
    tracker_of_stack.claim_run()
    before = (comparison, setup, division, leakage)
    report = evaluation.evaluate(model, test, dataset, before, config)
    logger.info("evaluate: hold-out accuracy %s", report.scores["accuracy"].text())
    origin = Provenance(
        data_md5=md5,
        git_commit=git_commit(Path(str(student_performance.__file__)).parent),
        zenml_run_id=str(get_step_context().pipeline_run.id),
        code_sha256=code_state(),
    )
    tracked = tracker_of_stack.log_training(model, report, config, dataset, origin)
    logger.info("evaluate: logged as MLflow run %s", tracked.run_id)
    return report, tracked
