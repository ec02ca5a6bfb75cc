"""A training that was killed while it registered its model is resumed by the next one.

All but one begin after a kill before the decision, so that the steps before it are not repeated.
"""

from collections.abc import Callable

import pytest

from student_performance.registry import Registry, Store
from student_performance.settings import local_tracking_uri
from tests.conftest import WEAK, Stores, forget_singletons
from tests.pipelines.kills import (
    COMPUTING,
    NAME,
    REGISTERING,
    Train,
    check_first_training_resumes,
    check_registry,
    check_resumes,
    killed,
)
from tests.shelf import Shelf


@pytest.fixture
def die_before_deciding(
    given: Train, train: Train, shelf: Shelf, stores: Stores
) -> Callable[..., None]:
    """A training dies before it decides; the first test runs it, the others get what it left."""

    def run(*options: str, after: tuple[tuple[str, ...], ...] = ()) -> None:
        known = (*after, ("killed", *options))
        if known in shelf.outcomes:
            forget_singletons()
            shelf.put_back(known, stores.root)
            return
        if after:
            given(*after)
        killed(train, COMPUTING["decide, before"], *options)
        shelf.keep(known, None, stores.root)

    return run


def test_first_training_resumes_after_a_kill(train: Train) -> None:
    check_first_training_resumes(train, REGISTERING["register, after the version"])


@pytest.mark.parametrize("place", REGISTERING)
def test_first_training_resumes_after_two_kills(
    die_before_deciding: Callable[..., None], train: Train, place: str
) -> None:
    die_before_deciding(WEAK)
    killed(train, REGISTERING[place], WEAK)
    check_resumes(train)


@pytest.mark.parametrize(
    ("call", "function"),
    [
        (call, f)
        for call in (1, 2)
        for f in ("set_registered_model_tag", "set_registered_model_alias")
    ],
)
def test_promotion_over_a_champion_resumes_after_two_kills(
    die_before_deciding: Callable[..., None], train: Train, call: int, function: str
) -> None:
    die_before_deciding(after=((WEAK,),))
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
