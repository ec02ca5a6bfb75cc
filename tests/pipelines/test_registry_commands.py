"""`runs`, `promote`, `rollback` and what they refuse."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from student_performance.errors import RegistryError
from student_performance.registry import Registry, Store
from student_performance.settings import local_tracking_uri
from tests.conftest import WEAK, Outcome

Run = Callable[..., Outcome]
NAME = "student_performance"


@pytest.fixture
def two_versions(given: Run) -> None:
    assert given((WEAK,), ()).json["aliases"] == {"champion": "2", "previous": "1"}


def registry() -> Registry:
    return Registry(Store(local_tracking_uri()))


def test_runs_of_an_empty_store_name_the_next_command(cli: Run) -> None:
    outcome = cli("runs")

    assert outcome.code == 0
    assert "run `python run.py train`" in outcome.out


def test_runs_lists_trainings_versions_and_moves(cli: Run, two_versions: None) -> None:
    outcome = cli("runs", "--json")
    listed = json.loads(outcome.out)

    assert [run["version"] for run in listed["runs"]] == ["2", "1"]
    assert listed["aliases"] == {"champion": "2", "previous": "1"}
    assert [(m["alias"], m["to_version"]) for m in listed["audit"]] == [
        ("champion", "1"), ("previous", "1"), ("champion", "2"),
    ]  # fmt: skip
    assert "previous is version 1" in cli("runs").out


def test_rollback_swaps_champion_and_previous(cli: Run, two_versions: None) -> None:
    outcome = cli("rollback", "--reason", "false alarms")

    assert outcome.code == 0, outcome.err
    assert "Version 1 serves now" in outcome.out
    assert registry().aliases(NAME) == {"champion": "1", "previous": "2"}
    assert {r.reason for r in registry().audit(NAME)[-2:]} == {"false alarms"}


def test_training_does_not_undo_a_rollback(cli: Run, train: Run, two_versions: None) -> None:
    cli("rollback", "--reason", "false alarms")
    again = train()

    assert again.json["verdict"]["judged_before"]
    assert registry().aliases(NAME) == {"champion": "1", "previous": "2"}


def test_rollback_without_a_previous_version_is_refused(cli: Run, trained: Outcome) -> None:
    outcome = cli("rollback", "--reason", "just because")

    assert outcome.code == 2
    assert "no previous version" in outcome.err


def test_promote_takes_a_refused_version_because_a_person_says_so(cli: Run, given: Run) -> None:
    given((), (WEAK,))
    outcome = cli("promote", "2", "--reason", "wanted")

    assert outcome.code == 0, outcome.err
    assert "refused" in outcome.err  # what the gate had said is shown
    assert registry().aliases(NAME) == {"champion": "2", "previous": "1"}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("promote", "7", "--reason", "x"), "no version 7; versions: 2, 1"),
        (("promote", "1"), "Missing option '--reason'"),
        (("promote", "1", "--reason", " "), "--reason is empty"),
        (("rollback", "--reason", "x", "--dataset", "oulad"), "no previous version"),
        (("runs", "--dataset", "oulat"), "Did you mean `oulad`?"),
    ],
)
def test_wrong_use_is_explained(
    cli: Run, two_versions: None, args: tuple[str, ...], says: str
) -> None:
    outcome = cli(*args)

    assert outcome.code == 2
    assert says in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("command", [("rollback",), ("promote", "1")])
@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_damaged_model_file_is_not_served(
    cli: Run, two_versions: None, damage: str, command: tuple[str, ...]
) -> None:
    version = registry().version(NAME, "1")
    file = Path(version.source.removeprefix("file://")) / "model.skops"
    content = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(content[:-1] if damage == "cut" else content[:-1] + b"x")

    outcome = cli(*command, "--reason", "x")
    assert outcome.code == 2
    assert registry().aliases(NAME) == {"champion": "2", "previous": "1"}
    with pytest.raises(RegistryError):
        registry().load(version)
