"""Step 5: put the model before the gate and register what comes out."""

import logging
from typing import Annotated

import pandas as pd
from sklearn.base import BaseEstimator
from zenml import step

from materializers import RecordMaterializer
from steps.mlflow_store import active_store
from student_performance.config import TrainConfig
from student_performance.contract import DatasetConfig
from student_performance.evaluation import EvaluationReport
from student_performance.judging import Candidate, judge
from student_performance.records import TrackedModel, Verdict

logger = logging.getLogger(__name__)


@step(enable_cache=False, output_materializers=RecordMaterializer)
def decide(
    model: BaseEstimator,
    tracked: TrackedModel,
    report: EvaluationReport,
    test: pd.DataFrame,
    dataset: DatasetConfig,
    config: TrainConfig,
) -> Annotated[Verdict, "decision"]:
    """Decide and register.

    Never cached: what the registry says may have changed since, and only it can tell. A model that
    was judged before is found there and not registered again.
    """
    candidate = Candidate(model=model, tracked=tracked, report=report, test=test)
    verdict = judge(candidate, dataset, config, active_store())
    logger.info("decide: %s", verdict.decision.summary())
    return verdict
