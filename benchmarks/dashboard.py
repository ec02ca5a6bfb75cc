"""How long the dashboard takes over a long history: `python -m benchmarks.dashboard`.

Trains once, makes up a year of history behind it in a small store and in a big one, and draws every
page over both in turns. Runs are copies of the real one's rows, made inside SQLite since a thousand
runs through MLflow take long; scores are jittered, and all share one logged model. Versions and
alias moves go through MLflow; their reports are copies. Queries are SQL statements. *Cold* is a
page after Refresh, *warm* one of the same minute; in Chromium, cold is the first visit to a server.
The experiments count when the last training is read; the newest hundred are shown before that.
"""

import logging
import os
import platform
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import click
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, event
from streamlit.testing.v1 import AppTest

from dashboard import app, live
from student_performance.audit import Alias, AuditRecord, moves_for, promotion
from student_performance.metrics import Estimate
from student_performance.promotion import ChampionComparison, Decision, decide
from student_performance.records import Version
from student_performance.registry import Registry, Store, Tracker

_PROJECT = Path(__file__).resolve().parents[1]
_NAME = "student_performance"
_SMALL = (10, 3)  # runs and versions
_YEAR, _HOUR = timedelta(days=365), timedelta(hours=1)
_TABLES = ("runs", "metrics", "latest_metrics", "params", "tags", "inputs")
_CHAMPION = re.compile(r"^Version \d")  # its heading
_SLOW = 120  # seconds, on a busy machine
_TITLES = ("cold, small", "big", "ratio", "warm, small", "big", "ratio", "queries, small", "big")

Taken = tuple[float, str]  # seconds and queries


@dataclass(frozen=True)
class Planned:
    """A run of the history: its version, if it has one, and what the gate said about it."""

    run_id: str
    started: datetime
    number: str | None
    decision: Decision


@dataclass(frozen=True)
class Home:
    """Stores of one isolated user: ZenML's configuration, and the folder of MLflow's."""

    zenml: Path
    home: Path

    @property
    def address(self) -> str:
        """The store as MLflow names it."""
        return f"sqlite:///{self.home}/mlflow/mlflow.db"

    def command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `run.py` as this user."""
        foreign = ("ZENML_", "MLFLOW_", "AWS_", "STUDENT_PERFORMANCE_")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        own = {"ZENML_CONFIG_PATH": str(self.zenml), "STUDENT_PERFORMANCE_HOME": str(self.home)}
        command, quiet = [sys.executable, "run.py", *arguments], subprocess.DEVNULL
        return subprocess.Popen(command, cwd=_PROJECT, env=inherited | own, stdout=quiet)


def seed(home: Home, runs: int, versions: int) -> None:
    """Put a made-up history in the place of the one training of a store."""
    store = Store(home.address)
    real = Registry(store).versions(_NAME)[0]
    history = list(_planned(store, real, runs, versions))
    made = [planned for planned in history if planned.number]
    _register(store, real, made)
    _record_moves(store, made)
    with closing(sqlite3.connect(home.home / "mlflow" / "mlflow.db")) as opened, opened:
        for table in _TABLES:
            _copy_rows(opened, table, real.run_id, history)
        began = "SELECT start_time FROM runs WHERE run_uuid = run_id"
        opened.execute(f"UPDATE model_versions SET creation_time = ({began})")
    store.client.delete_run(real.run_id)


def _planned(store: Store, real: Version, runs: int, versions: int) -> Iterator[Planned]:
    """Runs by age. The first version serves, others tie with it, and the rest have too few rows."""
    chance, first = random.Random(42), datetime.now(UTC) - _YEAR - _HOUR
    report, policy = Tracker(store).report(real.run_id), real.judgement.decision.policy
    too_few = decide(report, None, policy.model_copy(update={"min_test_rows": 100_000}))
    tie = Estimate(value=0.0, low=-0.002, high=0.002, n=report.n_test)
    numbers = {number * runs // versions: str(number + 1) for number in range(versions)}
    for place in range(runs):
        number, decision = numbers.get(place), too_few
        if number is not None:
            serves = str(max(1, (int(number) - 1) // 3 * 3))
            champion = ChampionComparison(version=serves, log_loss_gain=tie)
            decision = decide(report, champion if number != "1" else None, policy)
        started = first + _YEAR * (place + chance.random()) / runs
        yield Planned(f"{chance.getrandbits(128):032x}", started, number, decision)


def _copy_rows(opened: sqlite3.Connection, table: str, real: str, history: list[Planned]) -> None:
    key = "source_id" if table == "inputs" else "run_uuid"
    opened.row_factory, only = sqlite3.Row, f"WHERE {key} = '{real}'"
    rows = [dict(row) for row in opened.execute(f"SELECT * FROM {table} {only}")]
    marks = ", ".join(f":{name}" for name in rows[0])
    copies = (_copy(row, real, planned) for planned in history for row in rows)
    opened.executemany(f"INSERT INTO {table} VALUES ({marks})", copies)


def _copy(row: dict[str, Any], real: str, planned: Planned) -> dict[str, Any]:
    """A row for another run; a score and its bounds are moved by the same factor."""
    started = int(planned.started.timestamp() * 1000)
    copy: dict[str, Any] = {
        k: v.replace(real, planned.run_id) if isinstance(v, str) else v for k, v in row.items()
    }
    if "start_time" in row:
        copy |= {"start_time": started, "end_time": started + row["end_time"] - row["start_time"]}
    elif "timestamp" in row:
        copy["timestamp"], score = started, re.sub("_(low|high)$", "", row["key"])
        if not score.endswith("_rows"):
            copy["value"] *= random.Random(planned.run_id + score).gauss(1, 0.01)
    elif "input_uuid" in row:
        copy["input_uuid"] = planned.run_id
    else:
        copy["value"] = _told(planned.decision).get(row["key"], row["value"])
    return copy


def _told(decision: Decision) -> dict[str, str]:
    return {"decision": str(decision.outcome), "decision.summary": decision.summary()}


def _register(store: Store, real: Version, made: list[Planned]) -> None:
    """Make versions of runs, and let the version of the real one be gone."""
    client = store.client
    tags = client.get_model_version(_NAME, real.number).tags
    place = client.get_run(real.run_id).info.artifact_uri.removeprefix("file://")
    client.delete_registered_model(_NAME)
    client.create_registered_model(_NAME)
    for planned in made:
        shutil.copytree(place, place.replace(real.run_id, planned.run_id), dirs_exist_ok=True)
        update = {"cause": planned.run_id, "decision": planned.decision}
        judgement = real.judgement.model_copy(update=update).model_dump_json()
        own = _told(planned.decision) | {"judgement": judgement}
        client.create_model_version(_NAME, real.source, planned.run_id, tags=tags | own)


def _record_moves(store: Store, made: list[Planned]) -> None:
    """Every version but the first was challenger; a person let every third one serve."""
    aliases: dict[str, str] = {}
    for planned in made:
        number, gate = str(planned.number), f"gate: {planned.decision.summary()}"
        moves = moves_for(planned.decision, number, aliases)
        if int(number) % 3 == 0:
            moves += promotion(number, aliases | {Alias.CHALLENGER: number})
        for place, move in enumerate(moves):
            at = planned.started + timedelta(minutes=1 + place)
            reason = "better in this term" if place else gate
            record = AuditRecord(
                at=at, actor="benchmark", cause=planned.run_id, alias=move.alias, reason=reason,
                from_version=aliases.pop(move.alias, None), to_version=move.version,
                evidence=planned.run_id, done=True,
            )  # fmt: skip
            store.client.set_registered_model_tag(_NAME, record.key, record.model_dump_json())
            if move.version is not None:
                aliases[move.alias] = move.version
    for alias, number in aliases.items():
        store.client.set_registered_model_alias(_NAME, alias, number)


def _script(page: str) -> None:
    """What Streamlit runs, with this as its whole text."""
    from dashboard import app
    from dashboard.words import Words

    app._PAGES[page][0]("student_performance", Words("en"))


def drawn(page: str, home: Home) -> list[Taken]:
    """A page cold and warm."""
    os.environ["MLFLOW_TRACKING_URI"] = home.address
    live.refresh()
    return [_draw(page) for _ in ("cold", "warm")]


def _draw(page: str) -> Taken:
    asked: list[object] = []

    def note(_connection: object, _cursor: object, statement: object, *_rest: object) -> None:
        asked.append(statement)

    shown = AppTest.from_function(_script, default_timeout=_SLOW, args=(page,))
    event.listen(Engine, "before_cursor_execute", note)
    begun = time.perf_counter()
    shown.run()
    taken = time.perf_counter() - begun
    event.remove(Engine, "before_cursor_execute", note)
    if shown.exception:
        raise click.ClickException(f"The page {page} failed: {shown.exception[0].message}")
    return taken, str(len(asked))


def visited(home: Home) -> list[Taken]:
    """The overview in a browser, cold and warm."""
    with serving(home) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        return [_visit(browser, address) for _ in ("cold", "warm")]


@contextmanager
def serving(home: Home) -> Iterator[str]:
    """The dashboard as a process of its own, from when it listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = home.command("dashboard", "--port", str(port))
    try:
        for _ in range(5 * _SLOW):
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_SLOW)


def _visit(browser: Browser, address: str) -> Taken:
    with browser.new_context() as context:  # with an empty cache of its own
        page = context.new_page()
        page.set_default_timeout(1000 * _SLOW)
        begun = time.perf_counter()
        page.goto(address, wait_until="commit")
        page.get_by_role("heading", name=_CHAMPION).wait_for()
        return time.perf_counter() - begun, "–"


def compare(name: str, homes: list[Home], rounds: int, take: Callable[[Home], list[Taken]]) -> None:
    """Print a row; the first turn, in which libraries are imported, does not count."""
    turns = [[take(home) for home in homes] for _ in range(1 + rounds)]
    cells = [name]
    for kind in (0, 1):
        small, big = (median(turn[size][kind][0] for turn in turns[1:]) for size in (0, 1))
        cells += [f"{small:.2f} s", f"{big:.2f} s", f"{big / small:.2f}"]
    cells += [" + ".join(queries for _, queries in taken) for taken in turns[-1]]
    click.echo(f"| {' | '.join(cells)} |")


@click.command(help=__doc__)
@click.option("--runs", default=1000, show_default=True)
@click.option("--versions", default=100, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--tracking-uri", help="The big store, if it is there: sqlite:///…/mlflow/mlflow.db.")
def main(runs: int, versions: int, rounds: int, tracking_uri: str | None) -> None:
    """Print everything as Markdown."""
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        small, big = (Home(Path(folder, "zenml"), Path(folder, size)) for size in ("small", "big"))
        if small.command("train").wait():
            raise click.ClickException("The training failed.")
        if tracking_uri:
            big = Home(big.zenml, Path(tracking_uri.removeprefix("sqlite:///")).parents[1])
        else:
            shutil.copytree(small.home, big.home)
            seed(big, runs, versions)
        seed(small, *_SMALL)
        click.echo(f"Small: {_SMALL[0]} runs, {_SMALL[1]} versions; big: {runs:,}, {versions:,}.")
        machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
        click.echo(f"Median of {rounds} rounds in turns; {machine}.\n")
        click.echo(f"| page | {' | '.join(_TITLES)} |\n|---|{len(_TITLES) * '---:|'}")
        for page in app._PAGES:
            compare(page, [small, big], rounds, partial(drawn, page))
        compare("overview in Chromium", [small, big], rounds, visited)


if __name__ == "__main__":
    main()
