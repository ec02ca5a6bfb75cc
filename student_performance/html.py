"""HTML views of tables, comparisons, reports and decisions, for the ZenML dashboard and MLflow."""

import base64
from typing import Any

import pandas as pd
from sklearn.utils import estimator_html_repr

from student_performance.batch_record import BatchRecord
from student_performance.evaluation import EvaluationReport
from student_performance.figures import draw_all
from student_performance.leakage import LeakageReport
from student_performance.metrics import LABELS
from student_performance.monitor_figures import draw_monitor
from student_performance.monitor_report import MonitorReport
from student_performance.parts.table import Survey
from student_performance.records import TrackedModel, Verdict
from student_performance.rendering import render
from student_performance.splitting import Division
from student_performance.training import Comparison
from student_performance.tuning import Setup

_HIDDEN = 10  # a quantile with fewer students beyond it would tell about single people
_QUANTILES = (0.05, 0.5, 0.95)


def table_page(table: pd.DataFrame) -> str:
    """Rows and spread of each column; never a student's row, and nothing about fewer than 10."""
    columns = [
        {
            "name": name,
            "type": str(cells.dtype),
            "missing": int(cells.isna().sum()),
            "distinct": int(cells.nunique()),
            "quantiles": cells.quantile(list(_QUANTILES)).tolist() if _may_show(cells) else None,
        }
        for name, cells in table.items()
    ]
    return render("table.html.j2", rows=len(table), columns=columns)


def _may_show(cells: pd.Series) -> bool:
    is_number = cells.dtype != "bool" and pd.api.types.is_numeric_dtype(cells)
    return bool(is_number and cells.notna().sum() * min(_QUANTILES) >= _HIDDEN)


def leakage_page(leakage: LeakageReport) -> str:
    """What the leakage guard looked at and found."""
    return render("leakage.html.j2", leakage=leakage)


def survey_page(survey: Survey) -> str:
    """A table that was gone through in parts."""
    return render("survey.html.j2", survey=survey)


def division_page(division: Division) -> str:
    """How the table was divided."""
    return render("division.html.j2", division=division)


def setup_page(setup: Setup) -> str:
    """Calibration and threshold."""
    return render("setup.html.j2", setup=setup)


def comparison_page(comparison: Comparison) -> str:
    """The candidates in cross-validation."""
    return render("comparison.html.j2", comparison=comparison)


def report_page(report: EvaluationReport) -> str:
    """The evaluation with its figures inside."""
    images = {name: base64.b64encode(png).decode() for name, png in draw_all(report).items()}
    return render("report.html.j2", report=report, images=images, labels=LABELS)


def decision_page(verdict: Verdict) -> str:
    """The decision, every check behind it, and the version it was made about."""
    return render("decision.html.j2", decision=verdict.decision, verdict=verdict)


def monitor_page(report: MonitorReport) -> str:
    """New students beside those that a version learnt from."""
    figures = draw_monitor(report).items()
    images = {name: base64.b64encode(png).decode() for name, png in figures}
    return render("monitor.html.j2", report=report, images=images, labels=LABELS)


def batch_page(record: BatchRecord) -> str:
    """What a scored table looked like."""
    return render("batch.html.j2", record=record)


def tracked_model_page(tracked: TrackedModel) -> str:
    """Where a model is in the experiment tracker."""
    return render("tracked_model.html.j2", tracked=tracked)


def model_page(model: Any) -> str:
    """The pipeline as scikit-learn draws it."""
    return str(estimator_html_repr(model))
