"""What the pages know of the store: asked once a minute at most, and again after Refresh."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from student_performance.audit import Alias, AuditRecord
from student_performance.comparison import Comparison, Step, compare, progress
from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig
from student_performance.decision_log import DecisionLog
from student_performance.errors import ProductError
from student_performance.evaluation import EvaluationReport
from student_performance.experiment import Experiment, ExperimentRecord
from student_performance.monitor_report import MonitorReport
from student_performance.records import RunSummary, Version
from student_performance.registry import Monitorings, Registry, Store, Tracker, answering
from student_performance.settings import local_tracking_uri

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
_SECONDS = 60
_BATCH = 100  # trainings
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
def aliases(name: str) -> dict[str, str]:
    """Version numbers by alias."""
    return Registry(store()).aliases(name)


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


@st.cache_data(ttl=_SECONDS, show_spinner=False)
@_asking
def monitorings(name: str, limit: int) -> list[MonitorReport]:
    """The newest comparisons of new students with the model, newest first."""
    return Monitorings(store()).newest(name, limit)


@st.cache_resource(show_spinner=False)
def _log() -> DecisionLog:
    return DecisionLog()


@st.cache_data(ttl=_SECONDS, show_spinner=False)
def experiments(name: str) -> list[ExperimentRecord]:
    """All experiments of a model, newest first."""
    return _log().history(name)


@st.cache_data(ttl=_SECONDS, show_spinner=False, max_entries=20)
def comparison(key: str, _experiment: Experiment) -> tuple[Comparison, tuple[Step, ...]]:
    """What the experiment with this identifier says by now, and how it came to it."""
    known = _log().decisions(_experiment), _log().outcomes(_experiment)
    return compare(_experiment, *known), progress(_experiment, *known)


@dataclass
class History:
    """The trainings of a data set that were read so far: MLflow reads about a hundred a second."""

    runs: dict[str, RunSummary] = field(default_factory=dict)
    complete: bool = False


@st.cache_resource(show_spinner=False)
def _history(name: str) -> History:
    return History()


def history(name: str) -> History:
    """The newest trainings as they are now, and the older ones that were read before."""
    known, newest = _history(name), runs(name, _BATCH)
    if not known.runs.keys() & {run.run_id for run in newest}:  # nobody has looked for long
        known.runs, known.complete = {}, len(newest) < _BATCH
    # Several readers share it: a dictionary that one of them walks through is never changed.
    known.runs = known.runs | {run.run_id: run for run in newest}
    return known


def read_older(name: str) -> None:
    """Read the next trainings before those that are known."""
    known = _history(name)
    oldest = min(run.started for run in known.runs.values())
    with answering(store()):
        found = Tracker(store()).runs(name, _BATCH, until=oldest)
    known.complete = {run.run_id for run in found} <= known.runs.keys()
    known.runs = known.runs | {run.run_id: run for run in found}


@st.cache_data(show_spinner=False, max_entries=50)
@_asking
def report(run_id: str) -> EvaluationReport:
    """The evaluation of a run; it never changes."""
    return Tracker(store()).report(run_id)


@st.cache_data(show_spinner=False, max_entries=50)
@_asking
def parameters(run_id: str) -> dict[str, str]:
    """Every setting of a training; they never change."""
    return Tracker(store()).parameters(run_id)


@st.cache_resource(show_spinner=False, max_entries=5)
@_asking
def model(run_id: str, _version: Version) -> Any:
    """The model behind a version of a run, after its checksum and its types were checked."""
    return Registry(store()).load(_version)


@st.cache_data(show_spinner=False, max_entries=5)
@_asking
def model_file(run_id: str, _version: Version) -> bytes:
    """The file of that model."""
    return Registry(store()).file(_version)


@st.cache_data(ttl=_SECONDS, show_spinner=False)
def contract(name: str) -> DatasetConfig:
    """What a table of the data set holds."""
    return load_configs(CONFIGS, name)[1]


def champion(name: str) -> Version | None:
    """The version that serves."""
    return next((v for v in versions(name) if "champion" in v.aliases), None)


def news(name: str) -> object:
    """Changes with the version that serves, trainings, comparisons, experiments, and the store.

    Short questions, so that they can be asked again and again.
    """
    try:
        with answering(store()):
            newest = Tracker(store()).runs(name, 1)
            trainings = [(run.run_id, run.status) for run in newest]
            compared = Monitorings(store()).runs(name, 1)
            return Registry(store()).aliases(name), trainings, compared, _log().history(name)
    except ProductError:
        return None


def promote(name: str, number: str, by: str, why: str) -> str:
    """Let a version serve, and forget what was known before; returns its number."""
    with answering(store()):
        Registry(store(), by).promote(name, number, why)
    return _moved(name)


def rollback(name: str, by: str, why: str) -> str:
    """Let the previous version serve again, and forget what was known before."""
    with answering(store()):
        Registry(store(), by).rollback(name, why)
    return _moved(name)


def _moved(name: str) -> str:
    refresh()
    return aliases(name)[Alias.CHAMPION]


def refresh() -> None:
    """Ask everything again, for all who look at this dashboard; the store may be another by now."""
    st.cache_data.clear()
    st.cache_resource.clear()
