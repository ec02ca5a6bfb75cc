"""Servers as processes of this machine: started once, found again, and ended by the right pid."""

import json
import os
import shlex
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from student_performance.errors import UnreachableError, UsageError

_POLL_SECONDS = 0.2
_STOP_SECONDS = 15
_LOCK_SECONDS = 300  # three servers of 90 s


@dataclass(frozen=True)
class Server:
    """A server that runs as a process.

    Attributes:
        name: Of its log and of its record.
        command: What starts it.
        variables: What it needs in its environment, besides that of its parent.
        url: Where it answers.
        health: A path of it that answers only when it works.
        port_variable: The setting that chooses its port.
    """

    name: str
    command: Sequence[str]
    variables: Mapping[str, str]
    url: str
    health: str
    port_variable: str


class Processes:
    """The servers that were started with a folder for their records and logs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from starting and ending these servers at the same time.

        Raises:
            UsageError: Another command has been at it for minutes.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(self._folder / "processes.lock")
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
        except Timeout as error:
            raise UsageError(
                "Another `stack up` or `stack down` is at work with these servers.",
                "python run.py stack status",
            ) from error
        try:
            yield
        finally:
            lock.release()

    def start(self, server: Server, seconds: float = 90) -> bool:
        """Start a server unless it runs, and wait until it answers.

        Returns:
            Whether it was started now.

        Raises:
            UsageError: Something else listens on its port.
            UnreachableError: It ended, or does not answer in time; it is stopped again.
        """
        if self.pid(server.name) is not None:
            self._wait(server, seconds)
            return False
        refuse_taken(server)
        log = self.log(server.name)
        with log.open("ab") as output:
            process = subprocess.Popen(
                server.command, env=_inherited() | dict(server.variables),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True, cwd=self._folder,
            )  # fmt: skip
        created = psutil.Process(process.pid).create_time()
        record = {"pid": process.pid, "created": created}
        aside = self._record(server.name).with_suffix(".part")
        aside.write_text(json.dumps(record))
        aside.replace(self._record(server.name))
        self._wait(server, seconds)
        return True

    def pid(self, name: str) -> int | None:
        """The pid of a server that runs; None if it does not."""
        process = self._process(name)
        return process.pid if process else None

    def stop(self, name: str) -> bool:
        """End a server and its children; returns whether it ran."""
        process = self._process(name)
        if process is not None:
            family = [process, *process.children(recursive=True)]
            process.terminate()
            _, alive = psutil.wait_procs(family, timeout=_STOP_SECONDS)
            for survivor in alive:
                survivor.kill()
            psutil.wait_procs(alive, timeout=_STOP_SECONDS)
        self._record(name).unlink(missing_ok=True)
        return process is not None

    def log(self, name: str) -> Path:
        """Where a server's output goes."""
        return self._folder / f"{name}.log"

    def _record(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _process(self, name: str) -> psutil.Process | None:
        """The running process of a record: same pid and same start, since pids come again."""
        try:
            record = json.loads(self._record(name).read_text())
            process = psutil.Process(record["pid"])
            same = abs(process.create_time() - record["created"]) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None

    def _wait(self, server: Server, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.pid(server.name) is not None:
            if answers(server.url + server.health):
                return
            time.sleep(_POLL_SECONDS)
        ended = self.pid(server.name) is None
        self.stop(server.name)
        found = "ended" if ended else f"did not answer within {seconds:.0f} s and was stopped"
        raise UnreachableError(
            f"The server `{server.name}` {found}.",
            f"tail {shlex.quote(str(self.log(server.name)))}",
        )


def _inherited() -> dict[str, str]:
    """This shell's environment without what is meant for clients of the servers."""
    ours = ("AWS_", "MLFLOW_", "ZENML_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def answers(url: str, timeout: float = 3) -> bool:
    """Whether an address of this machine answers with success; no proxy is asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout) as response:
            return bool(200 <= response.status < 300)
    except (OSError, urllib.error.URLError):
        return False


def refuse_taken(server: Server) -> None:
    """Refuse to start a server on a port where something listens already."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        if probe.connect_ex((host, int(port))) == 0:
            raise UsageError(
                f"Port {port} is taken, and the server `{server.name}` needs it. Choose another one"
                f" with {server.port_variable}; it is kept for the next time.",
                f"{server.port_variable}={int(port) + 100} python run.py stack up minio",
            )
