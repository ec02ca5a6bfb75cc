"""`run.py demo`: the whole loop on this machine, in stores of its own, without a server.

One process runs the commands, one after another, since importing the libraries is most of each.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from cli.output import say

if TYPE_CHECKING:
    from servers.resident import Resident

_NAME = "student_performance"
_LATER = ("--set", "hours_median=5", "--set", "base=7")  # less time, and a harder exam
_STUMP = "candidates={stump: {kind: gradient_boosting, max_iter: 1}}"


@dataclass(frozen=True)
class _Loop:
    """The commands of the project, in stores that begin empty."""

    home: Path
    variables: dict[str, str]
    commands: "Resident"
    out: TextIO
    told: TextIO

    def do(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """A command to its end; what it printed."""
        from student_performance.errors import ProductError

        code = self.commands.run(arguments)
        out, told = _taken(self.out), _taken(self.told)
        if code not in codes:
            command = f"run.py {' '.join(arguments)}"
            raise ProductError(f"{command} ended with {code}:\n{told.strip()}")
        return out

    def simulate(self, term: int, students: int, *world: str) -> str:
        """The table of a term."""
        path = str(self.home / f"term{term}.csv")
        named = ("--students", str(students), "--seed", str(term), "--term", f"T{term}-")
        self.do("simulate", *named, *world, "--out", path)
        return path


def run(project: Path, debug: bool) -> None:
    """Play the acts, one after the other, and say where all of it can be seen."""
    say("student-performance: the whole loop, in stores of its own …")
    from student_performance.settings import home

    place = home() / "demo"
    if place.exists():
        import shutil

        shutil.rmtree(place)  # of the last demo
    (place / "data").mkdir(parents=True)
    began = time.monotonic()
    with _loop(project, place) as loop:
        first = _first_term(loop)
        second = _second_term(loop)
        _retraining(loop, first, second)
        _experiment(loop, project)
        _bad_model(loop)
    seconds = f"{time.monotonic() - began:.0f} seconds"
    click.echo(f"\n{seconds}. All of it is at http://127.0.0.1:8501 after")
    stores = f"ZENML_CONFIG_PATH={place / 'zenml'} STUDENT_PERFORMANCE_HOME={place}"
    click.echo(f"{stores} python run.py dashboard")


@contextmanager
def _loop(project: Path, place: Path) -> "Iterator[_Loop]":
    """The process that runs the commands; both ends write and read at the end of two files."""
    from servers.resident import Resident

    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZENML_", "MLFLOW_"))}
    variables = kept | {
        "ZENML_CONFIG_PATH": str(place / "zenml"),
        "STUDENT_PERFORMANCE_HOME": str(place),
    }
    with (place / "out").open("a+") as out, (place / "told").open("a+") as told:
        commands = Resident(sys.executable, cwd=project, env=variables, stdout=out, stderr=told)
        try:
            yield _Loop(place, variables, commands, out, told)
        finally:
            commands.close()


def _taken(file: TextIO) -> str:
    """What was written since the last time."""
    file.seek(0)
    text = file.read()
    file.truncate(0)
    return text


def _act(number: int, title: str, *lines: str) -> None:
    click.echo(f"\n{number}. {title}")
    for line in lines:
        click.echo(f"   {line}")


def _first_term(loop: _Loop) -> str:
    path = loop.simulate(1, 4_000)
    found = json.loads(loop.do("train", "--data", path, "--json", codes=(0, 3)))
    report, decision = found["report"], found["verdict"]["decision"]
    score, naive = report["scores"]["accuracy"], report["baseline"]["accuracy"]
    _act(
        1, "A first term trains a model",
        f"4,000 simulated students; {report['n_test']:,} of them are kept aside to judge it.",
        f"Right about {score['value']:.1%} of those [{score['low']:.1%} to {score['high']:.1%}];"
        f" always saying the same is right about {naive['value']:.1%}.",
        f"The gate: {decision['outcome']}. Version {found['verdict']['version']} serves.",
    )  # fmt: skip
    return path


def _second_term(loop: _Loop) -> str:
    from student_performance.monitor_report import MonitorReport

    path = loop.simulate(2, 600, *_LATER)
    out = loop.do("monitor", "--data", path, "--labels", path, "--json", codes=(0, 6))
    report = MonitorReport.model_validate_json(out)
    moved = ", ".join(one.feature for one in report.drifted()) or "nothing"
    outcomes = report.outcomes
    told = "no outcome is known" if outcomes is None else (
        f"{outcomes.expected:.0%} were expected to be at risk, {outcomes.observed:.0%} were"
    )  # fmt: skip
    _act(
        2, "A second term is not like the first",
        f"The monitor looks at 600 new students: {report.level}. Moved: {moved}.",
        f"With their outcomes: {told}.",
        report.advice(),
    )  # fmt: skip
    return path


def _retraining(loop: _Loop, first: str, second: str) -> None:
    kept = loop.home / "data" / f"{_NAME}.csv"
    kept.write_bytes(Path(first).read_bytes())
    out = loop.do("retrain", "--data", second, "--folder", str(kept.parent), "--json", codes=(0, 3))
    verdict = json.loads(out)["verdict"]
    reasons = verdict["decision"]["reasons"]
    _act(
        3, "Both terms train another model",
        f"Version {verdict['version']} has learnt from both; the gate compares it with version 1 on"
        " students that neither has seen.",
        f"The gate: {verdict['decision']['outcome']}.",
        str(reasons[-1]["text"]),
    )  # fmt: skip


def _experiment(loop: _Loop, project: Path) -> None:
    aliases = json.loads(loop.do("runs", "--json"))["aliases"]
    if aliases.get("challenger") in (None, aliases["champion"]):
        _act(4, "No experiment", "The gate has let the new version serve already.")
        return
    path = loop.simulate(3, 2_000, *_LATER)
    loop.do("experiment", "start")
    with _service(loop, project) as ask:
        answered = ask(path)
    found = json.loads(loop.do("experiment", "status", "--labels", path, "--json"))
    lines = [
        f"{answered:,} students of a third term ask the service; version {aliases['challenger']}"
        " answers too, and nobody is told.",
        str(found["text"]),
    ]
    loop.do("experiment", "stop", "--reason", f"the verdict: {found['verdict']}")
    if found["verdict"] == "challenger":
        reason = "better in the shadow on a third term"
        loop.do("promote", aliases["challenger"], "--reason", reason)
        lines.append(f"A person promotes version {aliases['challenger']}: {reason}.")
    else:
        lines.append(f"Version {aliases['champion']} stays.")
    _act(4, "Champion and challenger on the same students", *lines)


def _bad_model(loop: _Loop) -> None:
    serves = json.loads(loop.do("runs", "--json"))["aliases"]["champion"]
    path = str(loop.home / "term1.csv")
    found = json.loads(loop.do("train", "--data", path, "--set", _STUMP, "--json", codes=(0, 3)))
    verdict = found["verdict"]
    failed = next(r["text"] for r in verdict["decision"]["reasons"] if not r["passed"])
    loop.do("promote", verdict["version"], "--reason", "forced in, to see what happens")
    began = time.monotonic()
    loop.do("rollback", "--reason", "a bad model was forced in")
    now = json.loads(loop.do("runs", "--json"))["aliases"]["champion"]
    _act(
        5, "A bad model is forced in, and taken out",
        f"The gate: {verdict['decision']['outcome']}: {failed}.",
        f"A person lets version {verdict['version']} serve all the same; the audit says who.",
        f"One command later version {now} serves again, as version {serves} did before"
        f" ({time.monotonic() - began:.0f} s).",
    )  # fmt: skip


@contextmanager
def _service(loop: _Loop, project: Path) -> Iterator[Any]:
    """The prediction service; asks it about the students of a table."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base, opener = f"http://127.0.0.1:{port}", urllib.request.build_opener(
        urllib.request.ProxyHandler({})
    )  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "run.py", "serve", "--port", str(port)], cwd=project,
        env=loop.variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def ready() -> bool:
        try:
            with opener.open(f"{base}/ready", timeout=5) as response:
                return json.loads(response.read())["experiment"] is not None
        except OSError:
            return False

    def ask(path: str) -> int:
        import pandas as pd

        table = pd.read_csv(path).drop(columns=["gender", "test_score"])
        body = json.dumps({"students": table.to_dict("records")}).encode()
        with opener.open(f"{base}/predict/batch", body, timeout=60) as response:
            return len(json.loads(response.read())["students"])

    try:
        deadline = time.monotonic() + 60
        while not ready():
            if time.monotonic() > deadline or process.poll() is not None:
                from student_performance.errors import UnreachableError

                raise UnreachableError(
                    "The prediction service did not start.", "python run.py serve"
                )
            time.sleep(0.2)
        yield ask
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
