"""What a version keeps as tags, and how it is read from them."""

from datetime import UTC, datetime

from mlflow.entities.model_registry import ModelVersion

from student_performance.contract import DatasetConfig
from student_performance.errors import RegistryError
from student_performance.evaluation import EvaluationReport
from student_performance.records import Judgement, TrackedModel, Version
from student_performance.run_record import question
from student_performance.splitting import Division
from student_performance.tuning import Threshold

JUDGEMENT = "judgement"
CONTRACT = "contract"
_NEEDED = ("division", "threshold", "data_md5")  # added after the first release


def tags_of(
    tracked: TrackedModel, judgement: Judgement, dataset: DatasetConfig, report: EvaluationReport
) -> dict[str, str]:
    """Everything that a version keeps about its model, in one write."""
    return {
        "model_id": tracked.model_id,  # MLflow's SQL registry does not give back its own
        "sha256": tracked.sha256,
        "question": question(dataset),
        "division": report.division.model_dump_json(),
        "threshold": report.setup.threshold.model_dump_json(),
        "holdout": tracked.holdout,
        "data_md5": tracked.data_md5,
        "candidate": tracked.candidate,
        "decision": judgement.decision.outcome,
        "decision.summary": judgement.decision.summary(),
        CONTRACT: dataset.model_dump_json(exclude_defaults=True),
        JUDGEMENT: judgement.model_dump_json(),
    }


def read_version(found: ModelVersion, aliases: dict[str, str]) -> Version:
    """A version from MLflow's record of it.

    Raises:
        RegistryError: An earlier release registered it without what is needed now.
    """
    number, tags = str(found.version), found.tags
    missing = [tag for tag in _NEEDED if tag not in tags]
    if missing:
        raise RegistryError(
            f"Version {number} of {found.name} was registered by an earlier release, which did not"
            f" keep: {', '.join(missing)}. Delete that model in MLflow, or keep new stores"
            " elsewhere with STUDENT_PERFORMANCE_HOME.",
            "python run.py doctor",
        )
    return Version(
        name=found.name,
        number=number,
        aliases=tuple(alias for alias, target in aliases.items() if target == number),
        created=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC),
        model_id=tags["model_id"],
        run_id=found.run_id,
        source=found.source,
        sha256=tags["sha256"],
        question=tags["question"],
        division=Division.model_validate_json(tags["division"]),
        threshold=Threshold.model_validate_json(tags["threshold"]),
        data_md5=tags["data_md5"],
        candidate=tags["candidate"],
        judgement=Judgement.model_validate_json(tags[JUDGEMENT]),
        contract=DatasetConfig.model_validate_json(kept) if (kept := tags.get(CONTRACT)) else None,
    )
