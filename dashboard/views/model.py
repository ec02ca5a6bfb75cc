"""One version: its mistakes at any threshold, its curves, what it relies on, and whom it serves."""

from functools import partial

import pandas as pd
import streamlit as st

from dashboard import charts, live, parts
from dashboard.words import Words
from student_performance.contract import DatasetConfig
from student_performance.curves import OperatingPoint
from student_performance.evaluation import EvaluationReport
from student_performance.fairness import AttributeFairness
from student_performance.records import Version

_PER = 100  # students that a cost is told for


def show(name: str, words: Words) -> None:
    """Draw the page for a data set."""
    st.title(words("model.title"), anchor=False)
    versions = {version.number: version for version in live.versions(name)}
    if not versions:
        command = f"python run.py train --dataset {name}"
        parts.empty(words("model.none_title"), words("model.none_text"), command, words)
        return
    champion = live.champion(name)
    first = list(versions).index(champion.number) if champion else 0
    number = st.selectbox(
        words("model.version"), list(versions), first, key=f"version.{name}",
        format_func=lambda number: _named(versions[number], words),
    )  # fmt: skip
    version = versions[number]
    report, dataset = live.report(version.run_id), live.contract(name)
    _threshold(version, report, words)
    _curves(report, words)
    left, right = st.columns(2, gap="large")
    with left:
        _importances(report, dataset, words)
    with right:
        for audit in report.fairness:
            _fairness(audit, dataset, words)
    _downloads(version, report, words)


def _named(version: Version, words: Words) -> str:
    told = [words("overview.version", number=version.number,
                  candidate=parts.candidate(version.candidate))]  # fmt: skip
    told += [words(f"alias.{alias}") for alias in sorted(version.aliases)]
    return " · ".join([*told, f"{version.created:%Y-%m-%d}"])


def _threshold(version: Version, report: EvaluationReport, words: Words) -> None:
    st.subheader(words("model.threshold_title"), anchor=False)
    points = {round(100 * point.threshold): point for point in report.operating}
    own = min(max(round(100 * report.threshold), 1), 99)
    left, right = st.columns([2, 3], gap="large")
    with left:
        percent = st.slider(
            words("model.threshold"),
            1,
            99,
            own,
            format="%d %%",
            key=f"threshold.{version.name}.{version.number}",
        )
        point = points[percent]
        _confusion(point, words)
    with right:
        costs = {chosen: _cost(known, report) for chosen, known in points.items()}
        st.altair_chart(
            charts.marked(
                list(costs), list(costs.values()),
                [charts.Here(words("model.here"), percent, costs[percent])],
                (words("model.threshold_axis"), words("model.cost_axis")),
            )
        )  # fmt: skip
        _told_costs(report, costs[percent], costs[own], words)


def _confusion(point: OperatingPoint, words: Words) -> None:
    counts = point.counts
    rows = (
        ("flagged", counts.flagged_at_risk, counts.flagged_passing),
        ("cleared", counts.missed_at_risk, counts.cleared_passing),
    )
    cells = [
        charts.Cell(words(f"model.{row}"), words(f"model.{column}"), count, row_is_right)
        for row, at_risk, passing in rows
        for column, count, row_is_right in (
            ("at_risk", at_risk, row == "flagged"),
            ("passing", passing, row == "cleared"),
        )
    ]
    st.altair_chart(charts.confusion(cells))
    st.write(
        words(
            "model.counted",
            found=parts.number(counts.flagged_at_risk, words, 0),
            at_risk=parts.number(counts.flagged_at_risk + counts.missed_at_risk, words, 0),
            alarms=parts.number(counts.flagged_passing, words, 0),
        )
    )


def _cost(point: OperatingPoint, report: EvaluationReport) -> float:
    """Cost of the mistakes at a threshold, for a hundred students."""
    costs, counts = report.setup.threshold.costs, point.counts
    total = costs.missed * counts.missed_at_risk + costs.false_alarm * counts.flagged_passing
    return _PER * total / report.n_test


def _told_costs(report: EvaluationReport, here: float, own: float, words: Words) -> None:
    costs = report.setup.threshold.costs
    st.write(
        words(
            "model.cost",
            here=parts.number(here, words, 1),
            own=parts.number(own, words, 1),
            limit=parts.percent(report.threshold, words, 0),
        )
    )
    st.caption(
        words(
            "model.cost_text",
            missed=parts.number(costs.missed, words, 0 if costs.missed == int(costs.missed) else 2),
            alarm=parts.number(
                costs.false_alarm, words, 0 if costs.false_alarm == int(costs.false_alarm) else 2
            ),
        )
    )


def _curves(report: EvaluationReport, words: Words) -> None:
    st.subheader(words("model.curves_title"), anchor=False)
    roc, precision, calibration = st.columns(3)
    name = parts.candidate(report.candidate)
    with roc:
        st.markdown(f"**{words('model.roc')}**")
        st.altair_chart(charts.roc({name: report.roc}, words("model.roc_x"), words("model.roc_y")))
        st.caption(words("model.roc_text"))
    with precision:
        st.markdown(f"**{words('model.precision')}**")
        axes = (words("model.precision_x"), words("model.precision_y"))
        st.altair_chart(charts.precision_recall(report.precision_recall, report.prevalence, *axes))
        st.caption(words("model.precision_text"))
    with calibration:
        st.markdown(f"**{words('model.calibration')}**")
        axes = (words("model.calibration_x"), words("model.calibration_y"))
        st.altair_chart(charts.reliability({name: report.reliability}, *axes))
        st.caption(words("model.calibration_text"))


def _importances(report: EvaluationReport, dataset: DatasetConfig, words: Words) -> None:
    st.subheader(words("model.importances_title"), anchor=False)
    shown = {}
    for found in report.importances:
        column = dataset.columns.get(found.feature)
        label = parts.label(found.feature, column) if column else found.feature
        shown[label] = (found.mean, found.sd)
    st.altair_chart(charts.bars(shown, words("model.importances_axis"), ".3f", signed=False))
    st.caption(words("model.importances_text"))
    rows = report.importances[0].rows
    if rows is not None and rows < report.n_test:
        st.caption(words("model.importances_drawn", n=parts.number(rows, words, 0)))


def _fairness(audit: AttributeFairness, dataset: DatasetConfig, words: Words) -> None:
    column = dataset.columns.get(audit.attribute)
    label = parts.label(audit.attribute, column) if column else audit.attribute
    st.subheader(words("model.fairness_title", attribute=label), anchor=False)
    rates = ("observed_risk", "mean_risk", "selection_rate", "true_positive_rate",
             "false_positive_rate")  # fmt: skip
    table = {words("model.group"): [group.group for group in audit.groups]}
    table[words("model.students")] = [
        words("model.hidden") if group.n is None else parts.number(group.n, words, 0)
        for group in audit.groups
    ]
    for rate in rates:
        values = [getattr(group, rate) for group in audit.groups]
        table[words(f"model.{rate}")] = [
            "–" if value is None else parts.percent(value, words, 1) for value in values
        ]
    st.dataframe(pd.DataFrame(table).set_index(words("model.group")).T)
    for gap in audit.gaps:
        sentence = words(
            "model.gap",
            rate=words(f"model.{gap.rate}").lower(),
            gap=parts.number(100 * gap.value, words, 1),
            low=parts.number(100 * gap.low, words, 1),
            high=parts.number(100 * gap.high, words, 1),
        )
        groups = words("model.between", first=gap.groups[0], second=gap.groups[1])
        few = "" if gap.sufficient else f" {words('model.gap_few')}"
        st.caption(f"{parts.plain(groups)} {sentence}{few}")
    st.caption(words("model.fairness_text"))


def _downloads(version: Version, report: EvaluationReport, words: Words) -> None:
    from student_performance.html import report_page
    from student_performance.model_card import model_card

    st.subheader(words("model.card_title"), anchor=False)
    card = model_card(version, report)
    with st.expander(words("model.card")):
        st.markdown(card)
    stem = f"{version.name}_{version.number}"
    first, second, third = st.columns(3)
    with first:
        parts.download(words("model.get_card"), card, f"{stem}.md", "description")
    with second:
        page = partial(report_page, report)
        parts.download(words("model.get_report"), page, f"{stem}.html", "analytics")
    with third:
        file = partial(live.model_file, version.run_id, version)
        parts.download(words("model.get_model"), file, f"{stem}.skops")
    st.caption(words("model.sha", sha=version.sha256))
