"""HTML views of tables, comparisons, reports and decisions, for the ZenML dashboard and MLflow."""

import base64
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from sklearn.utils import estimator_html_repr

from student_performance.evaluation import EvaluationReport
from student_performance.figures import draw_all
from student_performance.metrics import LABELS
from student_performance.records import TrackedModel, Verdict
from student_performance.training import Comparison


def table_page(table: pd.DataFrame) -> str:
    """Rows and spread of each column; never a student's row."""
    columns = [
        {
            "name": name,
            "type": str(cells.dtype),
            "missing": int(cells.isna().sum()),
            "distinct": int(cells.nunique()),
            "quantiles": cells.quantile([0.05, 0.5, 0.95]).tolist()
            if pd.api.types.is_numeric_dtype(cells)
            else None,
        }
        for name, cells in table.items()
    ]
    return _render("table.html.j2", rows=len(table), columns=columns)


def comparison_page(comparison: Comparison) -> str:
    """The candidates in cross-validation."""
    return _render("comparison.html.j2", comparison=comparison)


def report_page(report: EvaluationReport) -> str:
    """The evaluation with its figures inside."""
    images = {name: base64.b64encode(png).decode() for name, png in draw_all(report).items()}
    return _render("report.html.j2", report=report, images=images, labels=LABELS)


def decision_page(verdict: Verdict) -> str:
    """The decision, every check behind it, and the version it was made about."""
    return _render("decision.html.j2", decision=verdict.decision, verdict=verdict)


def tracked_model_page(tracked: TrackedModel) -> str:
    """Where a model is in the experiment tracker."""
    return _render("tracked_model.html.j2", tracked=tracked)


def model_page(model: Any) -> str:
    """The pipeline as scikit-learn draws it."""
    return str(estimator_html_repr(model))


@cache
def _environment() -> Environment:
    loader = PackageLoader("student_performance")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(values)
