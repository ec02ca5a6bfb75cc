"""What the pages know of the store: asked once a minute at most, and again after Refresh."""

import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import streamlit as st

from student_performance.audit import AuditRecord
from student_performance.evaluation import EvaluationReport
from student_performance.records import RunSummary, Version
from student_performance.registry import Registry, Store, Tracker, answering
from student_performance.settings import local_tracking_uri

_SECONDS = 60
_P = ParamSpec("_P")
_T = TypeVar("_T")


@st.cache_resource(show_spinner=False)
def _open(tracking_uri: str) -> Store:
    return Store(tracking_uri)


def store() -> Store:
    """The MLflow store that `MLFLOW_TRACKING_URI` names, else that of the stack `local`."""
    return _open(os.environ.get("MLFLOW_TRACKING_URI") or local_tracking_uri())


def _asking(question: Callable[_P, _T]) -> Callable[_P, _T]:
    def asked(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        with answering(store()):
            return question(*args, **kwargs)

    asked.__name__ = asked.__qualname__ = question.__name__  # the cache goes by the name
    asked.__doc__ = question.__doc__
    return asked


@st.cache_data(ttl=_SECONDS, show_spinner=False)
@_asking
def versions(name: str) -> list[Version]:
    """All versions of a model, newest first."""
    return Registry(store()).versions(name)


@st.cache_data(ttl=_SECONDS, show_spinner=False)
@_asking
def audit(name: str) -> list[AuditRecord]:
    """Every alias move of a model, oldest first."""
    return Registry(store()).audit(name)


@st.cache_data(ttl=_SECONDS, show_spinner=False)
@_asking
def runs(name: str, limit: int) -> list[RunSummary]:
    """The newest trainings."""
    return Tracker(store()).runs(name, limit)


@st.cache_data(show_spinner=False, max_entries=50)
@_asking
def report(run_id: str) -> EvaluationReport:
    """The evaluation of a run; it never changes."""
    return Tracker(store()).report(run_id)


def champion(name: str) -> Version | None:
    """The version that serves."""
    return next((v for v in versions(name) if "champion" in v.aliases), None)


def refresh() -> None:
    """Ask everything again, for all who look at this dashboard; the store may be another by now."""
    st.cache_data.clear()
    _open.clear()
