"""`run.py` in a fork of a process that has imported what a command imports.

Most of what a short command costs is imports. A fork has a process, an environment and streams of
its own, as a process that was started has; what imports do is tested where processes are started.
What is read while Python or a library starts (`PYTHON...`, `STUDENT_PERFORMANCE_KNOBS`, ZenML's
logging) is that of the tests.
"""

import atexit
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from threading import Thread
from typing import TextIO

from tests.conftest import PROJECT

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.integration.preloaded", __name__])


class Forked:
    """A command of `run.py` in the background, with what tests use of `subprocess.Popen`.

    Args:
        arguments: Of the command.
        environment: Of its process.
    """

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        out, its_out = _forks.Pipe(duplex=False)
        err, its_err = _forks.Pipe(duplex=False)
        self._process = _forks.Process(
            target=_run, args=(arguments, dict(environment), its_out, its_err)
        )
        self._process.start()
        for end in (its_out, its_err):
            end.close()
        self.stdout, self.stderr = (os.fdopen(os.dup(end.fileno())) for end in (out, err))
        self._said: dict[TextIO, str] = {}
        self._readers: list[Thread] = []

    @property
    def pid(self) -> int:
        pid = self._process.pid
        assert pid is not None
        return pid

    @property
    def returncode(self) -> int | None:
        """Of `subprocess`: negative after a signal, None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def kill(self) -> None:
        self._process.kill()

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it says until its end.

        Raises:
            TimeoutExpired: It has not ended in these seconds.
        """
        if not self._readers:
            for stream in (self.stdout, self.stderr):
                self._readers.append(Thread(target=self._read, args=(stream,), daemon=True))
                self._readers[-1].start()
        end = None if timeout is None else time.monotonic() + timeout
        for one in (self._process, *self._readers):  # a child of it may hold its streams
            one.join(None if end is None else max(0.0, end - time.monotonic()))
            if one.is_alive():
                raise subprocess.TimeoutExpired("run.py", timeout or 0)
        return self._said[self.stdout], self._said[self.stderr]

    def _read(self, stream: TextIO) -> None:
        with stream:
            self._said[stream] = stream.read()


def started(arguments: list[str], environment: Mapping[str, str]) -> Forked | subprocess.Popen[str]:
    """`run.py` in the background: a fork, where one does.

    macOS cannot fork after such imports, and what is loaded before a process needs one.
    """
    loaded_before = environment.get("LD_PRELOAD") != os.environ.get("LD_PRELOAD")
    if sys.platform != "darwin" and not loaded_before:
        return Forked(arguments, environment)
    return subprocess.Popen(
        [sys.executable, "run.py", *arguments], cwd=PROJECT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _run(
    arguments: list[str], environment: dict[str, str], out: Connection, err: Connection
) -> None:
    """What `python run.py` does, in the fork."""
    for stream, place in ((out, 1), (err, 2)):
        os.dup2(stream.fileno(), place)
        stream.close()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(PROJECT)
    import tests.integration.preloaded  # noqa: F401  # already, or its error is shown

    sys.argv = ["run.py", *arguments]
    from cli.app import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
