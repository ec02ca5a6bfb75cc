"""A process that stays and runs commands of `run.py`, one after another."""

import json
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).resolve().parents[1] / "run.py"


def is_own(command: Sequence[str]) -> bool:
    """Whether a command is `PYTHON run.py ...` of this project."""
    return len(command) > 1 and Path(command[1]).resolve() == _SCRIPT


class Resident:
    """Starts the process when it is needed, and anew when it has ended.

    Args:
        python: The interpreter.
        options: Of the process: `--debug`, or nothing.
        how: What `subprocess.Popen` is told, such as where output goes.
    """

    def __init__(self, python: str, *options: str, **how: Any) -> None:
        self._start = [python, str(_SCRIPT), "resident", *options]
        self._how = how
        self._there: tuple[subprocess.Popen[bytes], Connection] | None = None
        self._over = False

    def run(self, arguments: Sequence[str]) -> int:
        """Run a command to its end.

        Returns:
            Its exit code; that of the process, negative for a signal, if it has ended with it.
        """
        while True:
            process, channel = self._ready()
            if self._over:
                process.terminate()
            try:
                with suppress(OSError):  # it may just have left, and has said so
                    channel.send_bytes(json.dumps(list(arguments)).encode())
                code: int | None = json.loads(channel.recv_bytes())
            except (EOFError, OSError):
                return self.close()
            if code is not None:
                return code
            self.close()

    def terminate(self) -> None:
        """End the command that runs, and let no other begin; a signal handler may call it."""
        self._over = True
        if self._there is not None:
            self._there[0].terminate()

    def close(self) -> int:
        """Let the process end; its exit code."""
        if self._there is None:
            return 0
        process, channel = self._there
        channel.close()
        code = process.wait()
        self._there = None
        return code

    def _ready(self) -> tuple[subprocess.Popen[bytes], Connection]:
        if self._there is not None and self._there[0].poll() is not None:
            self.close()  # it has left, or was killed, while nothing ran
        if self._there is None:
            mine, its = Pipe()
            with its:
                process = subprocess.Popen(self._start, stdin=its.fileno(), **self._how)
            self._there = process, mine
        return self._there
