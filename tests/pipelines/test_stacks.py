"""Registration and selection of stacks in a user's own ZenML configuration."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from zenml.client import Client
from zenml.enums import StackComponentType as Type

from stacks.containers import run_settings
from stacks.registration import ensure_stack
from student_performance.settings import SCHEDULER, WORKER_MEMORY, WORKERS
from tests.conftest import Outcome, Stores

Run = Callable[..., Outcome]


def make_stack(name: str, tracker: str | None = None) -> None:
    """A stack that the user made, not this project."""
    client = Client()
    default = client.get_stack("default")
    components: dict[Type, Any] = {
        kind: default.components[kind][0].id for kind in (Type.ORCHESTRATOR, Type.ARTIFACT_STORE)
    }
    if tracker is not None:
        made = client.create_stack_component(
            f"{name}_tracker", "mlflow", Type.EXPERIMENT_TRACKER, {"tracking_uri": tracker}
        )
        components[Type.EXPERIMENT_TRACKER] = made.id
    client.create_stack(name, components)


def test_registering_twice_changes_nothing(stores: Stores) -> None:
    first = ensure_stack("local")
    second = ensure_stack("local")

    assert first.id == second.id
    assert first.updated == second.updated
    assert len(Client().list_stacks(name="local").items) == 1


def test_missing_component_is_put_back(stores: Stores) -> None:
    client = Client()
    stack = client.get_stack("local")
    client.update_stack(stack.id, component_updates={Type.MODEL_REGISTRY: []})
    assert Type.MODEL_REGISTRY not in client.get_stack("local").components

    assert Type.MODEL_REGISTRY in ensure_stack("local").components


def test_secret_that_was_deleted_is_made_and_linked_anew(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
        "MLFLOW_TRACKING_USERNAME": "somebody",
        "MLFLOW_TRACKING_PASSWORD": "password",
    }.items():
        monkeypatch.setenv(name, value)
    (secret,) = ensure_stack("container").secrets
    assert Client().get_secret(secret).secret_values["AWS_ACCESS_KEY_ID"] == "key"
    Client().delete_secret(str(secret))

    (anew,) = ensure_stack("container").secrets
    assert Client().get_secret(anew).secret_values["AWS_ACCESS_KEY_ID"] == "key"
    assert anew != secret


def test_moved_home_updates_the_tracker(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDENT_PERFORMANCE_HOME", str(stores.root / "elsewhere"))
    ensure_stack("local")
    tracker = Client().get_stack_component(Type.EXPERIMENT_TRACKER, "student_performance_local")

    assert "elsewhere" in tracker.configuration["tracking_uri"]


def test_newcomer_trains_on_local_and_keeps_the_active_stack(train: Run, stores: Stores) -> None:
    before = (stores.root / "zenml" / "config.yaml").read_bytes()
    outcome = train()

    assert outcome.json["stack"] == "local"
    assert "ZenML's active stack `default` has no experiment tracker" in outcome.err
    assert (stores.root / "zenml" / "config.yaml").read_bytes() == before


def test_active_stack_of_the_user_is_honoured(train: Run, stores: Stores) -> None:
    make_stack("mine", f"sqlite:///{stores.root}/mine/mlflow.db")
    Client().activate_stack("mine")
    outcome = train()

    assert outcome.json["stack"] == "mine"
    assert (stores.root / "mine" / "mlflow.db").exists()


def test_stack_option_holds_for_one_command_only(train: Run, cli: Run, stores: Stores) -> None:
    make_stack("mine", f"sqlite:///{stores.root}/mine/mlflow.db")
    outcome = train("--stack=mine")

    assert outcome.json["stack"] == "mine"
    os.environ.pop("ZENML_ACTIVE_STACK_ID")
    assert Client().active_stack_model.name == "default"
    assert "No training" in cli("runs").out  # they are in the other store


def test_foreign_stack_of_our_name_is_left_alone(train: Run, stores: Stores) -> None:
    client = Client()
    client.delete_stack("local")
    make_stack("local")
    before = client.get_stack("local")
    outcome = train("--stack=local")
    after = Client().get_stack("local")

    assert (after.updated, after.components) == (before.updated, before.components)
    assert outcome.code == 2
    assert "did not make" in outcome.err
    assert "zenml stack rename" in outcome.err


def test_stack_without_a_tracker_is_refused(train: Run) -> None:
    outcome = train("--stack=default")

    assert outcome.code == 2
    assert "no MLflow experiment tracker" in outcome.err


@pytest.mark.parametrize(
    "args",
    [("train", "--stack=lokal"), ("stack", "register", "lokal"), ("doctor", "--stack=lokal")],
)
def test_misspelt_stack_names_the_nearest(cli: Run, args: tuple[str, ...]) -> None:
    outcome = cli(*args)

    assert outcome.code in (2, 5)
    assert "Did you mean `local`?" in outcome.out + outcome.err


def test_unreachable_tracker_exits_with_5(train: Run, stores: Stores) -> None:
    blocked = stores.root / "file"
    blocked.write_text("not a folder")
    make_stack("broken", f"sqlite:///{blocked}/mlflow.db")
    outcome = train("--stack=broken")

    assert outcome.code == 5
    assert "does not answer" in outcome.err
    assert "run.py doctor" in outcome.err


def test_stack_list_shows_components_and_the_active_stack(cli: Run) -> None:
    outcome = cli("stack", "list")

    assert outcome.code == 0
    assert "student_performance_local (mlflow)" in outcome.out
    assert "active stack is `default`" in outcome.out


def test_stack_register_prints_how_to_activate(cli: Run) -> None:
    outcome = cli("stack", "register", "local")

    assert outcome.code == 0
    assert "zenml stack set local" in outcome.out


def test_two_processes_register_at_once(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    stack = client.get_stack("local")
    client.delete_stack(stack.id)
    make = Client.create_stack

    def after_another(self: Client, *args: Any, **kwargs: Any) -> Any:
        make(self, *args, **kwargs)  # the other process is a moment earlier
        return make(self, *args, **kwargs)

    monkeypatch.setattr(Client, "create_stack", after_another)
    assert ensure_stack("local").name == "local"


def test_steps_in_containers_are_told_of_the_processes_that_learn_in_parts(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {SCHEDULER: "tcp://10.0.0.5:8786", WORKERS: "3", WORKER_MEMORY: "2GB"}
    for name in said:
        monkeypatch.delenv(name, raising=False)
    before = run_settings()["orchestrator"]["run_args"]["environment"]
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    after = run_settings()["orchestrator"]["run_args"]["environment"]

    assert after == before | said
    assert not before.keys() & said.keys()
