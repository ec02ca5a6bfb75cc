"""`run.py experiment` with a champion, a challenger and the service's own way to answer."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from serving.champion import Champion
from serving.settings import ServiceSettings
from serving.trial import Trials
from student_performance.decision_log import DecisionLog
from student_performance.errors import UnreachableError
from student_performance.experiment import ExperimentPolicy
from student_performance.models import risk
from student_performance.predictor import load_version
from student_performance.registry import Registry, Store
from student_performance.settings import local_tracking_uri
from student_performance.simulate import simulate
from tests.conftest import WEAK, Outcome

Run = Callable[..., Outcome]
NAME = "student_performance"
HABITS = ["hours_studied", "attendance_percent", "assignments_completed"]


@pytest.fixture
def students() -> pd.DataFrame:
    return simulate(600, seed=91)


@pytest.fixture
def two(given: Run) -> None:
    """A champion, and a weak challenger."""
    assert given((), (WEAK,)).code == 3


def service() -> tuple[Champion, Trials]:
    """The service's champion and experiments, after their first look."""
    champion = Champion(ServiceSettings(dataset=NAME, tracking_uri=local_tracking_uri()))
    trials = Trials(ServiceSettings(dataset=NAME, tracking_uri=local_tracking_uri()), champion.load)
    champion.also = trials.refresh
    champion.refresh()
    assert champion.trouble is None
    return champion, trials


def asked(champion: Champion, trials: Trials, students: pd.DataFrame) -> pd.DataFrame:
    assert champion.serving is not None
    listed = students[["student_id", *HABITS]].to_dict("records")
    found = trials.answer(champion.serving, listed, why=False)
    return pd.DataFrame([one.model_dump() for one in found.students])


def test_shadow_answers_nobody_and_finds_the_worse_one(
    two: None, cli: Run, students: pd.DataFrame, tmp_path: Path
) -> None:
    started = cli("experiment", "start")
    assert started.code == 0, started.err
    assert "version 2 beside version 1, in its shadow; runs" in started.out
    champion, trials = service()
    found = asked(champion, trials, students)
    assert set(found["version"]) == {"1"}
    early = cli("experiment", "status")
    assert early.code == 0, early.err
    assert "Verdict: insufficient data" in early.out

    results = tmp_path / "results.csv"
    students.to_csv(results, index=False)
    told = cli("experiment", "status", "--labels", results)
    assert told.code == 0, told.err
    assert "600 students, 600 with an outcome" in told.out
    assert "Verdict: champion" in told.out
    again = cli("experiment", "status")  # the outcomes were kept
    assert again.out == told.out
    kept = DecisionLog().decisions(DecisionLog().history(NAME)[0].experiment)
    other = load_version(Store(local_tracking_uri()), NAME, "2")
    assert list(kept["shadow_risk"]) == pytest.approx(list(risk(other.model, students[HABITS])))
    assert not set(kept["student"]) & set(students["student_id"])


def test_split_lets_each_version_answer_for_its_share(
    two: None, cli: Run, students: pd.DataFrame
) -> None:
    assert cli("experiment", "start", "--set", "mode=split", "--set", "share=0.2").code == 0
    champion, trials = service()
    found = asked(champion, trials, students)
    shares = found["version"].value_counts(normalize=True)
    assert shares["2"] == pytest.approx(0.2, abs=0.06)
    store = Store(local_tracking_uri())
    for number, rows in found.groupby("version"):
        predictor = load_version(store, NAME, str(number))
        own = students.set_index("student_id").loc[rows["student"], HABITS]
        assert list(rows["risk"]) == pytest.approx(list(risk(predictor.model, own)))
    assert list(asked(champion, trials, students)["version"]) == list(found["version"])

    assert cli("experiment", "stop", "--reason", "enough").code == 0
    assert set(asked(champion, trials, students)["version"]) == {"1"}
    assert cli("experiment", "stop", "--reason", "again").code == 2


def test_when_the_champion_moves_the_experiment_has_no_say(
    two: None, cli: Run, students: pd.DataFrame
) -> None:
    assert cli("experiment", "start", "--set", "mode=split").code == 0
    Registry(Store(local_tracking_uri())).promote(NAME, "2", "a test")
    champion, trials = service()

    assert set(asked(champion, trials, students)["version"]) == {"2"}
    assert DecisionLog().decisions(DecisionLog().history(NAME)[0].experiment).empty


def test_a_challenger_that_won_is_promoted_and_then_the_experiment_ends(
    two: None, cli: Run, students: pd.DataFrame, tmp_path: Path
) -> None:
    Registry(Store(local_tracking_uri())).promote(NAME, "2", "a test")
    DecisionLog().start(NAME, "2", "1", ExperimentPolicy())
    asked(*service(), students)
    results = tmp_path / "results.csv"
    students.to_csv(results, index=False)
    told = cli("experiment", "status", "--labels", results)
    assert "Verdict: challenger" in told.out, told.err
    command = told.out.splitlines()[-1].removeprefix("Next:  python run.py ")

    assert cli(*shlex.split(command)).code == 0
    assert 'experiment stop --reason "the challenger serves"' in cli("experiment", "status").out


def test_a_log_that_is_away_leaves_the_champion_alone(
    two: None, cli: Run, students: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("experiment", "start", "--set", "mode=split").code == 0
    champion, trials = service()

    def away(*_: object) -> bool:
        raise UnreachableError("The log of decisions does not answer.", "python run.py doctor")

    with monkeypatch.context() as patch:
        patch.setattr(DecisionLog, "record", away)
        assert set(asked(champion, trials, students)["version"]) == {"1"}
    assert trials.trouble == "The log of decisions does not answer."
    champion.refresh()
    assert trials.trouble is None
    assert set(asked(champion, trials, students)["version"]) == {"1", "2"}


def test_without_a_challenger_there_is_nothing_to_try(trained: Outcome, cli: Run) -> None:
    outcome = cli("experiment", "start")
    assert outcome.code == 2
    assert "needs a champion and a challenger; there is champion only" in outcome.err
    assert "No experiment of student_performance was started yet" in cli("experiment", "status").err
