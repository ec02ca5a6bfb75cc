"""When the prediction service says that it is ready."""

import pytest

from serving.champion import Champion
from serving.settings import ServiceSettings


@pytest.fixture
def champion() -> Champion:
    return Champion(ServiceSettings(dataset="students", tracking_uri="sqlite:///nothing.db"))


def test_ready_only_after_the_experiment_was_looked_up(
    champion: Champion, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look() -> None:
        champion.serving = object()  # type: ignore[assignment]

    monkeypatch.setattr(champion, "_look", look)
    champion.also = lambda: seen.append((champion.serving is not None, champion.settled))
    champion.refresh()

    assert seen == [(True, False)]
    assert champion.settled


def test_not_ready_while_no_version_was_found(
    champion: Champion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(champion, "_look", lambda: "No version serves.")
    champion.refresh()

    assert not champion.settled
    assert champion.trouble == "No version serves."
