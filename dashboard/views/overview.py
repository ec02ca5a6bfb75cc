"""The model that serves: how good it is, how sure that is, and why it may."""

import streamlit as st

from dashboard import charts, live, parts
from dashboard.views.monitoring import light
from dashboard.words import Words
from student_performance.audit import AuditRecord
from student_performance.evaluation import EvaluationReport
from student_performance.records import Version


def show(name: str, words: Words) -> None:
    """Draw the page for a data set."""
    st.title(words("overview.title"), anchor=False)
    version = live.champion(name)
    if version is None:
        _nothing_serves(name, words)
        return
    report = live.report(version.run_id)
    _headline(version, words)
    _scores(report, words)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _limits(report, words)
    with right:
        _decision(version, words)
        st.subheader(words("overview.health_title"), anchor=False)
        _health(version, words)


def _nothing_serves(name: str, words: Words) -> None:
    runs = [run for run in live.runs(name, 20) if run.decision]
    command = f"python run.py train --dataset {name}"
    if not runs:
        parts.empty(words("overview.none_title"), words("overview.none_text"), command, words)
        return
    parts.empty(words("overview.refused_title"), words("overview.refused_text"), command, words)
    last = runs[0]
    st.write(words("overview.last_run", when=parts.moment(last.started)))
    st.markdown(f"> {parts.plain(last.summary or last.decision or '')}")


def _last_move(version: Version) -> AuditRecord | None:
    """The move by which the version serves."""
    moves = [
        record
        for record in live.audit(version.name)
        if record.done and (record.alias, record.to_version) == ("champion", version.number)
    ]
    return moves[-1] if moves else None


def _headline(version: Version, words: Words) -> None:
    move = _last_move(version)
    candidate = parts.candidate(version.candidate)
    st.subheader(
        words("overview.version", number=version.number, candidate=candidate), anchor=False
    )
    since = parts.moment(move.at if move else version.created)
    st.caption(words("overview.since", when=since, data=version.data_md5[:8]))


def _health(version: Version, words: Words) -> None:
    """The newest comparison of new students with the version that serves."""
    reports = [r for r in live.monitorings(version.name, 20) if r.version == version.number]
    if not reports:
        st.markdown(f":gray[:material/circle:] {words('overview.health_none')}")
        return
    st.markdown(light(reports[0], words))
    st.caption(f"{parts.moment(reports[0].at)}: {reports[0].advice()}")


def _scores(report: EvaluationReport, words: Words) -> None:
    accuracy, ranking = report.scores["accuracy"], report.scores["roc_auc"]
    calibration = report.scores["calibration_error"]
    majority, average = (
        parts.percent(report.baseline[name].value, words)
        for name in ("accuracy", "calibration_error")
    )
    shown = (
        ("accuracy", parts.percent(accuracy.value, words),
         (parts.percent(accuracy.low, words), parts.percent(accuracy.high, words)),
         words("overview.beside_majority", baseline=majority)),
        ("roc_auc", parts.number(ranking.value, words),
         (parts.number(ranking.low, words), parts.number(ranking.high, words)),
         words("overview.beside_coin")),
        ("calibration", parts.percent(calibration.value, words),
         (parts.percent(calibration.low, words), parts.percent(calibration.high, words)),
         words("overview.beside_average", baseline=average)),
    )  # fmt: skip
    for column, (name, value, (low, high), beside) in zip(st.columns(3), shown, strict=True):
        with column, st.container(border=True, height="stretch"):
            st.metric(words(f"overview.{name}"), value, help=words(f"overview.{name}_help"))
            st.caption(words("overview.interval", low=low, high=high))
            st.caption(beside)
    share = parts.percent(report.prevalence, words)
    rows = parts.number(report.n_test, words, 0)
    st.caption(words("overview.holdout", rows=rows, share=share))


def _limits(report: EvaluationReport, words: Words) -> None:
    st.subheader(words("overview.limits_title"), anchor=False)
    known = [("model", report.scores), ("baseline", report.baseline)]
    if report.ceiling:
        known.append(("truth", report.ceiling.scores))
    marks = [
        charts.Mark(words(f"overview.{name}"), score.value, score.low, score.high, colour)
        for (name, scores), colour in zip(known, charts.series(), strict=False)
        for score in (scores["accuracy"],)
    ]
    st.altair_chart(charts.ruler(marks, words("overview.axis_accuracy")))
    if report.ceiling is None:
        st.caption(words("overview.limits_unknown"))
        return
    gap = report.ceiling.scores["accuracy"].value - report.scores["accuracy"].value
    st.write(words("overview.distance", gap=parts.number(100 * gap, words, 1)))
    st.caption(words("overview.limits_text"))


def _decision(version: Version, words: Words) -> None:
    st.subheader(words("overview.decision_title"), anchor=False)
    decision, move = version.judgement.decision, _last_move(version)
    if move is None or move.reason.startswith("gate: "):
        st.write(words("overview.by_gate"))
    else:
        by = words(
            "overview.by_person", actor=parts.plain(move.actor), reason=parts.plain(move.reason)
        )
        st.markdown(by)
    st.caption(words(f"overview.judged_{decision.outcome}"))
    parts.reasons(decision.reasons)
