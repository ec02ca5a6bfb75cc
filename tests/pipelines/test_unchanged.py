"""`run.py train` gives the last answer again, as it was given, and only to the same question."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli import unchanged
from cli.unchanged import LastRun, Left
from student_performance.registry import Registry, Store
from tests.conftest import PROJECT, SMALL, WEAK, Outcome, Stores, forget_last_run
from tests.pipelines.conftest import Checkout

if TYPE_CHECKING:
    from cli.results import TrainingResult

Run = Callable[..., Outcome]
NAME = "student_performance"


def test_result_is_given_again_without_any_heavy_import(change: Checkout) -> None:
    words = ["train", "--json", "--data", str(change.table), *SMALL]
    script = f"""
import atexit, runpy, sys
def told():
    heavy = {{"zenml", "mlflow", "sklearn", "pandas", "numpy", "pydantic", "rich"}}
    print(sorted(heavy & set(sys.modules)), file=sys.stderr)
atexit.register(told)
sys.argv = ["run.py", *{words!r}]
runpy.run_path("run.py", run_name="__main__")
"""
    again = subprocess.run(
        [sys.executable, "-c", script], cwd=change.project, check=False, text=True,
        capture_output=True, env=change.user.environment,
    )  # fmt: skip

    assert again.returncode == 0, again.stderr
    assert again.stderr.splitlines()[-1] == "[]"
    told, first = json.loads(again.stdout), change.first.json
    assert "Nothing has changed since ZenML run " + first["zenml_run"] in again.stderr
    assert {step["status"] for step in told["steps"]} == {"cached"}
    assert told["verdict"] == first["verdict"] | {"judged_before": True}
    assert {k: told[k] for k in ("report", "aliases")} == {
        k: first[k] for k in ("report", "aliases")
    }
    Registry(Store(f"sqlite:///{change.database('mlflow.db')}"))  # nothing was locked or broken


def test_table_for_people_is_the_one_of_the_cached_run(
    trained: Outcome, cli: Run, table: Path, stores: Stores
) -> None:
    options = ("train", "--data", table, *SMALL)
    forget_last_run(stores)
    ran = cli(*options)
    again = cli(*options)

    assert "Nothing has changed" not in ran.err
    assert "Nothing has changed" in again.err
    names = ("Cached", "ZenML run")  # ZenML still asked the last step
    kept = [line for line in ran.out.splitlines() if not line.startswith(names)]
    assert [line for line in again.out.splitlines() if not line.startswith(names)] == kept


def test_refusal_is_repeated_with_its_exit_code(given: Run, train: Run) -> None:
    first = given((), (WEAK,))
    again = train(WEAK)

    assert (first.code, again.code) == (3, 3)
    assert "Nothing has changed" in again.err
    assert again.json["aliases"] == {"champion": "1", "challenger": "2"}


def test_other_options_and_settings_are_another_question(
    change: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(change.project)

    def asked(*options: object) -> str:
        return unchanged.question_of(change.project, NAME, *options)

    first = asked("a")
    assert asked("a") == first
    assert asked("b") != first
    for name in (
        "ZENML_ACTIVE_STACK_ID",
        "STUDENT_PERFORMANCE_HOME",
        "MLFLOW_REGISTRY_URI",
        "HOME",
    ):
        with monkeypatch.context() as patch:
            patch.setenv(name, "another")
            assert asked("a") != first, name
    repository = tmp_path / ".zen" / "config.yaml"
    repository.parent.mkdir()
    repository.write_text("active_stack_id: one\n")
    monkeypatch.setenv("ZENML_REPOSITORY_PATH", str(tmp_path))
    before = asked("a")
    repository.write_text("active_stack_id: another\n")
    assert asked("a") != before, "a stack was set in the repository that ZenML is told of"
    monkeypatch.delenv("ZENML_REPOSITORY_PATH")
    assert unchanged.question_of(PROJECT, NAME, "a") != first, "another checkout"
    with monkeypatch.context() as patch:
        patch.setattr(unchanged, "_installed", lambda: ["zenml-0.99.dist-info"])
        assert asked("a") != first, "another package is installed"
    monkeypatch.chdir(tmp_path)
    assert asked("a") != first
    monkeypatch.setattr("student_performance.provenance.metadata.version", lambda name: "0")
    monkeypatch.chdir(change.project)
    assert asked("a") != first, "the installed libraries"


def test_what_cannot_be_read_is_no_question(change: Checkout) -> None:
    (change.project / "steps" / ".#train.py").symlink_to("nowhere")  # an editor's lock

    assert unchanged.question_of(change.project, NAME) is None
    assert not LastRun("", {}, {}, (), "run", 0, "", "", "").stands(None)


def test_answer_is_written_as_the_first_one_was(change: Checkout) -> None:
    change.run("train", "--data", change.table, *SMALL)
    again = subprocess.run(
        [sys.executable, "run.py", "train", "--data", str(change.table), *SMALL],
        cwd=change.project, capture_output=True, check=False,
        env=change.user.environment | {"PYTHONIOENCODING": "latin-1"},
    )  # fmt: skip

    assert again.returncode == 0, again.stderr
    assert "✓" in again.stdout.decode("utf-8")


def test_alias_that_moved_before_the_end_is_not_sealed_in(
    change: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, left = kept(change)
    unchanged.keep("a question", result, "", 0, left)
    assert unchanged.find(NAME) is not None, "else the test shows nothing"
    change.write("mlflow.db", "UPDATE registered_model_aliases SET version = 7")
    unchanged.keep("a question", result, "", 0, left)

    assert unchanged.find(NAME) is None
    unserved = result.verdict.model_copy(update={"serves": False})
    _, left = kept(change)
    unchanged.keep("a question", result.model_copy(update={"verdict": unserved}), "", 0, left)
    assert unchanged.find(NAME) is None


def test_training_that_cannot_be_remembered_ends_well(change: Checkout) -> None:
    result, left = kept(change)
    with sqlite3.connect(change.database("mlflow.db")) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        unchanged.keep("a question", result, "", 0, left)
    connection.close()
    assert unchanged.find(NAME) is None

    shutil.rmtree(change.user.root / "home" / "last")
    (change.user.root / "home" / "last").write_text("no folder")
    unchanged.keep("a question", result, "", 0, left)


def kept(user: Checkout) -> "tuple[TrainingResult, Left]":
    """The first result, and what there is now."""
    from cli.results import TrainingResult

    result = TrainingResult.model_validate_json(user.first.out)
    databases = unchanged.databases_of(
        user.database("mlflow.db"), user.database("zenml.db"), NAME, result.zenml_run_id
    )
    (config,) = user.files("config.yaml")
    return result, Left(databases, (), config)


def test_store_elsewhere_is_always_asked(change: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    record = change.database(f"{NAME}.json")
    monkeypatch.chdir(change.project)
    from cli.results import TrainingResult

    result = TrainingResult.model_validate_json(change.first.out)
    unchanged.keep("a question", result, "", 0, None)

    assert not record.exists()
    assert os.listdir(record.parent) == []
