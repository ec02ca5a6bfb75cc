"""Reports, comparisons and decisions as JSON."""

from typing import Any, ClassVar

from zenml.enums import ArtifactType
from zenml.metadata.metadata_types import MetadataType

from materializers.single_file import SingleFileMaterializer
from student_performance import html
from student_performance.batch_record import BatchRecord
from student_performance.evaluation import EvaluationReport
from student_performance.figures import draw_all
from student_performance.leakage import LeakageReport
from student_performance.monitor_figures import draw_monitor
from student_performance.monitor_report import MonitorReport
from student_performance.parts.table import Survey
from student_performance.records import TrackedModel, Verdict
from student_performance.run_record import batch_metrics, monitor_metrics
from student_performance.splitting import Division
from student_performance.strict import Strict
from student_performance.training import Comparison
from student_performance.tuning import Setup


class RecordMaterializer(SingleFileMaterializer):
    """A frozen record as one JSON file, with the page that people read."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (
        BatchRecord,
        MonitorReport,
        Survey,
        LeakageReport,
        Division,
        Comparison,
        Setup,
        EvaluationReport,
        TrackedModel,
        Verdict,
    )
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA_ANALYSIS
    FILE: ClassVar[str] = "record.json"

    def encode(self, data: Strict) -> bytes:
        """Indented JSON."""
        return data.model_dump_json(indent=2).encode()

    def decode(self, content: bytes, data_type: type[Strict]) -> Strict:
        """The record, validated."""
        return data_type.model_validate_json(content)

    def views(self, data: Strict) -> dict[str, str | bytes]:
        """The page of the record, and the figures of a report as pictures."""
        if isinstance(data, LeakageReport):
            return {"leakage.html": html.leakage_page(data)}
        if isinstance(data, Survey):
            return {"table.html": html.survey_page(data)}
        if isinstance(data, Division):
            return {"division.html": html.division_page(data)}
        if isinstance(data, Comparison):
            return {"comparison.html": html.comparison_page(data)}
        if isinstance(data, Setup):
            return {"setup.html": html.setup_page(data)}
        if isinstance(data, EvaluationReport):
            figures = {f"{name}.png": png for name, png in draw_all(data).items()}
            return {"report.html": html.report_page(data), **figures}
        if isinstance(data, Verdict):
            return {"decision.html": html.decision_page(data)}
        if isinstance(data, BatchRecord):
            return {"batch.html": html.batch_page(data)}
        if isinstance(data, MonitorReport):
            figures = {f"{name}.png": png for name, png in draw_monitor(data).items()}
            return {"monitoring.html": html.monitor_page(data), **figures}
        if isinstance(data, TrackedModel):
            return {"tracked_model.html": html.tracked_model_page(data)}
        raise TypeError(f"{type(data).__name__} has no page")

    def extract_metadata(self, data: Strict) -> dict[str, MetadataType]:
        """The figures that one looks for first."""
        if isinstance(data, Survey):
            return {"rows": data.rows, "share_at_risk": data.at_risk / data.rows}
        if isinstance(data, LeakageReport):
            return {"leaks": len(data.leaks), "suspicions": len(data.suspicions)}
        if isinstance(data, Setup):
            return {
                "threshold": data.threshold.value,
                "calibration": data.calibration.method,
            }
        if isinstance(data, Comparison):
            return {"chosen": data.chosen, "folds": data.folds, "rows": data.rows}
        if isinstance(data, EvaluationReport):
            return {name: score.value for name, score in data.scores.items()}
        if isinstance(data, BatchRecord):
            return {"version": data.version, **batch_metrics(data)}
        if isinstance(data, MonitorReport):
            return {"version": data.version, "verdict": data.level, **monitor_metrics(data)}
        if isinstance(data, Verdict):
            return {"outcome": str(data.decision.outcome), "version": data.version or "none"}
        return {name: str(value) for name, value in data.model_dump().items()}
