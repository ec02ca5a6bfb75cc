"""Settings and processes of the servers, without the servers."""

import os
import re
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from cli.doctor_servers import _passwords
from servers.environment import EXAMPLE, make_environment, read_environment
from servers.processes import Processes, Server
from student_performance.errors import UnreachableError, UsageError
from student_performance.server_settings import server_settings

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")


def test_every_empty_value_becomes_a_secret_of_its_own(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    assert make_environment(first)
    assert make_environment(second)
    empty = re.findall(r"^([A-Z0-9_]+)=$", EXAMPLE.read_text(), re.MULTILINE)
    made = read_environment(first)

    assert len(empty) >= 8
    assert len({made[name] for name in empty}) == len(empty)
    assert all(len(made[name]) == 64 for name in empty)
    assert not {made[name] for name in empty} & set(read_environment(second).values())
    assert made["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9000"


def test_settings_are_for_their_owner_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "env"
    make_environment(path, {"MLFLOW_PORT": "5999"})
    before = path.read_bytes()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_environment(path)["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:5999"
    assert not make_environment(path)
    assert path.read_bytes() == before
    assert not make_environment(path, {"MLFLOW_PORT": "6001"})  # what a taken port asks for
    assert read_environment(path) == {
        name: re.sub(r"\b5999\b", "6001", value)
        for name, value in read_environment_of(before).items()
    }


def test_setting_of_a_later_release_is_added(tmp_path: Path) -> None:
    path = tmp_path / "env"
    make_environment(path)
    whole = read_environment(path)
    kept = [line for line in path.read_text().splitlines() if "API_KEY" not in line]
    path.write_text("\n".join(kept))
    make_environment(path)
    again = read_environment(path)

    assert again.keys() == whole.keys()
    assert again["STUDENT_PERFORMANCE_API_KEY"]
    assert {n for n in whole if again[n] != whole[n]} == {"STUDENT_PERFORMANCE_API_KEY"}


def read_environment_of(content: bytes) -> dict[str, str]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return read_environment(Path(file.name))


def test_example_has_every_setting_that_compose_reads() -> None:
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE))
    known = set(re.findall(r"^([A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE))

    assert used - known <= {"COMPOSE_PROJECT_NAME", "DOCKER_GID"}  # each has a default there


def test_example_names_every_setting_that_compose_only_hands_on() -> None:
    services = yaml.safe_load(COMPOSE)["services"].values()
    told = [service.get("environment", {}) for service in services]
    handed_on = {name for variables in told for name, value in variables.items() if value is None}
    named = set(re.findall(r"^# ([A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE))

    assert "DASK_SCHEDULER_ADDRESS" in handed_on
    assert handed_on <= named


def test_every_line_of_the_example_is_explained() -> None:
    for block in EXAMPLE.read_text().strip().split("\n\n"):
        assert block.startswith("#"), block


def test_no_secret_has_a_default_in_compose() -> None:
    for name in re.findall(r"^([A-Z0-9_]+)=$", EXAMPLE.read_text(), re.MULTILINE):
        assert f"${{{name}:-" not in COMPOSE, name


def test_every_service_of_compose_is_bounded_and_on_loopback() -> None:
    for name, service in yaml.safe_load(COMPOSE)["services"].items():
        assert "mem_limit" in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["cap_drop"] == ["ALL"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        if service["restart"] != "no":
            assert "healthcheck" in service or name == "object-store", name  # the image has it


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(tmp_path)
    yield made
    made.stop("web")


def web(*, port: int | None = None, code: str | None = None) -> Server:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    port = port or free
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    if code is not None:
        command = [sys.executable, "-c", code]
    return Server("web", command, {"MARK": "x"}, f"http://127.0.0.1:{port}", "/", "WEB_PORT")


def test_server_is_started_once_found_again_and_ended(processes: Processes) -> None:
    server = web()
    assert processes.start(server)
    pid = processes.pid("web")
    assert pid is not None
    assert not processes.start(server)
    assert processes.pid("web") == pid
    assert psutil.Process(pid).environ()["MARK"] == "x"

    assert processes.stop("web")
    assert processes.pid("web") is None
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert not processes.stop("web")


def test_taken_port_names_the_setting(processes: Processes) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} is taken") as refused:
            processes.start(web(port=port))
    assert "WEB_PORT=" in str(refused.value.next_command)


def test_server_that_ends_or_hangs_is_told_with_its_log(processes: Processes) -> None:
    with pytest.raises(UnreachableError, match="`web` ended") as ended:
        processes.start(web(code="print('no disk'); raise SystemExit(1)"))
    assert str(processes.log("web")) in str(ended.value.next_command)
    assert "no disk" in processes.log("web").read_text()
    with pytest.raises(UnreachableError, match="did not answer within 1 s"):
        processes.start(web(code="import time; time.sleep(60)"), seconds=1)
    assert processes.pid("web") is None


def test_pid_that_came_again_is_not_ours(processes: Processes, tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text(f'{{"pid": {os.getpid()}, "created": 1.0}}')

    assert processes.pid("web") is None
    assert not processes.stop("web")


def test_two_commands_do_not_start_the_same_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("servers.processes._LOCK_SECONDS", 0.1)
    with (
        Processes(tmp_path / "servers").locked(),
        pytest.raises(UsageError, match="at work"),
        Processes(tmp_path / "servers").locked(),
    ):
        pass


@pytest.mark.parametrize(
    ("kept", "well"),
    [
        (
            "AWS_ENDPOINT_URL=http://here:1\nAWS_ACCESS_KEY_ID=somebody\nAWS_SECRET_ACCESS_KEY=right\n",
            True,
        ),
        (
            "AWS_ENDPOINT_URL=http://here:1\nAWS_ACCESS_KEY_ID=somebody\nAWS_SECRET_ACCESS_KEY=old\n",
            False,
        ),
        ("AWS_ENDPOINT_URL=http://there:2\nAWS_SECRET_ACCESS_KEY=other\n", True),
        ("", True),
    ],
)
def test_doctor_compares_keys_of_the_same_store_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str, well: bool
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "somebody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://here:1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "right")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://here:3")
    if kept:
        (tmp_path / ".env").write_text(kept)

    assert _passwords(tmp_path, server_settings(False)).well is well
