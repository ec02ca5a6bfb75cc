"""The training pipeline on the stack `local`, with real ZenML and MLflow stores."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from student_performance.registry import Store, Tracker
from student_performance.settings import local_tracking_uri
from tests.conftest import PROJECT, WEAK, Outcome

Train = Callable[..., Outcome]
NAME = "student_performance"


def decided(outcome: Outcome) -> str:
    return str(outcome.json["verdict"]["decision"]["outcome"])


def test_first_training_registers_a_champion(trained: Outcome) -> None:
    result = trained.json

    assert decided(trained) == "promoted"
    assert result["aliases"] == {"champion": "1"}
    assert result["model_uri"] == f"models:/{NAME}/1"
    assert set(trained.steps.values()) == {"completed"}
    accuracy = result["report"]["scores"]["accuracy"]
    baseline = result["report"]["baseline"]["accuracy"]
    assert baseline["value"] < accuracy["low"] < accuracy["value"] < accuracy["high"]
    assert accuracy["n"] == result["report"]["n_test"]


def test_worse_model_is_refused_and_becomes_challenger(given: Train) -> None:
    worse = given((), (WEAK,))

    assert worse.code == 3
    assert decided(worse) == "refused"
    assert worse.json["aliases"] == {"champion": "1", "challenger": "2"}
    assert "higher than that of the champion (version 1)" in worse.err


def test_better_model_takes_over_and_the_old_one_is_previous(given: Train) -> None:
    better = given((WEAK,), ())

    assert better.code == 0
    assert decided(better) == "promoted"
    assert better.json["aliases"] == {"champion": "2", "previous": "1"}
    gain = better.json["verdict"]["decision"]["champion"]["log_loss_gain"]
    assert gain["n"] == better.json["report"]["n_test"]


def test_tie_keeps_the_champion_and_exits_with_0(trained: Outcome, train: Train) -> None:
    same = train("--set=candidates.logistic_regression.C=0.999")

    assert same.code == 0
    assert decided(same) == "kept"
    assert same.json["aliases"] == {"champion": "1", "challenger": "2"}


def test_baseline_not_beaten_registers_nothing(train: Train, table: Path) -> None:
    header, *rows = table.read_text().splitlines()
    scores = [row.rsplit(",", 1)[1] for row in rows]
    shuffled = scores[7:] + scores[:7]  # of other students: nothing can be learnt
    table.write_text(
        "\n".join(
            [header, *(f"{r.rsplit(',', 1)[0]},{s}" for r, s in zip(rows, shuffled, strict=True))]
        )
    )
    outcome = train()

    assert outcome.code == 3
    assert outcome.json["verdict"]["version"] is None
    assert outcome.json["aliases"] == {}
    run = Tracker(Store(local_tracking_uri())).runs(NAME)[0]
    assert (run.decision, run.version) == ("refused", None)


def test_small_hold_out_promotes_nothing(train: Train) -> None:
    outcome = train("--set=gate.min_test_rows=5000")

    assert outcome.code == 3
    assert "5,000 are needed" in outcome.err
    assert outcome.json["aliases"] == {}


def test_other_policy_judges_the_same_model_without_training_it(
    trained: Outcome, train: Train
) -> None:
    again = train("--set=gate.min_test_rows=200")

    assert again.steps["evaluate"] == "cached"
    assert decided(again) == "promoted"
    assert again.json["aliases"] == {"champion": "1"}
    assert not again.json["verdict"]["judged_before"]


def test_other_question_waits_for_a_person(trained: Outcome, train: Train) -> None:
    other = train("--set=dataset.target.pass_mark=50")

    assert other.code == 0
    assert decided(other) == "kept"
    assert "answers another question" in other.err


def test_champion_is_compared_only_on_rows_it_was_not_trained_on(
    given: Train, train: Train
) -> None:
    given((WEAK,))
    other_split = train("--set=split.key=another", "--set=gate.min_test_rows=30")

    gain = other_split.json["verdict"]["decision"]["champion"]["log_loss_gain"]
    assert 30 <= gain["n"] < other_split.json["report"]["n_test"] / 2


def test_too_few_common_rows_keep_the_champion(trained: Outcome, train: Train) -> None:
    other_split = train("--set=split.key=another", "--set=gate.min_test_rows=200")

    assert decided(other_split) == "kept"
    assert "rows were used to train neither" in other_split.err


def test_nothing_is_left_in_the_working_directory(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert train().code == 0

    assert list(empty.iterdir()) == []
    assert not {"mlruns", "mlflow.db", "mlartifacts"} & set(os.listdir(PROJECT))


def test_export_writes_the_same_bytes_for_the_same_training(train: Train, tmp_path: Path) -> None:
    def exported(*args: Any) -> dict[str, bytes]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        train(f"--export={folder}", *args)
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    first = exported()
    assert set(first) == {
        "candidates.csv", "metrics.json", "precision_recall.csv", "reliability.csv", "results.md",
        "roc.csv",
    }  # fmt: skip
    assert exported("--no-cache") == first
