"""`run.py train` is answered from the last run only where nothing that it rests on has changed."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli import unchanged
from cli.unchanged import LastRun, Left
from student_performance.registry import Registry, Store
from student_performance.simulate import simulate, to_csv
from tests.conftest import PROJECT, SMALL, WEAK, Outcome, Stores, copy_user

if TYPE_CHECKING:
    from cli.results import TrainingResult

NAME = "student_performance"
CODE = ("cli", "configs", "materializers", "pipelines", "stacks", "steps", "student_performance")


@dataclass(frozen=True)
class Trained:
    """A user with a checkout of their own, who has trained once."""

    user: Stores
    project: Path
    table: Path
    first: Outcome

    def run(self, *args: object, **variables: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "run.py", *map(str, args)], cwd=self.project, check=False, text=True,
            capture_output=True, env=self.user.environment | variables, timeout=300,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)

    def train(self, *args: object, **variables: str) -> Outcome:
        return self.run("train", "--json", "--data", self.table, *SMALL, *args, **variables)

    def files(self, pattern: str) -> list[Path]:
        return [path for path in self.user.root.rglob(pattern) if path.is_file()]

    def database(self, name: str) -> Path:
        (path,) = self.files(name)
        return path

    def write(self, name: str, statement: str) -> None:
        with sqlite3.connect(self.database(name)) as connection:
            assert connection.execute(statement).rowcount != 0, statement
        connection.close()


@pytest.fixture(scope="module")
def trained(store_template: Stores, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    root = tmp_path_factory.mktemp("unchanged")
    user, project, table = Stores(root / "user"), root / "project", root / "students.csv"
    copy_user(store_template, user)
    for name in CODE:
        shutil.copytree(PROJECT / name, project / name)
    for name in ("run.py", "requirements.txt"):
        shutil.copy(PROJECT / name, project / name)
    table.write_bytes(to_csv(simulate(2000, seed=1)))
    made = Trained(user, project, table, Outcome(0, "", ""))
    first = made.train()
    assert first.code == 0, first.err
    return Trained(user, project, table, first)


@pytest.fixture
def change(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trained]:
    """What a test changes is put back."""
    root, kept = trained.user.root.parent, trained.user.root.parent.with_suffix(".kept")
    shutil.copytree(root, kept, symlinks=True)
    for name, value in trained.user.variables.items():
        monkeypatch.setenv(name, value)
    yield trained
    shutil.rmtree(root)
    kept.rename(root)


def test_result_is_given_again_without_any_heavy_import(change: Trained) -> None:
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


def test_table_for_people_is_the_one_of_the_cached_run(change: Trained) -> None:
    options = ("train", "--data", change.table, *SMALL)
    change.database(f"{NAME}.json").unlink()
    ran = change.run(*options)
    again = change.run(*options)

    assert "Nothing has changed" not in ran.err
    assert "Nothing has changed" in again.err
    names = ("Cached", "ZenML run")  # ZenML still asked the last step
    kept = [line for line in ran.out.splitlines() if not line.startswith(names)]
    assert [line for line in again.out.splitlines() if not line.startswith(names)] == kept


def test_refusal_is_repeated_with_its_exit_code(change: Trained) -> None:
    first = change.train(WEAK)
    again = change.train(WEAK)

    assert (first.code, again.code) == (3, 3)
    assert "Nothing has changed" in again.err
    assert again.json["aliases"] == {"champion": "1", "challenger": "2"}


def cut_a_row(user: Trained) -> None:
    user.table.write_text("".join(user.table.read_text().splitlines(keepends=True)[:-1]))


def append(name: str, text: str = "\n# changed\n") -> Callable[[Trained], None]:
    def apply(user: Trained) -> None:
        file = user.project / name
        file.write_text(file.read_text() + text)

    return apply


def delete(pattern: str) -> Callable[[Trained], None]:
    def apply(user: Trained) -> None:
        found = user.files(pattern)
        assert found, pattern
        found[0].unlink()

    return apply


def cut_short(pattern: str) -> Callable[[Trained], None]:
    def apply(user: Trained) -> None:
        file = user.files(pattern)[0]
        file.write_bytes(file.read_bytes()[:-1])

    return apply


def flip_a_byte(user: Trained) -> None:
    file = user.files("models/*/artifacts/model.skops")[0]
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def write(database: str, statement: str) -> Callable[[Trained], None]:
    return lambda user: user.write(database, statement)


def other_stack(user: Trained) -> None:
    (config,) = user.files("config.yaml")
    lines = config.read_text().splitlines()
    config.write_text("\n".join(line for line in lines if not line.startswith("active_stack_id")))


def zen_repository(user: Trained) -> None:
    (user.project / ".zen").mkdir()
    (user.project / ".zen" / "config.yaml").write_text("active_stack_id: another\n")


CHANGES: dict[str, Callable[[Trained], Any]] = {
    "a row of the table": cut_a_row,
    "the table is gone": lambda user: user.table.unlink(),
    "the configuration": append("configs/train.yaml"),
    "the contract": append("configs/datasets/student_performance.yaml"),
    "the domain": append("student_performance/metrics.py"),
    "a new module": lambda user: (user.project / "student_performance" / "new.py").write_text(""),
    "a step": append("steps/train.py"),
    "the pipeline": append("pipelines/training.py"),
    "a materializer": append("materializers/parquet.py"),
    "the stacks": append("stacks/definitions.py"),
    "what is shown": append("cli/tables.py"),
    "the lock": append("requirements.txt"),
    "ZenML's active stack": other_stack,
    "a ZenML repository": zen_repository,
    "a stack's settings": write("zenml.db", "UPDATE stack SET name = 'x' WHERE name = 'local'"),
    "a component's settings": write("zenml.db", "UPDATE stack_component SET flavor = 'x'"),
    "the run in ZenML": write("zenml.db", "DELETE FROM pipeline_run"),
    "the alias": write("mlflow.db", "UPDATE registered_model_aliases SET version = 7"),
    "the version": write("mlflow.db", "DELETE FROM model_versions"),
    "a tag of the version": write("mlflow.db", "UPDATE model_version_tags SET value = 'x'"),
    "the run in MLflow": write("mlflow.db", "UPDATE runs SET lifecycle_stage = 'deleted'"),
    "the experiment": write("mlflow.db", "UPDATE experiments SET lifecycle_stage = 'deleted'"),
    "the logged model": write("mlflow.db", "DELETE FROM logged_models"),
    "a table of the registry": write("mlflow.db", "ALTER TABLE model_versions RENAME TO x"),
    "an artifact in ZenML": delete("*.parquet"),
    "the report in ZenML": cut_short("evaluate/**/*.json"),
    "the model file": delete("models/*/artifacts/model.skops"),
    "a byte of the model file": flip_a_byte,
    "the report in MLflow": delete("report.html"),
    "MLflow's database": delete("mlflow.db"),
    "ZenML's database": delete("zenml.db"),
    "the record": lambda user: user.database(f"{NAME}.json").write_text("{"),
}


def stands(user: Trained, *options: object) -> bool:
    question = unchanged.question_of(user.project, NAME, *options)
    last = unchanged.find(NAME)
    return last is not None and last.stands(question)


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_voids_the_answer(
    change: Trained, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(change.project)
    options = ("an option",)
    record = change.database(f"{NAME}.json")
    question = unchanged.question_of(change.project, NAME, *options)
    record.write_text(json.dumps(json.loads(record.read_text()) | {"question": question}))
    assert stands(change, *options), "else the test shows nothing"

    CHANGES[what](change)

    assert not stands(change, *options)


def test_other_options_and_settings_are_another_question(
    change: Trained, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
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


def test_what_cannot_be_read_is_no_question(change: Trained) -> None:
    (change.project / "steps" / ".#train.py").symlink_to("nowhere")  # an editor's lock

    assert unchanged.question_of(change.project, NAME) is None
    assert not LastRun("", {}, {}, (), "run", 0, "", "", "").stands(None)


def test_answer_is_written_as_the_first_one_was(change: Trained) -> None:
    change.run("train", "--data", change.table, *SMALL)
    again = subprocess.run(
        [sys.executable, "run.py", "train", "--data", str(change.table), *SMALL],
        cwd=change.project, capture_output=True, check=False,
        env=change.user.environment | {"PYTHONIOENCODING": "latin-1"},
    )  # fmt: skip

    assert again.returncode == 0, again.stderr
    assert "✓" in again.stdout.decode("utf-8")


def test_alias_that_moved_before_the_end_is_not_sealed_in(
    change: Trained, monkeypatch: pytest.MonkeyPatch
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


def test_training_that_cannot_be_remembered_ends_well(change: Trained) -> None:
    result, left = kept(change)
    with sqlite3.connect(change.database("mlflow.db")) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        unchanged.keep("a question", result, "", 0, left)
    connection.close()
    assert unchanged.find(NAME) is None

    shutil.rmtree(change.user.root / "home" / "last")
    (change.user.root / "home" / "last").write_text("no folder")
    unchanged.keep("a question", result, "", 0, left)


def kept(user: Trained) -> "tuple[TrainingResult, Left]":
    """The first result, and what there is now."""
    from cli.results import TrainingResult

    result = TrainingResult.model_validate_json(user.first.out)
    databases = unchanged.databases_of(
        user.database("mlflow.db"), user.database("zenml.db"), NAME, result.zenml_run_id
    )
    (config,) = user.files("config.yaml")
    return result, Left(databases, (), config)


def test_asked_to_compute_it_computes(change: Trained) -> None:
    again = change.train("--no-cache")

    assert again.code == 0, again.err
    assert {step["status"] for step in again.json["steps"]} == {"completed"}


def test_store_elsewhere_is_always_asked(change: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    record = change.database(f"{NAME}.json")
    monkeypatch.chdir(change.project)
    from cli.results import TrainingResult

    result = TrainingResult.model_validate_json(change.first.out)
    unchanged.keep("a question", result, "", 0, None)

    assert not record.exists()
    assert os.listdir(record.parent) == []
