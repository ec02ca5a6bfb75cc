"""Whether the students are still those that the model learnt from, and the model still right."""

import streamlit as st

from dashboard import live, monitor_charts, parts
from dashboard.words import Words
from student_performance.monitor_report import MonitorReport

_SHOWN = 20
_LIGHTS = {
    "ok": ":green[:material/check_circle:]",
    "warn": ":orange[:material/warning:]",
    "drift": ":red[:material/error:]",
    "no_data": ":gray[:material/circle:]",
}


def light(report: MonitorReport, words: Words) -> str:
    """The verdict of a comparison as a coloured sign and a word."""
    return f"{_LIGHTS[report.level]} {words(f'monitoring.level_{report.level}')}"


def show(name: str, words: Words) -> None:
    """Draw the page for a data set."""
    st.title(words("monitoring.title"), anchor=False)
    reports = live.monitorings(name, _SHOWN)
    if not reports:
        command = f"python run.py monitor --dataset {name} --data FILE --labels FILE"
        parts.empty(words("monitoring.none_title"), words("monitoring.none_text"), command, words)
        return
    _newest(reports[0], words)
    st.subheader(words("monitoring.drift_title"), anchor=False)
    oldest_first = reports[::-1]
    cells = [
        monitor_charts.Tile(
            _second(report), _label(one.feature, name), max(one.psi - one.expected, 0.0),
            words(f"monitoring.level_{one.level}"), report.version, one.n,
        )
        for report in oldest_first
        for one in (*report.features, *([report.risk] if report.risk else []))
    ]  # fmt: skip
    titles = words("monitoring.axis_when"), words("monitoring.axis_psi")
    st.altair_chart(monitor_charts.heatmap(cells, *titles))
    st.caption(words("monitoring.drift_text"))
    _right(oldest_first, words)
    _table(reports, words)


def _label(feature: str, name: str) -> str:
    column = live.contract(name).columns.get(feature)
    return column.label or feature if column else feature


def _second(report: MonitorReport) -> str:
    return f"{report.at:%Y-%m-%d %H:%M:%S}"


def _newest(report: MonitorReport, words: Words) -> None:
    st.subheader(light(report, words), anchor=False)
    version, serves = report.version, live.champion(report.dataset)
    rows = parts.number(report.scored, words, 0)
    st.caption(words("monitoring.newest", when=parts.moment(report.at), rows=rows, version=version))
    if serves is not None and serves.number != version:
        st.warning(words("monitoring.other_version", version=serves.number))
    st.write(report.advice())
    for finding in report.findings():
        st.markdown(f"- {parts.plain(finding)}")


def _right(reports: list[MonitorReport], words: Words) -> None:
    """Accuracy over time, where outcomes came."""
    st.subheader(words("monitoring.right_title"), anchor=False)
    known = [
        monitor_charts.Moment(
            _second(report), score.value, score.low, score.high,
            report.outcomes.before["accuracy"].value,
        )
        for report in reports
        if report.outcomes is not None and report.outcomes.scores
        for score in (report.outcomes.scores["accuracy"],)
    ]  # fmt: skip
    if not known:
        st.info(words("monitoring.right_none"))
        return
    titles = words("monitoring.axis_when"), words("monitoring.axis_accuracy")
    names = words("monitoring.new_students"), words("monitoring.holdout")
    st.altair_chart(monitor_charts.over_time(known, titles, names))
    st.caption(words("monitoring.right_text"))


def _table(reports: list[MonitorReport], words: Words) -> None:
    st.subheader(words("monitoring.all_title"), anchor=False)
    columns = ("when", "verdict", "version", "students", "broken", "labelled", "mean_risk")
    rows = [
        (
            parts.moment(report.at),
            words(f"monitoring.level_{report.level}"),
            report.version,
            report.scored,
            report.rejected,
            report.outcomes.labels.used if report.outcomes else None,
            "" if report.mean_risk is None else parts.percent(report.mean_risk, words),
        )
        for report in reports
    ]
    named = [words(f"monitoring.column_{column}") for column in columns]
    st.dataframe([dict(zip(named, row, strict=True)) for row in rows], hide_index=True)
