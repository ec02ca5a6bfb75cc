"""The prediction service beside `mlflow models serve`: `python -m benchmarks.serving`.

Trains once in a store of its own, starts both servers with the same version, and asks them in
turns, one request after the other on one connection, for one student and for a thousand. Both
answer risks without reasons. The answers are compared before anything is measured.
"""

import http.client
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np

from student_performance.simulate import simulate

_PROJECT = Path(__file__).resolve().parents[1]
_HABITS = ["hours_studied", "attendance_percent", "assignments_completed"]
_WARM_UP = 20
_SLOW = 120  # seconds, on a busy machine


@dataclass(frozen=True)
class Server:
    """One of the two, listening, with the body that asks it about students."""

    name: str
    port: int
    paths: dict[int, str]
    health: str
    seconds: dict[int, list[float]] = field(default_factory=lambda: {1: [], 1000: []})

    def body(self, students: int) -> bytes:
        """The same students for both, in the form that each wants."""
        rows = simulate(students, seed=5)[["student_id", *_HABITS]]
        asked: Any
        if self.name == "ours":
            listed = rows.to_dict("records")
            asked = listed[0] if students == 1 else {"students": listed}
        else:
            floats = rows[_HABITS].astype("float64")
            asked = {"dataframe_split": {"columns": _HABITS, "data": floats.values.tolist()}}
        return json.dumps(asked).encode()

    def risks(self, answer: bytes) -> list[float]:
        """The risks in an answer."""
        told = json.loads(answer)
        if self.name == "ours":
            return [student["risk"] for student in told["students"]]
        return [chances[1] for chances in told["predictions"]]


@dataclass(frozen=True)
class Home:
    """Stores of one isolated user."""

    root: Path

    @property
    def variables(self) -> dict[str, str]:
        """The environment of this user; MLflow's server finds its own programs on the PATH."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZENML_", "MLFLOW_"))}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
            "HOME": str(self.root),
            "ZENML_CONFIG_PATH": str(self.root / "zenml"),
            "STUDENT_PERFORMANCE_HOME": str(self.root / "home"),
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.root}/home/mlflow/mlflow.db",
        }

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """A Python module as this user, its output out of the way."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            [sys.executable, *command], cwd=_PROJECT, env=self.variables, stdout=quiet,
            stderr=quiet, start_new_session=True,
        )  # fmt: skip

    def do(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> None:
        """`run.py` as this user, to its end."""
        if self.start("run.py", *arguments).wait(600) not in codes:
            raise click.ClickException(f"run.py {' '.join(arguments)} failed")


@contextmanager
def running(home: Home, server: Server, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers; it and its workers are ended afterwards."""
    process = home.start(*command)
    try:
        deadline = time.monotonic() + _SLOW
        while time.monotonic() < deadline and not _answers(server):
            time.sleep(0.2)
        yield process
    finally:
        os.killpg(process.pid, 15)
        process.wait(_SLOW)


def _answers(server: Server) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request("GET", server.health)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def ask(server: Server, students: int, times: int) -> bytes:
    """Ask again and again, keep how long each answer took, and return the last one."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_SLOW)
    body, answer = server.body(students), b""
    for _ in range(times):
        began = time.perf_counter()
        connection.request(
            "POST", server.paths[students], body, {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        answer = response.read()
        server.seconds[students].append(time.perf_counter() - began)
        if response.status != 200:
            raise click.ClickException(f"{server.name}: {response.status} {answer[:200]!r}")
    connection.close()
    return answer


def measure(servers: list[Server], rounds: int, times: int) -> None:
    """Compare the answers, then ask in turns."""
    for students in (1, 1000):
        found = [s.risks(ask(s, students, _WARM_UP)) for s in servers]
        np.testing.assert_allclose(found[0], found[1], rtol=1e-9)
        for server in servers:
            server.seconds[students].clear()
        for _ in range(rounds):
            for server in servers:
                ask(server, students, times if students == 1 else max(times // 10, 1))


def table(servers: list[Server]) -> str:
    """The result as Markdown."""
    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()},"
        f" MLflow {metadata.version('mlflow')}, FastAPI {metadata.version('fastapi')}; one"
        " connection, no pause.",
        "",
        "| students in a request | | requests a second | p50 | p99 | requests |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for students in (1, 1000):
        rates = []
        for server in servers:
            seconds = server.seconds[students]
            rates.append(len(seconds) / sum(seconds))
            p99 = float(np.quantile(seconds, 0.99))
            lines.append(
                f"| {students:,} | {server.name} | {rates[-1]:.0f} | {1e3 * median(seconds):.1f} ms"
                f" | {1e3 * p99:.1f} ms | {len(seconds):,} |"
            )
        halves = [median(server.seconds[students]) for server in servers]
        tails = [float(np.quantile(server.seconds[students], 0.99)) for server in servers]
        lines.append(
            f"| {students:,} | ours / MLflow | {rates[0] / rates[1]:.2f} |"
            f" {halves[0] / halves[1]:.2f} | {tails[0] / tails[1]:.2f} | |"
        )
    return "\n".join(lines)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@click.command()
@click.option("--rounds", default=5, show_default=True)
@click.option("--times", default=400, show_default=True, help="Requests for one student a round.")
def main(rounds: int, times: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.do("train")
        one = {1: "/predict", 1000: "/predict/batch"}
        ours = Server("ours", free_port(), one, "/ready")
        theirs = Server("MLflow", free_port(), dict.fromkeys(one, "/invocations"), "/health")
        serve = ("-m", "mlflow", "models", "serve", "--env-manager=local",
                 "--model-uri=models:/student_performance@champion")  # fmt: skip
        with (
            running(home, ours, "-m", "serving", f"--port={ours.port}"),
            running(home, theirs, *serve, f"--port={theirs.port}"),
        ):
            measure([ours, theirs], rounds, times)
    print(table([ours, theirs]))


if __name__ == "__main__":
    main()
