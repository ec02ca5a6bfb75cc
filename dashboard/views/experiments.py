"""Every training, and chosen ones side by side."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts, live, parts
from dashboard.words import Words
from student_performance.errors import RegistryError
from student_performance.evaluation import EvaluationReport
from student_performance.metrics import Estimate
from student_performance.records import RunSummary
from student_performance.settings import mlflow_page, zenml_page

_MOST = 5  # trainings side by side
_PERCENT = 0.01
_SCORES = ("accuracy", "roc_auc", "log_loss")


def show(name: str, words: Words) -> None:
    """Draw the page for a data set."""
    st.title(words("experiments.title"), anchor=False)
    with st.spinner(words("experiments.reading")):
        history = live.history(name)
    runs = sorted(history.runs.values(), key=lambda run: run.started, reverse=True)
    if not runs:
        command = f"python run.py train --dataset {name}"
        parts.empty(words("experiments.none_title"), words("experiments.none_text"), command, words)
        return
    chosen = _history(_filtered(runs, words), name, words)
    older = st.container()
    st.divider()
    if len(chosen) > _MOST:
        st.warning(words("experiments.too_many", most=_MOST), icon=":material/warning:")
    if chosen:
        _compare(chosen[:_MOST], words)
    else:
        st.info(words("experiments.choose", most=_MOST), icon=":material/touch_app:")
    if not history.complete:  # the newest are there to be worked with in the meantime
        with older, st.spinner(words("experiments.older")):
            live.read_older(name)
        st.rerun()


def _filtered(runs: list[RunSummary], words: Words) -> list[RunSummary]:
    left, right = st.columns(2)
    with left:
        known = sorted({_decision(run, words) for run in runs})
        decisions = st.multiselect(words("experiments.decision"), known)
    with right:
        names = sorted({parts.candidate(run.candidate) for run in runs if run.candidate})
        candidates = st.multiselect(words("experiments.candidate"), names)
    return [
        run
        for run in runs
        if (not decisions or _decision(run, words) in decisions)
        and (not candidates or parts.candidate(run.candidate or "") in candidates)
    ]


def _decision(run: RunSummary, words: Words) -> str:
    return words(f"decision.{run.decision or 'none'}")


def _history(runs: list[RunSummary], name: str, words: Words) -> list[RunSummary]:
    """The table of trainings; returns those that are ticked."""

    def values(score: str, unit: float = 1) -> list[float | None]:
        found: list[Estimate | None] = [getattr(run, score) for run in runs]
        return [estimate.value / unit if estimate else None for estimate in found]

    table = pd.DataFrame(
        {
            "started": [run.started for run in runs],
            "candidate": [parts.candidate(run.candidate or "–") for run in runs],
            "accuracy": values("accuracy", _PERCENT),
            "baseline_accuracy": values("baseline_accuracy", _PERCENT),
            "roc_auc": values("roc_auc"),
            "log_loss": values("log_loss"),
            "decision": [_decision(run, words) for run in runs],
            "version": [int(run.version) if run.version else None for run in runs],
            "run": [run.run_id[:8] for run in runs],
        }
    )
    st.caption(words("experiments.found", count=parts.number(len(runs), words, 0)))
    picked = st.dataframe(
        table, hide_index=True, column_config=_columns(words), on_select="rerun", placeholder="–",
        selection_mode="multi-row", key=f"history.{name}",
    )  # fmt: skip
    return [runs[row] for row in picked.selection.rows if row < len(runs)]


def _columns(words: Words) -> dict[str, Any]:
    share, score, column = "%.1f %%", "%.3f", st.column_config
    return {
        "started": column.DatetimeColumn(words("experiments.started"), format="YYYY-MM-DD HH:mm"),
        "candidate": words("experiments.candidate"),
        "accuracy": column.NumberColumn(words("overview.accuracy"), format=share),
        "baseline_accuracy": column.NumberColumn(words("experiments.majority"), format=share),
        "roc_auc": column.NumberColumn(words("overview.roc_auc"), format=score),
        "log_loss": column.NumberColumn(words("experiments.log_loss"), format=score),
        "decision": words("experiments.decision"),
        "version": column.NumberColumn(words("model.version"), format="%d"),
        "run": words("experiments.run"),
    }


def _compare(runs: list[RunSummary], words: Words) -> None:
    st.subheader(words("experiments.side_by_side"), anchor=False)
    reports = {}
    for run in runs:
        if run.accuracy is None:
            st.caption(words("experiments.not_judged", run=_label(run)))
            continue
        try:
            reports[_label(run)] = live.report(run.run_id)
        except RegistryError as error:
            st.warning(parts.plain(error.message), icon=":material/warning:")
    _links(runs, words)
    if reports:
        _scores(reports, words)
        _overlaid(reports, words)
    _parameters(runs, words)


def _label(run: RunSummary) -> str:
    version = f"v{run.version}" if run.version else run.run_id[:8]
    return f"{version} · {run.started:%m-%d %H:%M}"


def _links(runs: list[RunSummary], words: Words) -> None:
    mlflow, zenml = mlflow_page(), zenml_page()
    for run in runs:
        links = []
        if mlflow:
            links.append(f"[MLflow]({mlflow}/#/experiments/{run.experiment_id}/runs/{run.run_id})")
        if zenml and run.zenml_run_id:
            links.append(f"[ZenML]({zenml}/projects/default/runs/{run.zenml_run_id})")
        if links:
            st.markdown(" · ".join([f"**{_label(run)}**", *links]))
    if mlflow and zenml:
        return
    with st.expander(words("experiments.open"), icon=":material/open_in_new:"):
        if not mlflow:
            st.caption(words("experiments.open_mlflow"))
            uri = live.store().tracking_uri
            st.code(f"mlflow ui --port 5000 --backend-store-uri {uri}", language="bash")
        if not zenml:
            st.caption(words("experiments.open_zenml"))
            st.code("python run.py lineage", language="bash")


def _scores(reports: dict[str, EvaluationReport], words: Words) -> None:
    for column, score in zip(st.columns(len(_SCORES)), _SCORES, strict=True):
        marks = [
            charts.Mark(label, found.value, found.low, found.high, colour)
            for (label, report), colour in zip(reports.items(), charts.series(), strict=False)
            if (found := report.scores.get(score))  # one outcome alone cannot be ranked
        ]
        if marks:
            form = ".1%" if score == "accuracy" else ".3f"
            column.altair_chart(charts.ruler(marks, words(f"experiments.{score}"), form))


def _overlaid(reports: dict[str, EvaluationReport], words: Words) -> None:
    left, right = st.columns(2)
    with left:
        curves = {label: report.roc for label, report in reports.items()}
        st.markdown(f"**{words('model.roc')}**")
        st.altair_chart(charts.roc(curves, words("model.roc_x"), words("model.roc_y")))
    with right:
        bins = {label: report.reliability for label, report in reports.items()}
        axes = (words("model.calibration_x"), words("model.calibration_y"))
        st.markdown(f"**{words('model.calibration')}**")
        st.altair_chart(charts.reliability(bins, *axes))


def _parameters(runs: list[RunSummary], words: Words) -> None:
    settings = pd.DataFrame({_label(run): live.parameters(run.run_id) for run in runs}).fillna("–")
    differs = settings.nunique(axis=1) > 1
    only = len(runs) > 1 and st.toggle(words("experiments.only_differences"), value=True)
    st.markdown(f"**{words('experiments.parameters')}**")
    if only and not differs.any():
        st.caption(words("experiments.no_differences"))
        return
    shown = settings[differs] if only else settings
    marked = shown.style.apply(
        lambda row: ["font-weight: 600; color: #D55E00" if differs[row.name] else ""] * len(row),
        axis=1,
    )
    st.dataframe(marked)
