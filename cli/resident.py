"""`run.py resident`: commands of `run.py` one after another, in one process that stays.

`servers/resident.py` starts it, and tells the commands through a socket that is its standard input.
Importing ZenML, MLflow and scikit-learn is most of what a command costs, and is done once here.
"""

import json
import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from cli import unchanged
from cli.errors import run_command
from student_performance.settings import local_servers_file

_IDLE_SECONDS = 600.0  # then half a gigabyte is worth more than the next start
_COMMANDS = 50  # each training leaves some megabytes with the libraries
# A database file that somebody removed meanwhile is not written to any more.
_NO_POOL = ("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")


def run(project: Path) -> None:
    """Answer each command with its exit code.

    Null instead means that another process has to run it: what this one has read once, code or
    lock, is not what is there now, or it was idle for long. Then it ends.
    """
    with Connection(os.dup(0)) as asked:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.environ.setdefault(*_NO_POOL)
        known = _read_once(project)
        for number in range(_COMMANDS):
            if not asked.poll(_IDLE_SECONDS):
                break
            try:
                arguments = json.loads(asked.recv_bytes())
            except EOFError:  # who asked has ended
                return
            if number and (known is None or known != _read_once(project)):
                break
            asked.send_bytes(json.dumps(_command(arguments)).encode())
        asked.send_bytes(b"null")


def _command(arguments: list[str]) -> int:
    """One command as a process of its own would run it; its exit code."""
    from cli.app import app

    before = dict(os.environ)
    sys.argv[1:] = arguments
    try:
        run_command(app)
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.environ.clear()
        os.environ.update(before)
        if "zenml.client" in sys.modules:
            from stacks.zenml_store import forget_store

            forget_store()
    return 0


def _read_once(project: Path) -> tuple[str, bytes] | None:
    """What a process does not look at again; None if it cannot be told."""
    code, keys = unchanged.question_of(project, ""), local_servers_file()
    return None if code is None else (code, keys.read_bytes() if keys.is_file() else b"")
