"""The training pipeline on the stack `local`, with real ZenML and MLflow stores."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from student_performance.registry import Registry, Store, Tracker
from student_performance.settings import local_tracking_uri
from tests.conftest import PROJECT, WEAK, Outcome, Stores, forget_last_run

Train = Callable[..., Outcome]
NAME = "student_performance"


def statuses(outcome: Outcome) -> dict[str, str]:
    return {step["name"]: step["status"] for step in outcome.json["steps"]}


def decided(outcome: Outcome) -> str:
    return str(outcome.json["verdict"]["decision"]["outcome"])


def test_first_training_registers_a_champion(train: Train) -> None:
    outcome = train()

    assert outcome.code == 0, outcome.err
    result = outcome.json
    assert decided(outcome) == "promoted"
    assert result["aliases"] == {"champion": "1"}
    assert result["model_uri"] == f"models:/{NAME}/1"
    assert set(statuses(outcome).values()) == {"completed"}
    accuracy = result["report"]["scores"]["accuracy"]
    baseline = result["report"]["baseline"]["accuracy"]
    assert baseline["value"] < accuracy["low"] < accuracy["value"] < accuracy["high"]
    assert accuracy["n"] == result["report"]["n_test"]


def test_same_training_again_is_answered_from_the_cache(train: Train, stores: Stores) -> None:
    first = train()
    forget_last_run(stores)
    second = train()

    assert second.code == 0, second.err
    executed = {name for name, status in statuses(second).items() if status != "cached"}
    assert executed == {"decide"}  # only the registry can tell what serves
    assert second.json["verdict"] == first.json["verdict"] | {"judged_before": True}
    store = Store(local_tracking_uri())
    assert len(Registry(store).versions(NAME)) == 1
    assert len(Tracker(store).runs(NAME)) == 1


def test_changed_row_is_read_and_learnt_from_again(train: Train, table: Path) -> None:
    train()
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(lines[:-1]))
    again = statuses(train())

    # Either part may be untouched by one student; what reads the changed one runs again.
    assert {again["load"], again["split"], again["evaluate"]} == {"completed"}


def test_changed_parameter_runs_what_depends_on_it(train: Train) -> None:
    train()
    again = statuses(train("--set=candidates.logistic_regression.C=0.5"))

    assert again == {
        "load": "cached", "split": "cached", "train": "completed", "evaluate": "completed",
        "decide": "completed",
    }  # fmt: skip


def test_equal_data_from_another_file_stay_cached_downstream(
    train: Train, table: Path, tmp_path: Path
) -> None:
    train()
    moved = tmp_path / "elsewhere.csv"
    table.rename(moved)
    again = statuses(train(data=moved))

    assert again["load"] == "completed"
    assert again["split"] == again["train"] == "cached"


def test_changed_code_voids_every_cached_step(
    train: Train, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    train()
    forget_last_run(stores)
    monkeypatch.setattr("steps.caching.code_state", lambda: "another state of the code")

    assert set(statuses(train()).values()) == {"completed"}


def test_no_cache_runs_everything_again(train: Train) -> None:
    train()

    assert set(statuses(train("--no-cache")).values()) == {"completed"}


def test_worse_model_is_refused_and_becomes_challenger(train: Train) -> None:
    train()
    worse = train(WEAK)

    assert worse.code == 3
    assert decided(worse) == "refused"
    assert worse.json["aliases"] == {"champion": "1", "challenger": "2"}
    assert "higher than that of the champion (version 1)" in worse.err


def test_better_model_takes_over_and_the_old_one_is_previous(train: Train) -> None:
    train(WEAK)
    better = train()

    assert better.code == 0
    assert decided(better) == "promoted"
    assert better.json["aliases"] == {"champion": "2", "previous": "1"}
    gain = better.json["verdict"]["decision"]["champion"]["log_loss_gain"]
    assert gain["n"] == better.json["report"]["n_test"]


def test_tie_keeps_the_champion_and_exits_with_0(train: Train) -> None:
    train()
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


def test_deleted_artifacts_are_explained(train: Train, stores: Stores) -> None:
    train()
    for file in (stores.root / "zenml").rglob("*.parquet"):
        file.unlink()
    outcome = train()

    assert outcome.code == 5
    assert "is gone, though ZenML has it in its cache" in outcome.err
    assert "Next:  python run.py train --no-cache" in outcome.err
    assert train("--no-cache").code == 0


def test_other_policy_judges_the_same_model_without_training_it(train: Train) -> None:
    train()
    again = train("--set=gate.min_test_rows=200")

    assert statuses(again)["evaluate"] == "cached"
    assert decided(again) == "promoted"
    assert again.json["aliases"] == {"champion": "1"}
    assert not again.json["verdict"]["judged_before"]


def test_other_question_waits_for_a_person(train: Train) -> None:
    train()
    other = train("--set=dataset.target.pass_mark=50")

    assert other.code == 0
    assert decided(other) == "kept"
    assert "answers another question" in other.err


def test_champion_is_compared_only_on_rows_it_was_not_trained_on(train: Train) -> None:
    train(WEAK)
    other_split = train("--set=split.key=another", "--set=gate.min_test_rows=30")

    gain = other_split.json["verdict"]["decision"]["champion"]["log_loss_gain"]
    assert 30 <= gain["n"] < other_split.json["report"]["n_test"] / 2


def test_too_few_common_rows_keep_the_champion(train: Train) -> None:
    train()
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
