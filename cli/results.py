"""What a training ended in, gathered from the ZenML run and the registry."""

from datetime import datetime, timedelta
from typing import Any

from zenml.models import PipelineRunResponse, StepRunResponse

from student_performance.evaluation import EvaluationReport
from student_performance.records import Verdict
from student_performance.registry import Registry, Store
from student_performance.strict import Strict


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


def collect(
    run: PipelineRunResponse, stack: str, path: str, md5: str, store: Store
) -> TrainingResult:
    """Gather the result of a finished pipeline run."""
    steps = run.steps
    report: EvaluationReport = _output(steps["evaluate"], "report")
    verdict: Verdict = _output(steps["decide"], "decision")
    registry = Registry(store)
    name = report.dataset
    version = registry.version(name, verdict.version) if verdict.version else None
    order = ("load", "split", "train", "evaluate", "decide")
    return TrainingResult(
        dataset=name,
        data=path,
        data_md5=md5,
        stack=stack,
        zenml_run=run.name,
        zenml_run_id=str(run.id),
        steps=tuple(_state(steps[step]) for step in order),
        report=report,
        verdict=verdict,
        aliases=registry.aliases(name),
        model_uri=version.uri if version else None,
        registered_at=version.created if version else None,
    )


def _state(step: StepRunResponse) -> StepState:
    taken = step.end_time - step.start_time if step.start_time and step.end_time else timedelta()
    return StepState(name=step.name, status=str(step.status), seconds=taken.total_seconds())


def _output(step: Any, name: str) -> Any:
    return step.outputs[name][0].load()
