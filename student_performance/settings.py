"""Settings of a machine, read from the environment when they are asked for."""

import getpass
import os
from pathlib import Path

from platformdirs import user_data_path

# What MLflow does by itself that nobody asked for, or that takes too long; what the user set stays.
_MLFLOW = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "1",
    # Else a download goes past the server to an address that only the server has.
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "false",
    # A server that restarts is waited for, one that is away is not: 15 s instead of 4 minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
HOME_VARIABLE = "STUDENT_PERFORMANCE_HOME"


def prepare_mlflow() -> None:
    """Set what MLflow reads from the environment when it is imported."""
    for name, value in _MLFLOW.items():
        os.environ.setdefault(name, value)


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


def mlflow_page() -> str | None:
    """Where people open MLflow's pages: `STUDENT_PERFORMANCE_MLFLOW_PAGE`, else its server."""
    server = os.environ.get("MLFLOW_TRACKING_URI", "")
    named = os.environ.get("STUDENT_PERFORMANCE_MLFLOW_PAGE")
    return named or (server if server.startswith("http") else None)


def zenml_page() -> str | None:
    """Where people open ZenML's pages: `STUDENT_PERFORMANCE_ZENML_PAGE`, else its server."""
    return os.environ.get("STUDENT_PERFORMANCE_ZENML_PAGE") or os.environ.get("ZENML_STORE_URL")


def may_move_aliases() -> bool:
    """Whether the dashboard may promote and roll back: `STUDENT_PERFORMANCE_REGISTRY_ACTIONS=on`.

    It asks nobody for a password, so that is off unless whoever runs it says otherwise.
    """
    return os.environ.get("STUDENT_PERFORMANCE_REGISTRY_ACTIONS", "") == "on"


def actor() -> str:
    """Who moves an alias: `STUDENT_PERFORMANCE_ACTOR`, else the user of this machine."""
    named = os.environ.get("STUDENT_PERFORMANCE_ACTOR")
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return "unknown"
