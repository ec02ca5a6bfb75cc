"""The last answer to `run.py train` is void as soon as anything that it rests on has changed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cli import unchanged
from tests.pipelines.conftest import Checkout

NAME = "student_performance"


def cut_a_row(user: Checkout) -> None:
    user.table.write_text("".join(user.table.read_text().splitlines(keepends=True)[:-1]))


def append(name: str, text: str = "\n# changed\n") -> Callable[[Checkout], None]:
    def apply(user: Checkout) -> None:
        file = user.project / name
        file.write_text(file.read_text() + text)

    return apply


def delete(pattern: str) -> Callable[[Checkout], None]:
    def apply(user: Checkout) -> None:
        found = user.files(pattern)
        assert found, pattern
        found[0].unlink()

    return apply


def cut_short(pattern: str) -> Callable[[Checkout], None]:
    def apply(user: Checkout) -> None:
        file = user.files(pattern)[0]
        file.write_bytes(file.read_bytes()[:-1])

    return apply


def flip_a_byte(user: Checkout) -> None:
    file = user.files("models/*/artifacts/model.skops")[0]
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def write(database: str, statement: str) -> Callable[[Checkout], None]:
    return lambda user: user.write(database, statement)


def other_stack(user: Checkout) -> None:
    (config,) = user.files("config.yaml")
    lines = config.read_text().splitlines()
    config.write_text("\n".join(line for line in lines if not line.startswith("active_stack_id")))


def zen_repository(user: Checkout) -> None:
    (user.project / ".zen").mkdir()
    (user.project / ".zen" / "config.yaml").write_text("active_stack_id: another\n")


CHANGES: dict[str, Callable[[Checkout], Any]] = {
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


def stands(user: Checkout, *options: object) -> bool:
    question = unchanged.question_of(user.project, NAME, *options)
    last = unchanged.find(NAME)
    return last is not None and last.stands(question)


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_voids_the_answer(
    change: Checkout, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(change.project)
    options = ("an option",)
    record = change.database(f"{NAME}.json")
    question = unchanged.question_of(change.project, NAME, *options)
    record.write_text(json.dumps(json.loads(record.read_text()) | {"question": question}))
    assert stands(change, *options), "else the test shows nothing"

    CHANGES[what](change)

    assert not stands(change, *options)
