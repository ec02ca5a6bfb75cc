"""What of a training is answered from ZenML's cache, and what voids it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from student_performance.registry import Registry, Store, Tracker
from student_performance.settings import local_tracking_uri
from tests.conftest import Outcome, Stores, forget_last_run

Train = Callable[..., Outcome]
NAME = "student_performance"


def test_same_training_again_is_answered_from_the_cache(
    trained: Outcome, train: Train, stores: Stores
) -> None:
    forget_last_run(stores)
    second = train()

    assert second.code == 0, second.err
    executed = {name for name, status in second.steps.items() if status != "cached"}
    assert executed == {"decide"}  # only the registry can tell what serves
    assert second.json["verdict"] == trained.json["verdict"] | {"judged_before": True}
    store = Store(local_tracking_uri())
    assert len(Registry(store).versions(NAME)) == 1
    assert len(Tracker(store).runs(NAME)) == 1


def test_changed_row_is_read_and_learnt_from_again(
    trained: Outcome, train: Train, table: Path
) -> None:
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(lines[:-1]))
    again = train().steps

    # Either part may be untouched by one student; what reads the changed one runs again.
    assert {again["load"], again["split"], again["evaluate"]} == {"completed"}


def test_changed_parameter_runs_what_depends_on_it(trained: Outcome, train: Train) -> None:
    again = train("--set=candidates.logistic_regression.C=0.5").steps

    assert again == {
        "load": "cached", "split": "cached", "train": "completed", "evaluate": "completed",
        "decide": "completed",
    }  # fmt: skip


def test_equal_data_from_another_file_stay_cached_downstream(
    trained: Outcome, train: Train, table: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere.csv"
    table.rename(moved)
    again = train(data=moved).steps

    assert again["load"] == "completed"
    assert again["split"] == again["train"] == "cached"


def test_changed_code_voids_every_cached_step(
    trained: Outcome, train: Train, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_last_run(stores)
    monkeypatch.setattr("steps.caching.code_state", lambda: "another state of the code")

    assert set(train().steps.values()) == {"completed"}


def test_no_cache_runs_everything_again(trained: Outcome, train: Train) -> None:
    again = train("--no-cache")

    assert again.code == 0, again.err
    assert set(again.steps.values()) == {"completed"}


def test_deleted_artifacts_are_explained(trained: Outcome, train: Train, stores: Stores) -> None:
    for file in (stores.root / "zenml").rglob("*.parquet"):
        file.unlink()
    outcome = train()

    assert outcome.code == 5
    assert "is gone, though ZenML has it in its cache" in outcome.err
    assert "Next:  python run.py train --no-cache" in outcome.err
    assert train("--no-cache").code == 0
