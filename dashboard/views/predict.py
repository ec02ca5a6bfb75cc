"""The risk of one student, what moves it, and what would be if; and a whole table."""

from typing import Any

import streamlit as st

from dashboard import charts, live, parts
from dashboard.views import predict_table
from dashboard.words import Words
from student_performance import scoring
from student_performance.contract import Column, DatasetConfig, Kind
from student_performance.drift import FeatureReference
from student_performance.evaluation import EvaluationReport
from student_performance.run_record import question

_WHOLE_STEPS = 200  # a curve over whole numbers has a point for each, up to so many
_CURVE_POINTS = 61


def show(name: str, words: Words) -> None:
    """Draw the page for a data set."""
    st.title(words("predict.title"), anchor=False)
    version, dataset = live.champion(name), live.contract(name)
    train = f"python run.py train --dataset {name}"
    if version is None:
        parts.empty(words("predict.none_title"), words("predict.none_text"), train, words)
        return
    if version.question != question(dataset):
        parts.empty(words("predict.other_title"), words("predict.other_text"), train, words)
        return
    report, model = live.report(version.run_id), live.model(version.run_id, version)
    st.caption(words("predict.advice", number=version.number))
    one, table = st.tabs([words("predict.one"), words("predict.table")])
    with one:
        _one(model, report, dataset, words)
    with table:
        predict_table.show(model, report.threshold, dataset, words)


def _one(model: Any, report: EvaluationReport, dataset: DatasetConfig, words: Words) -> None:
    known = {reference.feature: reference for reference in report.setup.reference}
    typical = scoring.typical(report.setup.reference)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(words("predict.student"), anchor=False)
        student = {
            name: _asked(column, known[name], typical[name], f"student.{dataset.name}.{name}")
            for name, column in dataset.features.items()
        }
        st.caption(words("predict.typical"))
    risk = scoring.risk_of(model, student)
    with right:
        _answer(risk, report, words)
        _influences(model, student, report, dataset, words)
    st.divider()
    _what_if(model, student, report, dataset, words)


def _asked(
    column: Column, reference: FeatureReference, value: float | str, key: str
) -> float | str:
    """A slider or a choice; it begins at the given value."""
    label = parts.label(reference.feature, column)
    if column.categories is not None:
        place = column.categories.index(str(value))
        return st.selectbox(label, column.categories, place, key=key)
    low, high = scoring.plausible_range(column, reference)
    if _is_whole(column):
        return float(st.slider(label, int(low), int(high), round(float(value)), key=key))
    step, form = (0.01, "%.2f") if high - low <= 1 else (0.5, "%.1f")
    start = round(float(value) / step) * step
    return st.slider(label, low, high, start, step, format=form, key=key)


def _is_whole(column: Column) -> bool:
    return column.kind is Kind.INTEGER and not column.derivation


def _answer(risk: float, report: EvaluationReport, words: Words) -> None:
    flagged = risk >= report.threshold
    with st.container(border=True):
        st.metric(words("predict.risk"), parts.percent(risk, words, 0))
        limit = parts.percent(report.threshold, words, 0)
        if flagged:
            st.markdown(":orange[:material/flag:] " + words("predict.flagged", limit=limit))
        else:
            st.markdown(":blue[:material/check:] " + words("predict.cleared", limit=limit))
        known = scoring.alike(risk, report.reliability)
        if known is None:
            st.caption(words("predict.no_alike"))
            return
        st.write(
            words(
                "predict.alike",
                n=parts.number(known.n, words, 0),
                observed=parts.percent(known.observed, words, 0),
                low=parts.percent(known.low, words, 0),
                high=parts.percent(known.high, words, 0),
            )
        )


def _influences(
    model: Any,
    student: scoring.Student,
    report: EvaluationReport,
    dataset: DatasetConfig,
    words: Words,
) -> None:
    st.subheader(words("predict.moves"), anchor=False)
    found = scoring.influences(model, student, report.setup.reference)
    if all(abs(influence.change) < 0.0005 for influence in found):
        st.caption(words("predict.moves_none"))
        return
    shown = {
        parts.label(influence.feature, dataset.columns[influence.feature]): (influence.change, 0.0)
        for influence in found
    }
    st.altair_chart(charts.bars(shown, words("predict.moves_axis"), "+.0%", signed=True))
    st.caption(words("predict.moves_text"))


def _what_if(
    model: Any,
    student: scoring.Student,
    report: EvaluationReport,
    dataset: DatasetConfig,
    words: Words,
) -> None:
    st.subheader(words("predict.what_if"), anchor=False)
    left, right = st.columns([2, 3], gap="large")
    with left:
        name = st.selectbox(
            words("predict.factor"), list(dataset.features),
            format_func=lambda name: parts.label(name, dataset.columns[name]),
            key=f"factor.{dataset.name}",
        )  # fmt: skip
        column, now = dataset.columns[name], student[name]
        reference = next(r for r in report.setup.reference if r.feature == name)
        other = _asked(column, reference, now, f"what_if.{dataset.name}.{name}.{now}")
        risks = scoring.what_if(model, student, name, [now, other])  # type: ignore[arg-type]
        before, after = (parts.percent(float(risk), words, 0) for risk in risks)
        if other == now:
            st.write(words("predict.move"))
        else:
            st.write(words("predict.would_be", before=before, after=after))
        st.caption(words("predict.no_cause"))
    values = _values(column, reference)
    here = [charts.Here(words("predict.now"), now, float(risks[0]))]
    if other != now:
        here.append(charts.Here(words("predict.then"), other, float(risks[1])))
    with right:
        curve = scoring.what_if(model, student, name, values)
        titles = (parts.label(name, column), words("predict.risk"))
        st.altair_chart(charts.marked(values, curve.tolist(), here, titles, report.threshold))


def _values(column: Column, reference: FeatureReference) -> list[Any]:
    """The values that a curve is drawn over."""
    if column.categories is not None:
        return list(column.categories)
    low, high = scoring.plausible_range(column, reference)
    if _is_whole(column) and high - low <= _WHOLE_STEPS:
        return [float(value) for value in range(int(low), int(high) + 1)]
    return [low + (high - low) * i / (_CURVE_POINTS - 1) for i in range(_CURVE_POINTS)]
