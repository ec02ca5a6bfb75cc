"""The processes that work on the parts of a table: a Dask cluster, found or made."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any

from student_performance.errors import ProductError, UnreachableError, UsageError
from student_performance.provenance import code_digest
from student_performance.settings import SCHEDULER, WORKER_MEMORY, WORKERS

if TYPE_CHECKING:
    from distributed import Client, Future

_TRAIN = "python run.py train --set engine=dask"
_LEAST_MEMORY = 500_000_000
_SECONDS = 5  # between two lines of progress
_ANSWER_SECONDS = 10  # for a scheduler to answer
_ARITY = 16  # results that are added up at once, so that no process gets all of them
_open: list["Crew"] = []
_kept: list[ExitStack] = []
_log = logging.getLogger("steps.parts")


class Crew:
    """Runs functions on parts, on whatever processes there are, and adds up what they return.

    The order in which results are added is that of the parts, whoever made them: the number of
    processes does not change a digit.
    """

    def __init__(self, client: "Client") -> None:
        self._client = client

    def each(
        self, function: Callable[..., Any], parts: Sequence[Any], *same: Any
    ) -> "list[Future[Any]]":
        """Start a function on each part; what it returns stays where it was made.

        What is the `same` for all goes with the task and not ahead of it: a process that is lost
        takes nothing with it that cannot be made again.
        """
        return list(self._client.map(_called, parts, function=function, same=same, pure=False))

    def gathered(self, what: str, futures: "list[Future[Any]]") -> list[Any]:
        """Wait for results, tell how many are there, and bring them here in the order of the parts.

        Raises:
            ProductError: A part has ended its process again and again.
        """
        self._wait(what, futures)
        return list(self._client.gather(futures))

    def total(
        self, what: str, function: Callable[..., Any], parts: Sequence[Any], *same: Any
    ) -> Any:
        """The sum of what a function returns for each part."""
        sums = self.each(function, parts, *same)
        self._wait(what, sums)
        while len(sums) > 1:
            groups = [sums[start : start + _ARITY] for start in range(0, len(sums), _ARITY)]
            sums = [self.together(_added, group) for group in groups]
        return self.gathered(what, sums)[0]

    def together(self, function: Callable[..., Any], futures: "list[Future[Any]]") -> "Future[Any]":
        """Give all results to one call of a function, somewhere."""
        return self._client.submit(function, futures, pure=False)

    def item(self, future: "Future[Any]", place: int) -> "Future[Any]":
        """One item of a result, where that is."""
        return self._client.submit(_item, future, place, pure=False)

    def settled(self, what: str, futures: "list[Future[Any]]") -> None:
        """Wait until results are there, and leave them where they are."""
        self._wait(what, futures)

    def _wait(self, what: str, futures: "list[Future[Any]]") -> None:
        from distributed import KilledWorker, as_completed

        told = time.monotonic()
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                if future.status == "error":
                    future.result()
                if time.monotonic() - told > _SECONDS:
                    _log.info("%s: %s of %s parts", what, f"{done:,}", f"{len(futures):,}")
                    told = time.monotonic()
        except KilledWorker:
            raise ProductError(
                f"{what}: one part has ended the process that worked on it again and again; most"
                f" often that is for lack of memory. Give each more with {WORKER_MEMORY}, or write"
                " the table with smaller row groups.",
                f"{WORKER_MEMORY}=4GB {_TRAIN}",
            ) from None


def _item(several: Any, place: int) -> Any:
    return several[place]


def _called(part: Any, function: Callable[..., Any], same: tuple[Any, ...]) -> Any:
    return function(part, *same)


def _added(parts: list[Any]) -> Any:
    return reduce(add, parts)


@contextmanager
def crew() -> Iterator[Crew]:
    """The cluster at `DASK_SCHEDULER_ADDRESS`, or processes of this machine, for as long as needed.

    Raises:
        UnreachableError: Nobody answers at that address.
        UsageError: The processes there have other code, and would find other numbers.
    """
    with ExitStack() as block:
        if not _open:
            (_kept[-1] if _kept else block).enter_context(_opened())
        yield _open[-1]


@contextmanager
def kept_crew() -> Iterator[None]:
    """Let the first `crew` of a block stay until its end, for all steps of a run."""
    with ExitStack() as block:
        _kept.append(block)
        try:
            yield
        finally:
            _kept.pop()


@contextmanager
def _opened() -> Iterator[None]:
    address = os.environ.get(SCHEDULER)
    with _cluster_at(address) if address else _local_cluster() as client:
        _open.append(Crew(client))
        try:
            yield
        finally:
            _open.pop()


@contextmanager
def _cluster_at(address: str) -> "Iterator[Client]":
    from distributed import Client

    try:
        client = Client(address, timeout=_ANSWER_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        raise UnreachableError(
            f"No Dask scheduler answers at {address} ({SCHEDULER}): {type(error).__name__}.",
            f"unset {SCHEDULER}",
        ) from None
    with client:
        _check_code(client, address)
        yield client


@contextmanager
def _local_cluster() -> "Iterator[Client]":
    import dask
    from distributed import Client, LocalCluster

    settings = {
        "distributed.scheduler.allowed-failures": 3,
        # A process that is full of what Dask does not manage would wait for ever.
        "distributed.worker.memory.pause": False,
    }
    logging.getLogger("distributed").setLevel(logging.ERROR)  # it tells of every connection
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=workers(),
            threads_per_worker=1,
            memory_limit=memory(),
            host="127.0.0.1",
            dashboard_address=":0",
        ) as cluster,
        Client(cluster) as client,
    ):
        _log.info("engine: %s processes of this machine learn in parts", workers())
        yield client


def workers() -> int:
    """How many processes of this machine: `STUDENT_PERFORMANCE_WORKERS`, else one a core.

    Raises:
        UsageError: The variable holds no number.
    """
    text = os.environ.get(WORKERS, "")
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    if text:
        raise UsageError(
            f"{WORKERS} is `{text}`; a whole number of processes above 0 is needed.",
            f"export {WORKERS}=2",
        )
    return os.cpu_count() or 1


def memory() -> int | str:
    """What each of them may hold: `STUDENT_PERFORMANCE_WORKER_MEMORY`, else its share of all.

    Returns:
        Bytes, or `auto`; what is beyond them goes to disk.

    Raises:
        UsageError: The variable holds no size, or too small a one.
    """
    from dask.utils import parse_bytes

    text = os.environ.get(WORKER_MEMORY)
    if not text:
        return "auto"
    try:
        found = int(parse_bytes(text))
    except ValueError:
        found = 0
    if found < _LEAST_MEMORY:
        raise UsageError(
            f"{WORKER_MEMORY} is `{text}`; a size such as 1GB is needed, and the libraries alone"
            " take 300 MB.",
            f"export {WORKER_MEMORY}=1GB",
        )
    return found


def _check_code(client: "Client", address: str) -> None:
    """Other code, or other libraries, would find other numbers, and nobody would know."""
    here = code_state()
    try:
        found = client.run(code_state)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The processes of the Dask cluster at {address} lack `{error.name}`: start them in"
            " this project's environment or image.",
            "docker build --target app .",
        ) from None
    if not found:
        raise UnreachableError(
            f"The Dask scheduler at {address} has no worker.", f"dask worker {address}"
        )
    others = sorted(worker for worker, state in found.items() if state != here)
    if others:
        raise UsageError(
            f"{len(others)} of {len(found)} processes of the Dask cluster at {address} have other"
            f" code or other libraries than this one, {others[0]} for example: their numbers would"
            " be others.",
            "git pull && make setup",
        )


def code_state() -> str:
    """Digest of the domain's code and of the libraries that compute."""
    return code_digest([Path(__file__).resolve().parent.parent])
