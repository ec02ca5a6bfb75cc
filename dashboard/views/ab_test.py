"""The challenger beside the champion: who was asked, what came true, and what was decided."""

import streamlit as st

from dashboard import live, parts, trial_charts
from dashboard.words import Words
from student_performance.comparison import Comparison, Step, next_command
from student_performance.experiment import ARMS, Experiment, ExperimentRecord, Mode

_SIGNS = {
    "insufficient data": ":gray[:material/hourglass_empty:]",
    "broken": ":red[:material/error:]",
    "challenger": ":green[:material/trending_up:]",
    "champion": ":orange[:material/trending_down:]",
    "no difference": ":blue[:material/balance:]",
}


def show(name: str, words: Words) -> None:
    """Draw the page for a data set."""
    st.title(words("ab_test.title"), anchor=False)
    history = live.experiments(name)
    if not history:
        command = f"python run.py experiment start --dataset {name}"
        parts.empty(words("ab_test.none_title"), words("ab_test.none_text"), command, words)
        return
    record = _chosen(history, words)
    experiment = record.experiment
    comparison, steps = live.comparison(experiment.id, experiment)
    _headline(record, comparison, words)
    left, right = st.columns(2, gap="large")
    with left:
        _assignment(experiment, comparison, words)
    with right:
        _over_students(experiment, steps, words)
    _decision(record, comparison, words)


def _chosen(history: list[ExperimentRecord], words: Words) -> ExperimentRecord:
    if len(history) == 1:
        return history[0]

    def label(index: int) -> str:
        one = history[index].experiment
        when = parts.moment(one.started)
        return words("ab_test.choice", when=when, champion=one.champion, challenger=one.challenger)

    chosen = st.selectbox(words("ab_test.experiment"), range(len(history)), format_func=label)
    return history[chosen]


def _headline(record: ExperimentRecord, comparison: Comparison, words: Words) -> None:
    experiment, ending = record.experiment, record.ending
    word = comparison.verdict.replace(" ", "_")
    verdict = words(f"ab_test.verdict_{word}")
    st.subheader(f"{_SIGNS[comparison.verdict]} {verdict}", anchor=False)
    st.caption(
        words(
            f"ab_test.about_{experiment.policy.mode}", champion=experiment.champion,
            challenger=experiment.challenger,
            share=parts.percent(experiment.policy.share, words, 0),
        )
    )  # fmt: skip
    started, by = parts.moment(experiment.started), parts.plain(experiment.by)
    told = words("ab_test.started", when=started, by=by)
    if ending is None:
        told += " " + words("ab_test.runs")
    else:
        reason, by = parts.plain(ending.reason), parts.plain(ending.by)
        told += " " + words("ab_test.stopped", when=parts.moment(ending.at), by=by, reason=reason)
    st.markdown(told)
    st.write(parts.plain(comparison.text))


def _assignment(experiment: Experiment, comparison: Comparison, words: Words) -> None:
    st.subheader(words("ab_test.assignment_title"), anchor=False)
    versions = {"champion": experiment.champion, "challenger": experiment.challenger}
    labels = {arm: words(f"alias.{arm}") + f" ({versions[arm]})" for arm in ARMS}
    students = comparison.students
    if experiment.policy.mode is Mode.SHADOW:
        expected = dict.fromkeys(ARMS, float(students["champion"]))
    else:
        share, total = experiment.policy.share, sum(students.values())
        expected = {"champion": (1 - share) * total, "challenger": share * total}
    drawn = [trial_charts.Group(labels[arm], students[arm], expected[arm]) for arm in ARMS]
    st.altair_chart(trial_charts.groups(drawn, words("ab_test.column_students")))
    if comparison.mismatch is None:
        st.caption(words("ab_test.same_students"))
    else:
        p = parts.number(comparison.mismatch, words)
        st.caption(words("ab_test.shares", p=p))
    names = [words(f"ab_test.column_{name}") for name in ("arm", "students", "known", "flagged")]
    rows = [
        (
            labels[arm], students[arm], comparison.labelled[arm],
            parts.percent(comparison.flagged[arm], words) if arm in comparison.flagged else "–",
        )
        for arm in ARMS
    ]  # fmt: skip
    st.dataframe([dict(zip(names, row, strict=True)) for row in rows], hide_index=True)


def _over_students(experiment: Experiment, steps: tuple[Step, ...], words: Words) -> None:
    st.subheader(words("ab_test.interval_title"), anchor=False)
    if not steps:
        st.info(words("ab_test.no_outcomes"))
        st.code(
            f"python run.py experiment status --dataset {experiment.dataset} --labels FILE", "bash"
        )
        return
    titles = words("ab_test.axis_students"), words("ab_test.axis_gain")
    st.altair_chart(trial_charts.over_students(steps, titles))
    gain = parts.interval(steps[-1].gain, words, 4)
    least = parts.number(experiment.policy.min_students, words, 0)
    st.caption(words("ab_test.interval_text", gain=gain, least=least))


def _decision(record: ExperimentRecord, comparison: Comparison, words: Words) -> None:
    st.subheader(words("ab_test.decision_title"), anchor=False)
    experiment = record.experiment
    serves = live.aliases(experiment.dataset).get("champion")
    command = next_command(record, comparison, serves)
    if command:
        st.caption(words("app.next"))
        st.code(command, language="bash")
    versions = {experiment.champion, experiment.challenger}
    moves = [
        move
        for move in live.audit(experiment.dataset)
        if move.at >= experiment.started and move.to_version in versions
    ]
    if moves:
        st.write(words("ab_test.moves"))
        parts.audit(moves, words)
    else:
        st.caption(words("ab_test.no_moves"))
