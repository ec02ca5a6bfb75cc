"""Comparisons of new students with a version, kept in the tracker."""

import tempfile
from pathlib import Path

from mlflow.entities import Metric

from student_performance.errors import RegistryError
from student_performance.html import monitor_page
from student_performance.monitor_figures import draw_monitor
from student_performance.monitor_report import MonitorReport
from student_performance.registry.store import Store
from student_performance.run_record import monitor_metrics

_REPORT = "monitoring.json"


class Monitorings:
    """The comparisons of a data set; they stand in the experiment `NAME.monitoring`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._client = store.client

    def log(self, report: MonitorReport) -> str:
        """Keep a comparison as a run of its own; returns its identifier."""
        experiment = self._store.experiment_id(f"{report.dataset}.monitoring")
        tags = {"version": report.version, "data_md5": report.data_md5, "level": report.level}
        now = int(report.at.timestamp() * 1000)
        last = self._client.search_runs([experiment], max_results=1)
        started = max(now, last[0].info.start_time + 1) if last else now  # clocks are moved back
        made = self._client.create_run(experiment, start_time=started, tags=tags)
        run_id = str(made.info.run_id)
        values = monitor_metrics(report).items()
        self._client.log_batch(run_id, [Metric(key, value, now, 0) for key, value in values])
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / _REPORT).write_text(report.model_dump_json(), encoding="utf-8")
            (Path(folder) / "monitoring.html").write_text(monitor_page(report), encoding="utf-8")
            for name, picture in draw_monitor(report).items():
                (Path(folder) / f"{name}.png").write_bytes(picture)
            self._client.log_artifacts(run_id, folder)
        self._client.set_terminated(run_id)  # until then it is not among the finished ones
        return run_id

    def newest(self, name: str, limit: int = 20) -> list[MonitorReport]:
        """The newest finished comparisons of a data set, the newest first.

        Raises:
            RegistryError: One of them is gone or of another release.
        """
        return [self._report(run_id) for run_id in self.runs(name, limit)]

    def runs(self, name: str, limit: int) -> list[str]:
        """Identifiers of the newest finished comparisons, the newest first."""
        known = self._client.get_experiment_by_name(f"{name}.monitoring")
        if known is None:
            return []
        found = self._client.search_runs(
            [known.experiment_id], "attributes.status = 'FINISHED'", max_results=limit
        )
        return [str(run.info.run_id) for run in found]

    def _report(self, run_id: str) -> MonitorReport:
        try:
            return MonitorReport.model_validate_json(self._store.read(f"runs:/{run_id}/{_REPORT}"))
        except ValueError as error:
            raise RegistryError(
                f"The comparison of MLflow run {run_id} is of another release.",
                "python run.py monitor --data FILE",
            ) from error
