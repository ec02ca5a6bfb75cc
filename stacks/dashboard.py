"""The ZenML dashboard on this machine, over the user's own store, without logging the client in.

`zenml login --local` would switch the user's client to the server for good; this only serves.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zenml.client import Client

from stacks.survey import skip_first_visit_survey
from stacks.zenml_store import local_store_file
from student_performance.errors import UnreachableError, UsageError

_HOST = "127.0.0.1"
_PROJECT = Path(__file__).resolve().parent.parent
_START_SECONDS = 120


@dataclass(frozen=True)
class RunningDashboard:
    """A server process that answers."""

    url: str
    process: subprocess.Popen[bytes]

    def __str__(self) -> str:
        return self.url

    def wait(self) -> None:
        """Wait until the user presses Ctrl-C.

        Raises:
            UnreachableError: The server ended by itself.
        """
        code = self.process.wait()
        raise UnreachableError(f"The ZenML dashboard ended with exit code {code}.")


@contextmanager
def serve_dashboard(port: int) -> Iterator[RunningDashboard]:
    """Start the server on loopback, wait until it answers, and stop it at the end.

    Raises:
        UsageError: The port is taken.
        UnreachableError: The server does not come up.
    """
    with socket.socket() as probe:
        if probe.connect_ex((_HOST, port)) == 0:
            raise UsageError(f"Port {port} is taken.", f"python run.py lineage --port {port + 1}")
    skip_first_visit_survey()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "uvicorn", "stacks.dashboard_app:create", "--factory",
            "--app-dir", str(_PROJECT), "--host", _HOST, "--port", str(port),
            "--no-server-header", "--log-level", "error",
        ],
        env=os.environ
        | {
            "ZENML_SERVER": "true",
            "ZENML_SERVER_AUTH_SCHEME": "NO_AUTH",
            "ZENML_SERVER_DEPLOYMENT_TYPE": "local",
            "ZENML_SERVER_AUTO_ACTIVATE": "true",
            # Without a login, no other page in the user's browser may ask this server.
            "ZENML_SERVER_CORS_ALLOW_ORIGINS": f"http://{_HOST}:{port}",
            "ZENML_SERVER_ALLOW_LOCAL_FILE_ACCESS": "true",  # the artifacts are on this machine
        },
    )  # fmt: skip
    try:
        url = f"http://{_HOST}:{port}"
        _wait_until_healthy(f"{url}/health", process)
        yield RunningDashboard(url, process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def server_url() -> str | None:
    """Where the server of this client has its dashboard; None if it works without one."""
    return None if local_store_file() else str(Client().zen_store.config.url)


def last_run_path() -> str | None:
    """Path of the newest run in the dashboard; None if there is no run."""
    client = Client()
    runs = client.list_pipeline_runs(size=1, sort_by="desc:created").items
    return f"/projects/{client.active_project.name}/runs/{runs[0].id}" if runs else None


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback needs none
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(url, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    code = process.poll()
    found = "did not answer in time" if code is None else f"ended with exit code {code}"
    raise UnreachableError(f"The ZenML dashboard {found} ({url}).", "python run.py doctor")
