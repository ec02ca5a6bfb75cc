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
# Of the processes that learn in parts; the first is Dask's own name.
SCHEDULER = "DASK_SCHEDULER_ADDRESS"
WORKERS = "STUDENT_PERFORMANCE_WORKERS"
WORKER_MEMORY = "STUDENT_PERFORMANCE_WORKER_MEMORY"


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
    return _page("STUDENT_PERFORMANCE_MLFLOW_PAGE") or _page("MLFLOW_TRACKING_URI")


def zenml_page() -> str | None:
    """Where people open ZenML's pages: `STUDENT_PERFORMANCE_ZENML_PAGE`, else its server."""
    return _page("STUDENT_PERFORMANCE_ZENML_PAGE") or _page("ZENML_STORE_URL")


def _page(variable: str) -> str | None:
    """An address for a browser, without the name and password that a program may need."""
    scheme, _, rest = os.environ.get(variable, "").rstrip("/").partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if scheme in ("http", "https") else None


def refresh_seconds() -> int:
    """How often an open dashboard looks for news: `STUDENT_PERFORMANCE_REFRESH_SECONDS`, or 60."""
    text = os.environ.get("STUDENT_PERFORMANCE_REFRESH_SECONDS", "")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else 60


def may_move_aliases() -> bool:
    """Whether the dashboard may promote and roll back: `STUDENT_PERFORMANCE_REGISTRY_ACTIONS=on`.

    It asks nobody for a password, so that is off unless whoever runs it says otherwise.
    """
    return os.environ.get("STUDENT_PERFORMANCE_REGISTRY_ACTIONS", "") == "on"


def said_of_workers() -> dict[str, str]:
    """What the environment says of the processes that learn in parts, for steps elsewhere."""
    names = (SCHEDULER, WORKERS, WORKER_MEMORY)
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def actor() -> str:
    """Who moves an alias: `STUDENT_PERFORMANCE_ACTOR`, else the user of this machine."""
    named = os.environ.get("STUDENT_PERFORMANCE_ACTOR")
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return "unknown"
