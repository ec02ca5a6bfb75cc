"""The page of experiments over a log that a service would have filled."""

import numpy as np
import pandas as pd
import pytest

from dashboard import live
from student_performance.decision_log import DecisionLog
from student_performance.experiment import (
    Decision,
    Experiment,
    ExperimentPolicy,
    Mode,
    assigned,
    pseudonym,
)
from tests.conftest import Stores
from tests.pipelines.pages import text, view

NAME = "student_performance"


@pytest.fixture(autouse=True)
def forgotten(stores: Stores) -> None:
    live.refresh()


def asked(experiment: Experiment, students: int) -> pd.DataFrame:
    """The challenger knows the risks, the champion says 0.4 of all; returns what came true."""
    rng = np.random.default_rng(5)
    truth = rng.uniform(0.02, 0.98, students)
    shadow = experiment.policy.mode is Mode.SHADOW
    decisions = []
    for i, risk in enumerate(truth):
        arm = assigned(experiment, f"S{i}")
        told = float(risk) if arm == "challenger" else 0.4
        decisions.append(
            Decision(
                student=pseudonym(experiment, f"S{i}"), arm=arm, risk=told, flagged=told >= 0.5,
                version=experiment.challenger if arm == "challenger" else experiment.champion,
                shadow_risk=float(risk) if shadow else None,
            )
        )  # fmt: skip
    assert DecisionLog().record(experiment, decisions)
    outcomes = (rng.uniform(size=students) < truth).astype(int)
    return pd.DataFrame({"student": [one.student for one in decisions], "at_risk": outcomes})


def test_first_it_says_what_to_type_then_that_outcomes_are_missing() -> None:
    empty = view("ab_test")
    assert not empty.exception
    assert "No experiment yet" in text(empty)
    assert empty.code[0].value == f"python run.py experiment start --dataset {NAME}"

    asked(DecisionLog().start(NAME, "1", "2", ExperimentPolicy()), 100)
    live.refresh()
    shown = view("ab_test")
    assert not shown.exception
    assert "Insufficient data" in text(shown)
    assert "in the shadow of version 1" in text(shown)
    assert "Fewer than thirty outcomes are known" in shown.info[0].value
    command = f"python run.py experiment status --dataset {NAME} --labels FILE"
    assert command in [code.value for code in shown.code]
    assert "Both versions were asked about the same students" in text(shown)


def test_a_better_challenger_is_shown_with_its_interval_and_the_next_command() -> None:
    log = DecisionLog()
    trial = log.start(NAME, "1", "2", ExperimentPolicy(mode=Mode.SPLIT, share=0.4))
    log.keep_outcomes(trial, asked(trial, 2_000))
    shown = view("ab_test")

    assert not shown.exception
    assert "The challenger is better" in text(shown)
    assert "Version 2 answers for 40 % of the students" in text(shown)
    assert shown.code[0].value.startswith("python run.py promote 2 --reason")
    table = shown.dataframe[0].value
    assert table["Students"].sum() == table["With outcome"].sum() == 2_000
    assert "Neither version has moved" in text(shown)


def test_a_challenger_that_serves_by_now_is_not_to_be_promoted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = DecisionLog()
    trial = log.start(NAME, "1", "2", ExperimentPolicy(mode=Mode.SPLIT, share=0.4))
    log.keep_outcomes(trial, asked(trial, 2_000))
    monkeypatch.setattr(live, "aliases", lambda name: {"champion": "2"})
    shown = view("ab_test")

    assert not shown.exception
    assert "The challenger is better" in text(shown)
    assert [code.value.partition(" --")[0] for code in shown.code] == [
        "python run.py experiment stop"
    ]
    log.stop(NAME, "the challenger serves")
    live.refresh()
    assert not view("ab_test").code


def test_a_stopped_experiment_tells_why_and_older_ones_can_be_chosen() -> None:
    log = DecisionLog()
    log.start(NAME, "1", "2", ExperimentPolicy())
    log.stop(NAME, "enough *seen*")
    shown = view("ab_test")
    assert not shown.exception
    assert "enough \\*seen\\*" in text(shown)
    assert not shown.selectbox

    log.start(NAME, "1", "3", ExperimentPolicy())
    live.refresh()
    both = view("ab_test")
    assert "version 3 in the shadow" in text(both).lower()
    older = both.selectbox[0].select_index(1).run()
    assert not older.exception
    assert "version 2 in the shadow" in text(older).lower()


def test_a_log_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDENT_PERFORMANCE_DECISIONS", "mysql+pymysql://a:b@127.0.0.1:9/decisions")
    shown = view("ab_test")

    assert "log of decisions does not answer" in str(shown.exception[0].value)
