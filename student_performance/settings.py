"""Settings of a machine, read from the environment when they are asked for."""

import getpass
import os
from pathlib import Path

from platformdirs import user_data_path

HOME_VARIABLE = "STUDENT_PERFORMANCE_HOME"


def home() -> Path:
    """Folder of the local stores: `STUDENT_PERFORMANCE_HOME`, else the user's data folder."""
    chosen = os.environ.get(HOME_VARIABLE)
    return Path(chosen).absolute() if chosen else user_data_path("student-performance")


def local_tracking_uri() -> str:
    """The MLflow store of the stack `local`."""
    return f"sqlite:///{(home() / 'mlflow' / 'mlflow.db').as_posix()}"


def local_servers_file() -> Path:
    """Settings of the servers that `run.py stack up minio` started on this machine."""
    return home() / "servers" / "env"


def actor() -> str:
    """Who moves an alias: `STUDENT_PERFORMANCE_ACTOR`, else the user of this machine."""
    named = os.environ.get("STUDENT_PERFORMANCE_ACTOR")
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return "unknown"
