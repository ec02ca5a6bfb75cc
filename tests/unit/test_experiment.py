"""Champion beside challenger: assignment, log and verdict."""

import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from student_performance.comparison import compare, progress
from student_performance.decision_log import DecisionLog
from student_performance.errors import UnreachableError, UsageError
from student_performance.experiment import (
    Decision,
    Experiment,
    ExperimentPolicy,
    ExperimentRecord,
    Mode,
    assigned,
    pseudonym,
)
from student_performance.metrics import Estimate

SHADOW, SPLIT = ExperimentPolicy(), ExperimentPolicy(mode=Mode.SPLIT, share=0.3)
NAME = "student_performance"


def experiment(policy: ExperimentPolicy = SPLIT, key: str = "a" * 32) -> Experiment:
    return Experiment(
        id=key, dataset=NAME, champion="1", challenger="2", policy=policy,
        started=datetime(2026, 11, 24, tzinfo=UTC), by="a person",
    )  # fmt: skip


def decision(student: str = "x", **changes: object) -> Decision:
    values = {"student": student, "arm": "champion", "version": "1", "risk": 0.4, "flagged": False}
    return Decision.model_validate(values | changes)


@pytest.fixture
def log(tmp_path: Path) -> DecisionLog:
    return DecisionLog(f"sqlite:///{tmp_path}/log/decisions.db")


def test_a_student_stays_in_an_arm_and_the_shares_are_those_of_the_policy() -> None:
    ids = [f"S{i}" for i in range(20_000)]
    first = [assigned(experiment(), student) for student in ids]

    assert [assigned(experiment(), student) for student in ids] == first
    assert Counter(first)["challenger"] / len(ids) == pytest.approx(0.3, abs=0.01)
    other = [assigned(experiment(key="b" * 32), student) for student in ids]
    agree = np.mean([one == two for one, two in zip(first, other, strict=True)])
    assert agree == pytest.approx(0.3**2 + 0.7**2, abs=0.02)  # independent of the last experiment


def test_in_the_shadow_the_champion_answers_for_everybody() -> None:
    assert {assigned(experiment(SHADOW), f"S{i}") for i in range(1_000)} == {"champion"}


def test_pseudonyms_differ_between_experiments() -> None:
    assert pseudonym(experiment(), "S1") == pseudonym(experiment(), "S1")
    assert pseudonym(experiment(), "S1") != pseudonym(experiment(key="b" * 32), "S1")
    assert "S1" not in pseudonym(experiment(), "S1")


def test_one_experiment_at_a_time_and_none_after_it_was_stopped(log: DecisionLog) -> None:
    started = log.start(NAME, "1", "2", SPLIT)
    assert log.current(NAME) == started
    assert log.history(NAME) == [ExperimentRecord(experiment=started, ending=None)]
    with pytest.raises(UsageError, match="one at a time"):
        log.start(NAME, "1", "3", SHADOW)
    assert log.current("oulad") is None

    assert log.record(started, [decision()])
    log.stop(NAME, "enough")
    assert not log.record(started, [decision("late")])
    assert list(log.decisions(started)["student"]) == ["x"]
    later = log.start(NAME, "1", "3", SHADOW)
    now, before = log.history(NAME)
    assert (now.experiment, before.experiment, now.ending) == (later, started, None)
    assert before.ending is not None
    assert (before.ending.reason, before.ending.at >= started.started) == ("enough", True)
    log.stop(NAME, "a test")
    with pytest.raises(UsageError, match="No experiment"):
        log.stop(NAME, "again")


def test_decisions_are_kept_as_they_were_made(log: DecisionLog) -> None:
    started = log.start(NAME, "1", "2", SHADOW)
    made = [decision(f"s{i}", risk=i / 7, flagged=i > 3, shadow_risk=i / 9) for i in range(7)]
    log.record(started, made)
    again = DecisionLog(str(log._url)).decisions(started)

    kept = [Decision.model_validate(row) for row in again.drop(columns="at").to_dict("records")]
    assert kept == made


def test_rows_are_only_added(log: DecisionLog) -> None:
    started = log.start(NAME, "1", "2", SPLIT)
    log.record(started, [decision()])
    log.keep_outcomes(started, pd.DataFrame({"student": ["x"], "at_risk": [1]}))
    engine = sa.create_engine(log._url)
    for statement in ("DELETE FROM decisions", "DELETE FROM outcomes",
                      "UPDATE decisions SET risk = 0",
                      "DELETE FROM experiment_events"):  # fmt: skip
        with engine.connect() as connection, pytest.raises(sa.exc.IntegrityError, match="added"):
            connection.exec_driver_sql(statement)
    assert len(log.decisions(started)) == 1


def test_outcomes_are_kept_once_and_a_correction_counts(log: DecisionLog) -> None:
    started = log.start(NAME, "1", "2", SPLIT)
    log.record(started, [decision("a"), decision("b")])

    def told(**known: int) -> pd.DataFrame:
        return pd.DataFrame({"student": list(known), "at_risk": list(known.values())})

    assert log.outcomes(started).empty
    assert log.keep_outcomes(started, told(a=1, stranger=0)) == 1
    assert log.keep_outcomes(started, told(a=1, b=0)) == 1
    assert log.keep_outcomes(started, told(a=0, b=0)) == 1
    kept = log.outcomes(started).set_index("student")["at_risk"]
    assert kept.to_dict() == {"a": 0, "b": 0}


def test_many_writers_lose_nothing(log: DecisionLog) -> None:
    started = log.start(NAME, "1", "2", SPLIT)

    def write(writer: int) -> None:
        own = DecisionLog(log._url)
        for i in range(20):
            assert own.record(started, [decision(f"{writer}-{i}")])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.decisions(started)["student"].nunique() == 160


def test_a_log_that_is_away_is_told_and_tried_again(tmp_path: Path) -> None:
    place = tmp_path / "log"
    place.write_text("a file, no folder")
    log = DecisionLog(f"sqlite:///{place}/decisions.db")
    with pytest.raises((UnreachableError, OSError)):
        log.current(NAME)
    place.unlink()

    assert log.current(NAME) is None


def told(
    students: int, seed: int, better: float, shadow: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Decisions and outcomes; the champion's risks are pulled to the middle by `better`."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.05, 0.95, students)
    blunt = truth + better * (0.5 - truth)
    trial = experiment(SHADOW if shadow else ExperimentPolicy(mode=Mode.SPLIT))
    names = [pseudonym(trial, f"S{i}") for i in range(students)]
    arms = np.array([assigned(trial, f"S{i}") for i in range(students)])
    risks = np.where(arms == "challenger", truth, blunt)
    frame = pd.DataFrame(
        {
            "student": names,
            "arm": arms,
            "version": "1",
            "risk": risks,
            "flagged": risks >= 0.5,
            "shadow_risk": truth if shadow else None,
        }
    )
    labels = (rng.uniform(size=students) < truth).astype(np.int8)
    return frame, pd.DataFrame({"student": names, "at_risk": labels})


@pytest.mark.parametrize("shadow", [True, False])
def test_the_better_one_is_found_and_no_other(shadow: bool) -> None:
    trial = experiment(SHADOW if shadow else ExperimentPolicy(mode=Mode.SPLIT))
    clear = compare(trial, *told(4_000, 1, 0.8, shadow))
    equal = compare(trial, *told(4_000, 2, 0.0, shadow))

    assert clear.verdict == "challenger"
    assert clear.gain is not None
    assert clear.gain.low > 0
    assert equal.verdict == "no difference"
    assert "keeps the champion" in equal.text


def test_too_few_outcomes_are_called_so() -> None:
    decisions, outcomes = told(4_000, 1, 0.8, shadow=True)
    few = compare(experiment(SHADOW), decisions, outcomes[:499])
    none = compare(experiment(SHADOW), decisions, outcomes[:0])

    assert (few.verdict, none.verdict) == ("insufficient data", "insufficient data")
    assert "499 students of the smaller arm have an outcome, 500 are needed" in few.text
    assert none.students["champion"] == 4_000
    assert none.gain is None


def test_a_broken_assignment_is_told_before_anything_else() -> None:
    decisions, outcomes = told(4_000, 1, 0.8, shadow=False)
    trial = experiment(ExperimentPolicy(mode=Mode.SPLIT))
    lost = decisions[(decisions["arm"] == "champion") | (decisions.index % 4 > 0)]

    assert compare(trial, decisions, outcomes).mismatch > 0.001
    assert compare(trial, lost, outcomes).verdict == "broken"


def test_the_first_answer_about_a_student_counts() -> None:
    decisions, outcomes = told(1_000, 1, 0.5, shadow=True)
    again = decisions.assign(risk=0.999, shadow_risk=0.001)
    found = compare(experiment(SHADOW), pd.concat([decisions, again]), outcomes)

    assert found == compare(experiment(SHADOW), decisions, outcomes)


def test_without_a_difference_few_experiments_find_one() -> None:
    trial = experiment(ExperimentPolicy(mode=Mode.SPLIT))
    found = [compare(trial, *told(1_200, seed, 0.0, False)).verdict for seed in range(100)]

    assert sum(verdict != "no difference" for verdict in found) <= 12  # 5 % nominally


@pytest.mark.parametrize("shadow", [True, False])
def test_progress_ends_where_the_comparison_is_and_becomes_surer(shadow: bool) -> None:
    trial = experiment(SHADOW if shadow else ExperimentPolicy(mode=Mode.SPLIT))
    decisions, outcomes = told(2_000, 1, 0.3, shadow)
    steps = progress(trial, decisions, outcomes)

    assert steps[-1].gain == compare(trial, decisions, outcomes).gain
    assert [step.students for step in steps] == sorted({step.students for step in steps})
    assert steps[0].gain.high - steps[0].gain.low > steps[-1].gain.high - steps[-1].gain.low
    assert progress(trial, decisions, outcomes[:0]) == ()


def test_two_versions_that_say_the_same_do_not_differ() -> None:
    decisions, outcomes = told(1_000, 1, 0.0, shadow=True)
    found = compare(experiment(SHADOW), decisions, outcomes)

    assert found.verdict == "no difference"
    assert found.gain == Estimate(value=0.0, low=0.0, high=0.0, n=1_000)
