"""`run.py doctor` for the stacks with servers: object store, keys, clock, MLflow, containers."""

import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cli.checks import Check, looked_at

if TYPE_CHECKING:
    from student_performance.server_settings import ServerSettings

_SKEW_SECONDS = 900
_LOOPBACK = ("127.0.0.1", "localhost")
_PROBE = "doctor/probe"


def server_checks(project: Path, stack: str) -> Iterator[Check]:
    """Everything that a stack with servers needs, from where this process is."""
    from student_performance.server_settings import server_settings, share_settings

    settings: list[ServerSettings] = []

    def known() -> str:
        started_here = stack == "minio"
        share_settings(started_here)
        settings.append(server_settings(started_here))
        return f"object store {settings[0].endpoint or 'AWS'}, MLflow {settings[0].mlflow}"

    yield looked_at("settings", known)
    if not settings:
        return
    servers = settings[0]
    yield _place(servers)
    yield looked_at("clock", lambda: _clock(servers))
    yield looked_at("object store", lambda: _object_store(servers))
    yield looked_at("write", lambda: _write(servers))
    yield _passwords(project, servers)
    if stack == "container":
        yield looked_at("engine", _engine)
        yield looked_at("image", _image)
        yield looked_at("network", _network)


def _place(servers: "ServerSettings") -> Check:
    """In a container loopback is the container, and nothing listens there."""
    inside = Path("/.dockerenv").exists()
    here = [urlsplit(a) for a in (servers.endpoint, servers.mlflow) if a]
    dead = [a for a in here if a.hostname in _LOOPBACK and not _listens(a.hostname, a.port or 80)]
    found = "in a container" if inside else "on the host"
    if inside and dead:
        return Check(
            "place", False, f"{found}, where {dead[0].geturl()} is the container itself",
            "export AWS_ENDPOINT_URL=http://object-store:9000 MLFLOW_TRACKING_URI=http://mlflow:5000",
        )  # fmt: skip
    return Check("place", True, found)


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def _client(servers: "ServerSettings") -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=servers.endpoint,
        region_name=servers.region,
        config=Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1}),
        **servers.s3_keys(),
    )


def _object_store(servers: "ServerSettings") -> str:
    _client(servers).head_bucket(Bucket=servers.artifacts)
    return f"bucket {servers.artifacts} is there"


def _write(servers: "ServerSettings") -> str:
    s3 = _client(servers)
    s3.put_object(Bucket=servers.artifacts, Key=_PROBE, Body=b"probe")
    s3.delete_object(Bucket=servers.artifacts, Key=_PROBE)
    return "an object was written and deleted again"


def _clock(servers: "ServerSettings") -> str:
    """Asked without keys: with a wrong clock no key is right."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(servers.endpoint or "https://s3.amazonaws.com", timeout=10) as answer:
            said = answer.headers["date"]
    except urllib.error.HTTPError as refused:
        said = refused.headers["date"]
    except urllib.error.URLError:  # the next check tells it
        return "not known while the object store does not answer"
    if said is None:
        return "the object store does not tell its own"
    apart = abs((datetime.now(UTC) - parsedate_to_datetime(said)).total_seconds())
    if apart > _SKEW_SECONDS:
        raise RuntimeError("RequestTimeTooSkewed")
    return f"{apart:.0f} s apart from the object store's"


def _passwords(project: Path, servers: "ServerSettings") -> Check:
    """Keys of another time for the store that `.env` of the project is about."""
    from servers.environment import read_environment

    file = project / ".env"
    kept = read_environment(file) if file.exists() else None
    if kept is None or (kept.get("AWS_ENDPOINT_URL") or None) != servers.endpoint:
        return Check("keys", True, "no .env in the project is about this object store")
    ours = (servers.access_key, servers.secret_key.get_secret_value())
    same = (kept.get("AWS_ACCESS_KEY_ID"), kept.get("AWS_SECRET_ACCESS_KEY")) == ours
    found = "those of .env" if same else "others than in .env, for the same object store"
    return Check("keys", same, found, "set -a; . ./.env; set +a")


def _docker(*command: str) -> str:
    if shutil.which("docker") is None:
        raise RuntimeError("Cannot connect to the Docker daemon")
    done = subprocess.run(
        ["docker", *command], capture_output=True, text=True, timeout=20, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return done.stdout.strip()


def _engine() -> str:
    return f"Docker {_docker('version', '--format', '{{.Server.Version}}')}"


def _image() -> str:
    from stacks.containers import step_image

    _docker("image", "inspect", step_image())
    return f"{step_image()} is built"


def _network() -> str:
    from stacks.containers import compose_network

    _docker("network", "inspect", compose_network())
    return f"{compose_network()} is there"
