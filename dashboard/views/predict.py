"""The risk of one student, what moves it, and what would be if; and a whole table."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard import charts, live, parts
from dashboard.views import predict_table
from dashboard.words import Words
from student_performance import scoring
from student_performance.contract import Column, DatasetConfig, Kind
from student_performance.evaluation import EvaluationReport
from student_performance.run_record import question

_WHOLE_STEPS = 200  # a curve over whole numbers has a point for each, up to so many
_CURVE_POINTS = 61
_MOST = 10  # factors in a picture
_NOTHING = 0.0005  # a change of the risk that rounds to no percent


@dataclass(frozen=True)
class _Asked:
    """The model that is asked, what is known of it, and what it may be asked about."""

    model: Any
    report: EvaluationReport
    dataset: DatasetConfig

    def column(self, name: str) -> Column:
        return self.dataset.columns[name]

    def label(self, name: str) -> str:
        return parts.label(name, self.column(name))

    def range(self, name: str) -> tuple[float, float]:
        known = {reference.feature: reference for reference in self.report.setup.reference}
        return scoring.plausible_range(self.column(name), known[name])


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
    asked = _Asked(live.model(version.run_id, version), live.report(version.run_id), dataset)
    st.caption(words("predict.advice", number=version.number))
    one, table = st.tabs([words("predict.one"), words("predict.table")])
    with one:
        _one(asked, words)
    with table:
        predict_table.show(asked.model, asked.report.threshold, dataset, words)


def _one(asked: _Asked, words: Words) -> None:
    typical = scoring.typical(asked.report.setup.reference)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(words("predict.student"), anchor=False)
        student = {name: _input(asked, name, value, "student") for name, value in typical.items()}
        st.caption(words("predict.typical"))
    with right:
        _answer(scoring.risk_of(asked.model, student), asked.report, words)
        _influences(asked, student, words)
    st.divider()
    _what_if(asked, student, words)


def _input(asked: _Asked, name: str, value: float | str, use: str) -> float | str:
    """A slider or a choice; it begins at the given value."""
    column, key = asked.column(name), f"{use}.{asked.dataset.name}.{name}"
    label = parts.label(name, column)
    if column.categories is not None:
        place = column.categories.index(str(value))
        return st.selectbox(label, column.categories, place, key=key)
    low, high = asked.range(name)
    if _is_whole(column):
        whole = min(max(round(float(value)), int(low)), int(high))
        return float(st.slider(label, int(low), int(high), whole, key=key))
    step, form = (0.01, "%.2f") if high - low <= 1 else (0.5, "%.1f")
    start = min(max(round(float(value) / step) * step, low), high)
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


def _influences(asked: _Asked, student: scoring.Student, words: Words) -> None:
    st.subheader(words("predict.moves"), anchor=False)
    found = scoring.influences(asked.model, student, asked.report.setup.reference)
    if all(abs(influence.change) < _NOTHING for influence in found):
        st.caption(words("predict.moves_none"))
        return
    shown = {asked.label(influence.feature): (influence.change, 0.0) for influence in found[:_MOST]}
    st.altair_chart(charts.bars(shown, words("predict.moves_axis"), "+.0%", signed=True))
    st.caption(words("predict.moves_text"))


def _what_if(asked: _Asked, student: scoring.Student, words: Words) -> None:
    st.subheader(words("predict.what_if"), anchor=False)
    left, right = st.columns([2, 3], gap="large")
    with left:
        name = st.selectbox(
            words("predict.factor"), list(student), format_func=asked.label,
            key=f"factor.{asked.dataset.name}",
        )  # fmt: skip
        now = student[name]
        other = _input(asked, name, now, f"what_if.{now}")
        both: list[Any] = [now, other]
        before, after = scoring.what_if(asked.model, student, name, both).tolist()
        if other == now:
            st.write(words("predict.move"))
        else:
            told = [parts.percent(risk, words, 0) for risk in (before, after)]
            st.write(words("predict.would_be", before=told[0], after=told[1]))
        st.caption(words("predict.no_cause"))
    here = [charts.Here(words("predict.now"), now, before)]
    if other != now:
        here.append(charts.Here(words("predict.then"), other, after))
    with right:
        values = _values(asked, name)
        curve = scoring.what_if(asked.model, student, name, values).tolist()
        titles = (asked.label(name), words("predict.risk"))
        st.altair_chart(charts.marked(values, curve, here, titles, asked.report.threshold))


def _values(asked: _Asked, name: str) -> list[Any]:
    """The values that a curve is drawn over."""
    column = asked.column(name)
    if column.categories is not None:
        return list(column.categories)
    low, high = asked.range(name)
    if _is_whole(column) and high - low <= _WHOLE_STEPS:
        return [float(value) for value in range(int(low), int(high) + 1)]
    return [low + (high - low) * i / (_CURVE_POINTS - 1) for i in range(_CURVE_POINTS)]
