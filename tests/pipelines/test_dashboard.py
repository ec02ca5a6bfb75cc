"""The pages over a store that real trainings filled, without a browser."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import live
from tests.conftest import MIDDLE, PROJECT, Outcome, Stores

Train = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's cache and MLflow's address belong to the process; each test has its own store."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    live.refresh()


def opened(**state: object) -> AppTest:
    """The first page, as somebody with this state finds it."""
    shown = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=60)
    for key, value in state.items():
        shown.session_state[key] = value
    return shown.run()


def text(shown: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "error", "code", "metric")
    parts = [element for kind in kinds for element in getattr(shown, kind)]
    return "\n".join(str(getattr(part, "label", "")) + str(part.value) for part in parts)


def test_empty_store_says_what_to_type(stores: Stores) -> None:
    shown = opened()

    assert not shown.exception
    assert [title.value for title in shown.title] == ["Which model serves"]
    assert "No model yet" in text(shown)
    assert shown.code[0].value == "python run.py train --dataset student_performance"


def test_champion_is_shown_with_interval_baseline_and_reasons(train: Train) -> None:
    trained = train().json
    report = trained["report"]
    shown = opened()

    assert not shown.exception
    accuracy = report["scores"]["accuracy"]
    assert shown.metric[0].value == f"{100 * accuracy['value']:.1f} %"
    said = text(shown)
    assert f"{100 * accuracy['low']:.1f} % to {100 * accuracy['high']:.1f} %" in said
    assert f"{100 * report['baseline']['accuracy']['value']:.1f} % by always saying" in said
    assert said.count(":material/check:") == len(trained["verdict"]["decision"]["reasons"])
    assert "points short of the best possible" in said


def test_nothing_promoted_is_a_normal_outcome(train: Train) -> None:
    refused = train("--set=gate.min_test_rows=100000", MIDDLE)
    assert refused.code == 3
    shown = opened()

    assert not shown.exception
    assert "Nothing serves" in text(shown)
    assert "100,000 are needed" in text(shown).replace("\\", "")


def test_person_who_overruled_the_gate_is_named(cli: Train, train: Train) -> None:
    train()
    train(MIDDLE)
    cli("promote", "2", "--reason", "a_trial")
    said = text(opened())

    assert r"let it serve: a\_trial" in said
    assert "refused" in said


def test_champion_that_a_new_policy_refuses_is_not_said_to_be_chosen_by_a_person(
    train: Train,
) -> None:
    train()
    assert train("--set=gate.max_calibration_error=0.0001").code == 3
    said = text(opened())

    assert "The gate promoted it." in said
    assert "last word about it: refused" in said


def test_other_language_changes_every_sentence(train: Train) -> None:
    train()
    shown = opened(language="id")

    assert not shown.exception
    assert shown.title[0].value == "Model yang melayani"
    assert "Right about students" not in text(shown)


def test_store_that_is_away_is_told_in_a_sentence(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    shown = opened()

    assert not shown.exception
    assert "does not answer" in shown.error[0].value
    assert shown.code[0].value == "python run.py doctor"


def test_version_without_its_report_is_told_in_a_sentence(train: Train, stores: Stores) -> None:
    train()
    for file in (stores.root / "home" / "mlflow" / "artifacts").rglob("report.json"):
        file.unlink()
    shown = opened()

    assert not shown.exception
    assert "The report of MLflow run" in shown.error[0].value
