"""The gate on a registry that others change: stale caches, kills, rollbacks, deletions, races."""

import shutil
from collections.abc import Callable

import pytest
from mlflow import MlflowClient

from student_performance.registry import Registry, Store
from student_performance.settings import local_tracking_uri
from tests.conftest import MIDDLE, SMALL, WEAK, Outcome, Stores
from tests.pipelines.kills import REGISTERING, killed

Run = Callable[..., Outcome]
NAME = "student_performance"
STRICT = "--set=gate.min_test_rows=5000"


def client() -> MlflowClient:
    return MlflowClient(local_tracking_uri(), local_tracking_uri())


def aliases() -> dict[str, str]:
    return Registry(Store(local_tracking_uri())).aliases(NAME)


def test_no_version_is_made_of_a_model_whose_file_is_gone(train: Run, stores: Stores) -> None:
    assert train(STRICT).code == 3  # tracked and cached, but not registered
    shutil.rmtree(stores.root / "home" / "mlflow" / "artifacts")
    outcome = train()

    assert outcome.code == 2
    assert "cannot be registered" in outcome.err
    assert "--no-cache" in outcome.err
    assert aliases() == {}
    assert train("--no-cache").json["aliases"] == {"champion": "1"}


def test_deleted_run_is_explained(trained: Outcome, train: Run) -> None:
    client().delete_run(trained.json["verdict"]["model"]["run_id"])
    outcome = train()

    assert outcome.code == 2
    assert "the run was deleted" in outcome.err
    assert "--no-cache" in outcome.err


def test_judgement_that_was_cut_off_is_made_anew_if_another_model_serves_by_now(
    given: Run, train: Run
) -> None:
    given((WEAK,))
    killed(train, REGISTERING["register, after the version"], MIDDLE)
    assert train().json["aliases"] == {"champion": "3", "previous": "1"}
    late = train(MIDDLE)

    # Against version 1 it would have been promoted; version 3 is better.
    assert late.code == 3
    assert "champion (version 3)" in late.err
    assert aliases()["champion"] == "3"


def test_rolled_back_model_is_not_said_to_serve(given: Run, train: Run, cli: Run) -> None:
    given((WEAK,), ())
    cli("rollback", "--reason", "false alarms")
    again = train()

    assert again.json["verdict"]["judged_before"]
    assert not again.json["verdict"]["serves"]
    assert aliases() == {"champion": "1", "previous": "2"}
    shown = cli("train", "--data", again.json["data"], *SMALL).out
    assert "but a person let another version serve" in shown


def test_policy_that_was_applied_before_is_applied_again(given: Run, train: Run, cli: Run) -> None:
    given((WEAK,), ())
    for policy in ("--set=gate.min_test_rows=200", "--set=gate.min_test_rows=100"):
        cli("rollback", "--reason", "try")
        assert aliases()["champion"] == "1"
        judged = train(policy)
        assert not judged.json["verdict"]["judged_before"]
        assert judged.json["verdict"]["serves"]
        assert aliases()["champion"] == "2"


def test_stricter_policy_says_that_the_champion_serves_all_the_same(
    trained: Outcome, train: Run
) -> None:
    strict = train(STRICT)

    assert strict.code == 3
    assert strict.json["verdict"]["version"] == "1"
    assert strict.json["verdict"]["serves"]
    assert aliases() == {"champion": "1"}
    assert client().get_model_version(NAME, "1").tags["decision"] == "refused"


def test_version_that_someone_registered_by_hand_is_left_alone(
    trained: Outcome, train: Run, cli: Run
) -> None:
    source = client().get_model_version(NAME, "1").source
    client().create_model_version(NAME, source, trained.json["verdict"]["model"]["run_id"])

    assert train(WEAK).code == 3
    assert cli("runs").code == 0
    outcome = cli("promote", "2", "--reason", "x")
    assert outcome.code == 2
    assert "no version 2" in outcome.err


@pytest.mark.parametrize("header", ["", "S00042,Male,5,80,5,70\n"])
def test_table_without_a_header_shows_no_student(train: Run, stores: Stores, header: str) -> None:
    from pathlib import Path

    from student_performance.simulate import simulate, to_csv

    rows = to_csv(simulate(50, seed=1)).decode().split("\n", 1)[1]
    data = Path(stores.root) / "headless.csv"
    data.write_text(header + rows)
    outcome = train(data=data)

    assert outcome.code == 4
    assert "the first line is no header" in outcome.err
    student = (header + rows).split(",", 1)[0]
    assert student not in outcome.err
    kept = [path for path in stores.root.rglob("*") if path.is_file() and path != data]
    assert not [path for path in kept if student.encode() in path.read_bytes()]


def test_same_risks_with_another_threshold_are_for_a_person_to_decide(
    trained: Outcome, train: Run
) -> None:
    second = train("--set=threshold.missed=5").json
    reason = second["verdict"]["decision"]["reasons"][-1]

    assert second["report"]["setup"]["threshold"]["value"] == 1 / 6
    assert second["verdict"]["decision"]["outcome"] == "kept"
    assert "the same risks, and only the threshold differs" in reason["text"]
    assert second["aliases"] == {"champion": "1", "challenger": "2"}
    assert Registry(Store(local_tracking_uri())).version(NAME, "2").threshold.value == 1 / 6


@pytest.mark.parametrize("tag", ["division", "threshold", "data_md5"])
def test_version_of_an_earlier_release_is_explained(tag: str, trained: Outcome, cli: Run) -> None:
    client().delete_model_version_tag(NAME, "1", tag)
    outcome = cli("promote", "1", "--reason", "a try")

    assert outcome.code == 2
    assert f"earlier release, which did not keep: {tag}" in outcome.err
