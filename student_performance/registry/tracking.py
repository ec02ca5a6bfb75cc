"""Experiment tracking: what one training leaves behind, and the list of all trainings."""

import os
import socket
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow
import psutil
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.mlflow_tags import MLFLOW_GIT_COMMIT
from numpy import dtype

from student_performance import model_files
from student_performance.batch_record import BatchRecord
from student_performance.config import LearningConfig
from student_performance.contract import DatasetConfig
from student_performance.errors import RegistryError
from student_performance.evaluation import EvaluationReport
from student_performance.figures import draw_all
from student_performance.html import report_page
from student_performance.metrics import Estimate
from student_performance.promotion import Decision
from student_performance.provenance import requirements
from student_performance.records import Provenance, RunSummary, TrackedModel
from student_performance.registry.store import Store
from student_performance.run_record import (
    batch_metrics,
    metrics,
    parameters,
    synthetic_example,
)

MODEL_FILE = "model.skops"
_SERVING_LIBRARIES = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")
_PROCESS = "process"
_HOLDOUT = "holdout"
_REPORT = "report.json"


class Tracker:
    """The runs of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._client = store.client

    def claim_run(self) -> str:
        """Mark the active run as this process's, and close those whose process is gone.

        Raises:
            RegistryError: No run is active.
        """
        mlflow.set_tracking_uri(self._store.tracking_uri)
        run = mlflow.active_run()
        if run is None:
            raise RegistryError("No MLflow run is active: the stack has no experiment tracker.")
        self._client.set_tag(run.info.run_id, _PROCESS, _this_process())
        self._close_interrupted(run.info.experiment_id)
        return str(run.info.run_id)

    def log_training(
        self,
        model: Any,
        report: EvaluationReport,
        config: LearningConfig,
        dataset: DatasetConfig,
        origin: Provenance,
    ) -> TrackedModel:
        """Fill the active run with parameters, metrics, figures and the model, once.

        Raises:
            RegistryError: No run is active.
        """
        run_id = self.claim_run()
        now = int(datetime.now(UTC).timestamp() * 1000)
        holdout = report.division.holdout()
        tags = {MLFLOW_GIT_COMMIT: origin.git_commit, _HOLDOUT: holdout}
        # The model first: MLflow copies the metrics that a run has by then to its model, with one
        # request for each.
        logged = self._log_model(model, dataset)
        of_model = logged["model_id"]
        self._client.log_batch(
            run_id,
            metrics=[
                Metric(key, value, now, 0, model_id=of_model)
                for key, value in metrics(report).items()
            ],
            params=[Param(*item) for item in parameters(config, dataset, report).items()],
            tags=[RunTag(*item) for item in (tags | origin.model_dump()).items()],
        )
        self._log_pages(run_id, report)
        return TrackedModel(
            run_id=run_id,
            candidate=report.candidate,
            holdout=holdout,
            data_md5=origin.data_md5,
            **logged,
        )

    def looks(self, experiment: str, holdout: str) -> int:
        """How many trainings of an experiment were judged on the same rows."""
        known = self._client.get_experiment_by_name(experiment)
        if known is None:
            return 0
        same = f"tags.{_HOLDOUT} = '{holdout}'"
        return len(self._client.search_runs([known.experiment_id], same, max_results=10_000))

    def log_batch(self, record: BatchRecord) -> str:
        """Keep what a scored table looked like as a run of its own; returns its identifier.

        Such runs stand in the experiment `NAME.batches`, apart from the trainings.
        """
        experiment = self._store.experiment_id(f"{record.dataset}.batches")
        tags = {"version": record.version, "data_md5": record.data_md5, "out": record.out}
        run = self._client.create_run(experiment, tags=tags)
        now = int(record.at.timestamp() * 1000)
        values = batch_metrics(record).items()
        self._client.log_batch(
            run.info.run_id, metrics=[Metric(key, value, now, 0) for key, value in values]
        )
        self._client.log_text(run.info.run_id, record.model_dump_json(), "batch.json")
        self._client.set_terminated(run.info.run_id)
        return str(run.info.run_id)

    def record_decision(self, run_id: str, decision: Decision) -> None:
        """Tag the run of a training with what became of its model."""
        self._client.set_tag(run_id, "decision", decision.outcome)
        self._client.set_tag(run_id, "decision.summary", decision.summary())

    def report(self, run_id: str) -> EvaluationReport:
        """The evaluation that a training left with its run.

        Raises:
            RegistryError: The run has none, or it is of another release.
        """
        sentence = f"The report of MLflow run {run_id} is gone or of another release."
        if _REPORT not in {file.path for file in self._client.list_artifacts(run_id)}:
            raise RegistryError(sentence, "python run.py runs")
        data = self._store.read(f"runs:/{run_id}/{_REPORT}")
        try:
            return EvaluationReport.model_validate_json(data)
        except ValueError as error:
            raise RegistryError(sentence, "python run.py runs") from error

    def folders(self, model: TrackedModel) -> tuple[str, str]:
        """Where the files of a training and of its model are: local paths, or addresses."""
        of_run = self._client.get_run(model.run_id).info.artifact_uri
        of_model = self._client.get_logged_model(model.model_id).artifact_location
        run, logged = (
            local_file_uri_to_path(uri) if uri.startswith("file:") else str(uri)
            for uri in (of_run, of_model)
        )
        return run, logged

    def parameters(self, run_id: str) -> dict[str, str]:
        """Every setting of a training by its dotted name."""
        return dict(self._client.get_run(run_id).data.params)

    def runs(
        self, experiment: str, limit: int = 20, until: datetime | None = None
    ) -> list[RunSummary]:
        """The newest trainings of an experiment, or the newest that began until a moment."""
        known = self._client.get_experiment_by_name(experiment)
        if known is None:
            return []
        began = f"attributes.start_time <= {until.timestamp() * 1000:.0f}" if until else ""
        found = self._client.search_runs([known.experiment_id], began, max_results=limit)
        versions = self._client.search_model_versions(f"name='{experiment}'", max_results=10_000)
        numbers = {version.run_id: str(version.version) for version in versions}
        return [_summary(run, numbers.get(run.info.run_id)) for run in found]

    def _log_model(self, model: Any, dataset: DatasetConfig) -> dict[str, str]:
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            serialization_format="skops",
            skops_trusted_types=list(model_files.TRUSTED_TYPES),
            signature=_signature(dataset),
            input_example=synthetic_example(dataset),
            pip_requirements=requirements(_SERVING_LIBRARIES),
            pyfunc_predict_fn="predict_proba",
        )
        place = self._client.get_logged_model(logged.model_id).artifact_location
        sha256 = model_files.digest(self._store.read(f"{place}/{MODEL_FILE}"))
        return {"model_id": str(logged.model_id), "sha256": sha256}

    def _log_pages(self, run_id: str, report: EvaluationReport) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "report.html").write_text(report_page(report), encoding="utf-8")
            (Path(folder) / _REPORT).write_text(report.model_dump_json(), encoding="utf-8")
            for name, png in draw_all(report).items():
                (Path(folder) / f"{name}.png").write_bytes(png)
            self._client.log_artifacts(run_id, folder)

    def _close_interrupted(self, experiment_id: str) -> None:
        """Mark runs as killed whose process on this machine is gone: nobody else can."""
        running = self._client.search_runs([experiment_id], "attributes.status = 'RUNNING'")
        host, _ = _this_process().split(":")
        for run in running:
            run_host, _, pid = run.data.tags.get(_PROCESS, "").partition(":")
            if run_host == host and not psutil.pid_exists(int(pid)):
                self._client.set_terminated(run.info.run_id, "KILLED")


def _this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _signature(dataset: DatasetConfig) -> ModelSignature:
    """Numbers are doubles, also whole ones, so that a missing one has a type."""
    inputs = [
        ColSpec(DataType.double if column.is_number else DataType.string, name)
        for name, column in dataset.features.items()
    ]
    chances = TensorSpec(dtype("float64"), (-1, 2))
    return ModelSignature(inputs=Schema(inputs), outputs=Schema([chances]))


def _summary(run: Run, version: str | None) -> RunSummary:
    values, tags = run.data.metrics, run.data.tags

    def estimate(name: str) -> Estimate | None:
        if name not in values:
            return None
        low, high = values[f"{name}_low"], values[f"{name}_high"]
        return Estimate(value=values[name], low=low, high=high, n=int(values["test_rows"]))

    return RunSummary(
        run_id=run.info.run_id,
        experiment_id=run.info.experiment_id,
        zenml_run_id=tags.get("zenml_run_id"),
        started=datetime.fromtimestamp(run.info.start_time / 1000, UTC),
        status=run.info.status.lower(),
        candidate=run.data.params.get("chosen"),
        accuracy=estimate("test_accuracy"),
        baseline_accuracy=estimate("baseline_test_accuracy"),
        roc_auc=estimate("test_roc_auc"),
        log_loss=estimate("test_log_loss"),
        decision=tags.get("decision"),
        summary=tags.get("decision.summary"),
        version=version,
    )
