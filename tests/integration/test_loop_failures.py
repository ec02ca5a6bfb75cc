"""Servers that are away while students are scored, watched or learnt from: told, and repeated."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import psutil
import pytest

from student_performance.registry import Monitorings, Store
from student_performance.simulate import simulate
from student_performance.world import World
from tests.integration.conftest import Machine, ended

pytestmark = pytest.mark.parametrize("store_path", ["any"], indirect=True, scope="module")
NAME = "student_performance"
DONE = {"predict": (0,), "monitor": (0, 6), "retrain": (0, 3)}
HASTY = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3"}  # of four, of which the last waits longest
ADDRESS = {"object-store": "AWS_ENDPOINT_URL", "mlflow": "MLFLOW_TRACKING_URI"}


@pytest.fixture(scope="module")
def trained(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A version that serves."""
    path = tmp_path_factory.mktemp("data") / "students.csv"
    simulate(2_000, seed=1).to_csv(path, index=False)
    assert machine.train(path).code == 0
    return machine


@pytest.fixture(autouse=True)
def servers_up(machine: Machine) -> Iterator[None]:
    yield
    if not all(machine.processes.pid(name) for name in ADDRESS):
        assert machine.run("stack", "up", "minio").code == 0


def words(command: str, folder: Path) -> tuple[object, ...]:
    """A command about new students, whose files are all in one folder."""
    table = folder / "new.csv"
    if not table.exists():
        simulate(600, seed=crc32(folder.name.encode()), world=World(hours_median=6)).to_csv(
            table, index=False
        )
    given = {
        "predict": ("--out", folder / "risks.csv"),
        "monitor": ("--labels", table, "--metrics", folder / "monitor.prom"),
        "retrain": ("--folder", folder / "kept"),
    }
    return command, "--stack=minio", "--data", table, *given[command]


def left(machine: Machine, folder: Path) -> tuple[object, ...]:
    """What a command leaves for others to read."""
    files = {path.name for path in folder.rglob("*") if path.suffix in (".csv", ".prom", ".dvc")}
    registry = machine.registry()
    compared = Monitorings(Store(machine.settings["MLFLOW_TRACKING_URI"])).runs(NAME, 100)
    return (
        files - {"new.csv", f"{NAME}.next.csv"}, len(compared), registry.aliases(NAME),
        [version.number for version in registry.versions(NAME)],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "server"),
    [("predict", "object-store"), ("monitor", "mlflow"), ("retrain", "object-store")],
)
def test_server_is_away_at_the_start(
    trained: Machine, tmp_path: Path, command: str, server: str
) -> None:
    before = left(trained, tmp_path)
    trained.processes.stop(server)
    failed = trained.run(*words(command, tmp_path), seconds=120, **HASTY)

    assert failed.code == 5, failed.out + failed.err
    assert "does not answer" in failed.err
    assert trained.settings[ADDRESS[server]] in failed.err
    assert "Traceback" not in failed.err
    assert trained.run("stack", "up", "minio").code == 0
    assert left(trained, tmp_path) == before


@pytest.mark.parametrize(
    ("command", "server"),
    [("predict", "mlflow"), ("monitor", "object-store"), ("retrain", "mlflow")],
)
def test_server_dies_in_the_middle(
    trained: Machine, tmp_path: Path, command: str, server: str
) -> None:
    before = left(trained, tmp_path)
    process = trained.start(*words(command, tmp_path), **HASTY)
    assert process.stderr is not None
    seen = []
    for said in process.stderr:
        seen.append(said)
        if "Data " in said:
            break
    pid = trained.processes.pid(server)
    assert pid is not None
    for one in (*psutil.Process(pid).children(recursive=True), psutil.Process(pid)):
        os.kill(one.pid, signal.SIGKILL)
    failed = ended(process, 180)

    told = "".join(seen) + failed.err
    assert failed.code == 5, told
    assert trained.settings[ADDRESS[server]] in told
    assert "Traceback" not in told
    assert trained.run("stack", "up", "minio").code == 0
    assert left(trained, tmp_path) == before
    again = trained.run(*words(command, tmp_path))
    assert again.code in DONE[command], again.out + again.err
    assert left(trained, tmp_path) != before
