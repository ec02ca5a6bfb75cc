"""The pages over a store that real trainings filled, without a browser."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard import live
from student_performance.errors import RegistryError
from student_performance.evaluation import EvaluationReport
from student_performance.registry import Store
from student_performance.simulate import simulate
from student_performance.world import World
from tests.conftest import MIDDLE, Outcome, Stores
from tests.pipelines.pages import opened, text, view

Train = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def forgotten(stores: Stores) -> None:
    """Streamlit's cache belongs to the process; each test has its own store."""
    live.refresh()


def test_empty_store_says_what_to_type(stores: Stores) -> None:
    shown = opened()

    assert not shown.exception
    assert [title.value for title in shown.title] == ["Which model serves"]
    assert "No model yet" in text(shown)
    assert shown.code[0].value == "python run.py train --dataset student_performance"


def test_champion_is_shown_with_interval_baseline_and_reasons(trained: Outcome) -> None:
    report = trained.json["report"]
    shown = opened()

    assert not shown.exception
    accuracy = report["scores"]["accuracy"]
    assert shown.metric[0].value == f"{100 * accuracy['value']:.1f} %"
    said = text(shown)
    assert f"{100 * accuracy['low']:.1f} % to {100 * accuracy['high']:.1f} %" in said
    assert f"{100 * report['baseline']['accuracy']['value']:.1f} % by always saying" in said
    assert said.count(":material/check:") == len(trained.json["verdict"]["decision"]["reasons"])
    assert "points short of the best possible" in said


@pytest.mark.parametrize(("left", "told"), [(0, False), (1, True)])
def test_importances_of_drawn_rows_say_of_how_many(
    left: int, told: bool, trained: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = live.report

    def drawn(run: str) -> EvaluationReport:
        report = whole(run)
        rows = report.n_test - left
        found = [one.model_copy(update={"rows": rows}) for one in report.importances]
        return report.model_copy(update={"importances": tuple(found)})

    monkeypatch.setattr(live, "report", drawn)
    shown = view("model")

    assert not shown.exception
    assert ("were drawn from the hold-out" in text(shown)) == told


def test_nothing_promoted_is_a_normal_outcome(train: Train) -> None:
    refused = train("--set=gate.min_test_rows=100000", MIDDLE)
    assert refused.code == 3
    shown = opened()

    assert not shown.exception
    assert "Nothing serves" in text(shown)
    assert "100,000 are needed" in text(shown).replace("\\", "")


def test_person_who_overruled_the_gate_is_named(cli: Train, given: Train) -> None:
    given((), (MIDDLE,))
    cli("promote", "2", "--reason", "a_trial")
    said = text(opened())

    assert r"let it serve: a\_trial" in said
    assert "refused" in said


def test_champion_that_a_new_policy_refuses_is_not_said_to_be_chosen_by_a_person(
    trained: Outcome, train: Train
) -> None:
    assert train("--set=gate.max_calibration_error=0.0001").code == 3
    said = text(opened())

    assert "The gate promoted it." in said
    assert "last word about it: refused" in said


def test_other_language_changes_every_sentence(trained: Outcome) -> None:
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


def test_version_without_its_report_is_told_in_a_sentence(trained: Outcome, stores: Stores) -> None:
    for file in (stores.root / "home" / "mlflow" / "artifacts").rglob("report.json"):
        file.unlink()
    shown = opened()

    assert not shown.exception
    assert "The report of MLflow run" in shown.error[0].value


def test_defect_of_a_page_is_a_sentence_for_the_reader_and_a_traceback_for_the_log(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(name: str) -> None:
        raise ValueError("a defect with a student's name in it")

    monkeypatch.setattr(live, "champion", broken)
    caplog.set_level("ERROR", logger="dashboard")  # ZenML, which the dashboard has not, is quiet
    shown = opened()

    assert not shown.exception
    assert "Something on this page failed" in shown.error[0].value
    assert "defect" not in text(shown)
    assert "a defect" in caplog.text


@pytest.mark.parametrize("page", ["overview", "experiments", "model", "predict", "registry"])
def test_every_page_of_an_empty_store_says_what_to_type(page: str, stores: Stores) -> None:
    shown = view(page, "oulad")

    assert not shown.exception
    assert [code.value for code in shown.code] == ["python run.py train --dataset oulad"]
    assert len(shown.title) == len(shown.subheader) == 1


def test_registry_is_for_looking_unless_changes_are_allowed(
    trained: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = view("registry")
    assert not shown.exception
    assert not shown.button
    assert "switched off" in shown.expander[0].label

    monkeypatch.setenv("STUDENT_PERFORMANCE_REGISTRY_ACTIONS", "on")
    allowed = view("registry")
    assert [button.label for button in allowed.button] == ["Let it serve …", "Roll back …"]
    assert all(button.disabled for button in allowed.button)


def test_other_question_than_the_model_learnt_is_not_answered(train: Train) -> None:
    train("--set=dataset.target.pass_mark=70")
    shown = view("predict")

    assert not shown.exception
    assert "The question has changed" in text(shown)
    assert not shown.slider


def test_changed_model_file_is_not_loaded(trained: Outcome, stores: Stores) -> None:
    for file in (stores.root / "home" / "mlflow" / "artifacts").rglob("model.skops"):
        file.write_bytes(file.read_bytes() + b"changed")
    with pytest.raises(RegistryError, match="SHA-256"):
        live.model("run", live.versions("student_performance")[0])


def test_training_that_failed_has_no_scores_and_breaks_nothing(trained: Outcome) -> None:
    client = live.store().client
    experiment = client.get_experiment_by_name("student_performance")
    assert experiment is not None
    failed = client.create_run(experiment.experiment_id)
    client.set_terminated(failed.info.run_id, "FAILED")
    live.refresh()
    shown = view("experiments")

    assert not shown.exception
    assert "2 trainings, the newest first" in text(shown)


def test_history_is_read_piece_by_piece(trained: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    client = live.store().client
    experiment = client.get_experiment_by_name("student_performance")
    assert experiment is not None
    for at in range(7):  # long ago, some of them in the same millisecond
        client.create_run(experiment.experiment_id, start_time=1_000_000 + at // 2)
    live.refresh()
    monkeypatch.setattr(live, "_BATCH", 3)
    shown = view("experiments")

    assert not shown.exception
    assert "8 trainings, the newest first" in text(shown)
    assert live.history("student_performance").complete


def test_news_changes_with_the_registry_and_with_the_store(
    cli: Train, given: Train, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = live.news("student_performance")
    given(())
    first = live.news("student_performance")
    assert live.news("student_performance") == first != empty
    given((), (MIDDLE,))
    second = live.news("student_performance")
    assert second != first
    cli("promote", "2", "--reason", "a trial")
    assert live.news("student_performance") not in (first, second)

    monkeypatch.setattr(live, "store", lambda: Store("http://127.0.0.1:9"))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    assert live.news("student_performance") is None


def test_monitoring_says_what_to_type_then_what_changed(
    trained: Outcome, cli: Train, tmp_path: Path
) -> None:
    empty = view("monitoring")
    assert not empty.exception
    assert "Nothing was compared yet" in text(empty)
    assert empty.code[0].value.startswith("python run.py monitor --dataset student_performance")
    assert "Not monitored yet" in text(opened())

    path = tmp_path / "term.csv"
    simulate(400, seed=81, world=World(hours_median=4)).to_csv(path, index=False)
    assert cli("monitor", "--data", path).code == 6
    live.refresh()
    shown = view("monitoring")
    assert not shown.exception
    said = text(shown).replace("\\", "")
    assert "changed" in said
    assert "drift: hours_studied is not distributed as in the training part" in said
    assert "nobody knows whether the model is still right" in shown.info[0].value
    assert "changed" in text(opened())


def test_comparisons_of_another_version_are_called_so(
    given: Train, cli: Train, tmp_path: Path
) -> None:
    given((), (MIDDLE,))
    path = tmp_path / "term.csv"
    simulate(400, seed=82).to_csv(path, index=False)
    assert cli("monitor", "--data", path, "--labels", path).code == 0
    cli("promote", "2", "--reason", "a_trial")
    live.refresh()
    shown = view("monitoring")

    assert not shown.exception
    assert "Version 2 serves by now" in shown.warning[0].value
    assert not shown.info
    assert "Not monitored yet" in text(opened())
