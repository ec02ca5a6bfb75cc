"""A training that was killed while it registered its model is resumed by the next one."""

import pytest

from student_performance.registry import Registry, Store
from student_performance.settings import local_tracking_uri
from tests.conftest import WEAK
from tests.pipelines.kills import (
    NAME,
    REGISTERING,
    Train,
    check_first_training_resumes,
    check_registry,
    killed,
)


@pytest.mark.parametrize("place", REGISTERING)
def test_first_training_resumes_after_a_kill(train: Train, place: str) -> None:
    check_first_training_resumes(train, REGISTERING[place])


@pytest.mark.parametrize(
    ("call", "function"),
    [
        (call, f)
        for call in (1, 2)
        for f in ("set_registered_model_tag", "set_registered_model_alias")
    ],
)
def test_promotion_over_a_champion_resumes_after_a_kill(
    given: Train, train: Train, call: int, function: str
) -> None:
    given((WEAK,))
    killed(train, (f"mlflow.MlflowClient.{function}", "after", call))
    check_registry()
    outcome = train()

    assert outcome.code == 0, outcome.err
    assert outcome.json["aliases"] == {"champion": "2", "previous": "1"}
    registry = Registry(Store(local_tracking_uri()))
    assert len(registry.versions(NAME)) == 2
    assert [(r.alias, r.from_version, r.to_version, r.done) for r in registry.audit(NAME)] == [
        ("champion", None, "1", True),
        ("previous", None, "1", True),
        ("champion", "1", "2", True),
    ]
