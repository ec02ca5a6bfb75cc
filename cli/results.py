"""What a training ended in, gathered from the ZenML run and the registry."""

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from zenml.config.global_config import GlobalConfiguration
from zenml.models import PipelineRunResponse, StepRunResponse

from cli.unchanged import Left, databases_of
from stacks.zenml_store import local_store_file
from student_performance.errors import ProductError
from student_performance.evaluation import EvaluationReport
from student_performance.records import Verdict
from student_performance.registry import Registry, Store, Tracker, answering
from student_performance.strict import Strict

_ORDER = ("load", "split", "train", "evaluate", "decide")


class StepState(Strict):
    """A step, whether it was executed or answered from the cache, and how long that took."""

    name: str
    status: str
    seconds: float


class TrainingResult(Strict):
    """The whole result of one `run.py train`.

    Attributes:
        dataset: Data set, experiment and registered model.
        data: Address of the raw table.
        data_md5: Its MD5.
        stack: ZenML stack of the run.
        zenml_run: Name of the ZenML run.
        zenml_run_id: Its identifier.
        steps: The steps in order.
        report: The evaluation; metrics with intervals, candidates, curves.
        verdict: The decision, the logged model and the version.
        aliases: What the registry says now: version numbers by alias.
        model_uri: The version for MLflow; None if none was registered.
        registered_at: When that version was registered.
    """

    dataset: str
    data: str
    data_md5: str
    stack: str
    zenml_run: str
    zenml_run_id: str
    steps: tuple[StepState, ...]
    report: EvaluationReport
    verdict: Verdict
    aliases: dict[str, str]
    model_uri: str | None
    registered_at: datetime | None

    def again(self) -> "TrainingResult":
        """What the same command finds if nothing has changed since."""
        steps = tuple(StepState(name=s.name, status="cached", seconds=0) for s in self.steps)
        verdict = self.verdict.model_copy(
            update={"judged_before": self.verdict.version is not None}
        )
        return self.model_copy(update={"steps": steps, "verdict": verdict})


def collect(
    run: PipelineRunResponse, stack: str, path: str, md5: str, store: Store
) -> tuple[TrainingResult, Left | None]:
    """Gather the result of a finished pipeline run, and what it has left on this machine."""
    steps = run.steps  # ZenML is asked each time
    report: EvaluationReport = _output(steps["evaluate"], "report")
    verdict: Verdict = _output(steps["decide"], "decision")
    name = report.dataset
    left = _left_by(run, steps, name, store)
    registry = Registry(store)
    version = registry.version(name, verdict.version) if verdict.version else None
    result = TrainingResult(
        dataset=name,
        data=path,
        data_md5=md5,
        stack=stack,
        zenml_run=run.name,
        zenml_run_id=str(run.id),
        steps=tuple(_state(steps[step]) for step in _ORDER),
        report=report,
        verdict=verdict,
        aliases=registry.aliases(name),
        model_uri=version.uri if version else None,
        registered_at=version.created if version else None,
    )
    return result, left


def _left_by(
    run: PipelineRunResponse, steps: dict[str, StepRunResponse], name: str, store: Store
) -> Left | None:
    """What a run has left; None if that is not on this machine alone, or cannot be told."""
    zenml, mlflow = local_store_file(), store.local_file
    if zenml is None or mlflow is None:
        return None
    outputs = [made for step in steps.values() for made in step.outputs.values()]
    folders = [artifact.uri for made in outputs for artifact in made]
    try:
        with answering(store):
            folders += Tracker(store).folders(_output(steps["evaluate"], "tracked_model"))
        databases = databases_of(mlflow, zenml, name, str(run.id))
    except (ProductError, sqlite3.Error):
        return None
    if any("://" in folder for folder in folders):
        return None
    config = Path(GlobalConfiguration().config_directory) / "config.yaml"
    return Left(databases, tuple(map(Path, folders)), config)


def _state(step: StepRunResponse) -> StepState:
    taken = step.end_time - step.start_time if step.start_time and step.end_time else timedelta()
    return StepState(name=step.name, status=str(step.status), seconds=taken.total_seconds())


def _output(step: Any, name: str) -> Any:
    return step.outputs[name][0].load()
