"""Settings of the Dask processes, and a crew whose only worker is a thread of this process."""

import operator
from collections.abc import Iterator

import pytest
from distributed import Client

from student_performance.errors import UnreachableError, UsageError
from student_performance.parts.crew import Crew, crew, memory, workers
from student_performance.settings import SCHEDULER, WORKER_MEMORY, WORKERS


@pytest.fixture(scope="module")
def here() -> Iterator[Crew]:
    with Client(
        processes=False, n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0",
    ) as client:  # fmt: skip
        yield Crew(client)


def test_results_come_in_the_order_of_the_parts(here: Crew) -> None:
    doubled = here.each(operator.mul, range(40), 2)
    here.settled("doubling", doubled)
    assert here.gathered("doubling", doubled) == list(range(0, 80, 2))
    assert here.total("adding", operator.mul, range(40), 2) == 1_560
    # More than are added up at once: words show the order.
    assert here.total("spelling", operator.add, list("abcdefghijklmnopqrst"), "") == (
        "abcdefghijklmnopqrst"
    )


def test_item_and_all_results_together(here: Crew) -> None:
    pairs = here.each(divmod, [7, 9], 4)
    assert here.gathered("items", [here.item(pair, 1) for pair in pairs]) == [3, 1]
    assert here.gathered("together", [here.together(max, pairs)]) == [(2, 1)]


def test_error_of_a_part_is_the_error_of_all(here: Crew) -> None:
    with pytest.raises(ZeroDivisionError):
        here.gathered("dividing", here.each(operator.floordiv, [4, 2], 0))


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_number_of_processes_is_checked(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS, text)
    with pytest.raises(UsageError, match=f"{WORKERS} is `{text}`"):
        workers()


@pytest.mark.parametrize("text", ["plenty", "100MB", "-1"])
def test_memory_is_checked(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKER_MEMORY, text)
    with pytest.raises(UsageError, match=f"{WORKER_MEMORY} is `{text}`"):
        memory()


def test_settings_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS, "3")
    monkeypatch.setenv(WORKER_MEMORY, "2GB")
    assert (workers(), memory()) == (3, 2_000_000_000)
    monkeypatch.delenv(WORKERS)
    monkeypatch.delenv(WORKER_MEMORY)
    assert workers() >= 1
    assert memory() == "auto"


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "not an address"])
def test_nobody_at_the_address_is_a_sentence(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCHEDULER, address)
    monkeypatch.setattr("student_performance.parts.crew._ANSWER_SECONDS", 1)
    with pytest.raises(UnreachableError, match=f"No Dask scheduler answers at {address}"), crew():
        pass
