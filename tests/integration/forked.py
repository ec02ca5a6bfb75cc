"""`run.py` in a fork of a process that has imported what a command imports.

Most of what a short command costs is imports. A fork has a process, an environment and streams of
its own, as a process that was started has; what imports do is tested where processes are started.
"""

import atexit
import multiprocessing
import os
import subprocess
import sys
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
        if "LD_PRELOAD" in environment:
            raise ValueError("LD_PRELOAD is read when a process is started: start one")
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
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("run.py", timeout or 0)
        for reader in self._readers:
            reader.join()
        return self._said[self.stdout], self._said[self.stderr]

    def _read(self, stream: TextIO) -> None:
        with stream:
            self._said[stream] = stream.read()


def _run(
    arguments: list[str], environment: dict[str, str], out: Connection, err: Connection
) -> None:
    """What `python run.py` does, in the fork."""
    assert "tests.integration.preloaded" in sys.modules, "it would import all that anew"
    for stream, place in ((out, 1), (err, 2)):
        os.dup2(stream.fileno(), place)
        stream.close()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(PROJECT)
    sys.argv = ["run.py", *arguments]
    from cli.app import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
