"""`run.py demo`: the acts happen, in stores of their own."""

from collections.abc import Callable

import pytest

from student_performance.decision_log import DecisionLog
from student_performance.registry import Monitorings, Registry, Store
from student_performance.settings import home, local_tracking_uri
from tests.conftest import Outcome

NAME = "student_performance"


@pytest.mark.timeout(900)  # each act is a process of its own
def test_every_act_happens_and_the_users_own_stores_stay_empty(
    cli: Callable[..., Outcome], stores: object
) -> None:
    outcome = cli("demo")

    assert outcome.code == 0, outcome.err
    acts = [line for line in outcome.out.splitlines() if line[:2] in ("1.", "2.", "3.", "4.", "5.")]
    assert len(acts) == 5
    assert "Moved: hours_studied" in outcome.out
    place = home() / "demo"
    assert f"STUDENT_PERFORMANCE_HOME={place} python run.py dashboard" in outcome.out
    shown = Store(f"sqlite:///{place}/mlflow/mlflow.db")
    registry = Registry(shown)
    assert len(registry.versions(NAME)) == 3
    assert registry.aliases(NAME)["champion"] == "2"
    assert "a bad model was forced in" in {record.reason for record in registry.audit(NAME)}
    assert [report.level for report in Monitorings(shown).newest(NAME)] == ["drift"]
    log = DecisionLog(f"sqlite:///{place}/decisions.db")
    (found,) = log.history(NAME)
    assert len(log.decisions(found.experiment)) == 2_000
    assert len(log.outcomes(found.experiment)) == 2_000
    assert not (home() / "decisions.db").exists()
    assert Registry(Store(local_tracking_uri())).versions(NAME) == []
