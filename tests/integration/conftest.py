"""Real servers as processes of this machine, each set with its own folder, ports and keys."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from servers.environment import read_environment
from servers.processes import Processes
from student_performance.registry import Registry, Store
from tests.conftest import PROJECT, SMALL, Outcome, Stores, copy_user
from tests.integration.forked import Forked, started
from tests.ports import free_port

STORES = ("seaweedfs", "minio")


@dataclass(frozen=True)
class Machine:
    """One user of one machine, with its servers."""

    user: Stores
    path: str
    ports: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.user.root / "home" / "servers"

    @property
    def settings(self) -> dict[str, str]:
        return read_environment(self.folder / "env")

    @property
    def processes(self) -> Processes:
        return Processes(self.folder)

    @property
    def s3(self) -> Any:
        values = self.settings
        return boto3.client(
            "s3",
            endpoint_url=values["AWS_ENDPOINT_URL"],
            aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
        )

    def variables(self, **changed: str) -> dict[str, str]:
        kept = {k: v for k, v in self.user.environment.items() if not k.startswith("AWS_")}
        # The settings of a server are taken whole from one place.
        for group in ("AWS_", "MLFLOW_TRACKING_"):
            if any(name.startswith(group) for name in changed):
                kept |= {k: v for k, v in self.settings.items() if k.startswith(group)}
        return kept | self.ports | {"PATH": self.path} | changed

    def start(self, *args: object, **changed: str) -> Forked | subprocess.Popen[str]:
        """`run.py` in the background."""
        return started([*map(str, args)], self.variables(**changed))

    def run(self, *args: object, seconds: float = 240, **changed: str) -> Outcome:
        """`run.py` to its end."""
        return ended(self.start(*args, **changed), seconds)

    def train(self, data: Path | str, *args: object, **changed: str) -> Outcome:
        """A training of a few seconds on the stack `minio`."""
        return self.run(
            "train", "--stack=minio", "--json", "--data", data, *SMALL, *args, **changed
        )

    def registry(self) -> Registry:
        os.environ["MLFLOW_TRACKING_USERNAME"] = self.settings["MLFLOW_TRACKING_USERNAME"]
        os.environ["MLFLOW_TRACKING_PASSWORD"] = self.settings["MLFLOW_TRACKING_PASSWORD"]
        return Registry(Store(self.settings["MLFLOW_TRACKING_URI"]))


def ended(process: Forked | subprocess.Popen[str], seconds: float = 240) -> Outcome:
    """What a process ended in, within a time; it is killed if it does not end."""
    try:
        out, err = process.communicate(timeout=seconds)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    code = process.poll()
    assert code is not None
    return Outcome(code, out, err)


@pytest.fixture(scope="module", params=STORES)
def store_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH on which one kind of object store is found: `any` is MinIO where it is there."""
    folder = tmp_path_factory.mktemp("bin")
    binaries = Path(sys.executable).parent
    minio = shutil.which("minio")
    if request.param == "minio" or (request.param == "any" and minio is not None):
        if minio is None:
            pytest.skip("no `minio` on the PATH: .ci/run takes it from the image, where it can")
        (folder / "minio").symlink_to(minio)
    kept = [p for p in os.environ["PATH"].split(os.pathsep) if not (Path(p) / "minio").exists()]
    return os.pathsep.join([str(folder), str(binaries), *kept])


@pytest.fixture(scope="module")
def machine(
    store_path: str, store_template: Stores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """A user who said `run.py stack up minio`."""
    root = tmp_path_factory.mktemp("machine")
    user = Stores(root / "user")
    copy_user(store_template, user)
    port = free_port(6)
    made = Machine(
        user,
        store_path,
        {"OBJECT_STORE_PORT": str(port), "MLFLOW_PORT": str(port + 5)},
    )
    try:
        up = made.run("stack", "up", "minio")
        assert up.code == 0, up.err + logs(made)
        yield made
    finally:
        made.run("stack", "down")


def make_clone(place: Path) -> Path:
    """What git tracks, as it is in the working tree, in a repository of its own."""
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.splitlines():
        if (PROJECT / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes((PROJECT / name).read_bytes())
    (place / ".ci" / "run").chmod(0o755)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for args in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "clone"]):
        subprocess.run([*git, *args], cwd=place, check=True)
    return place


def logs(machine: Machine) -> str:
    return "\n".join(path.read_text()[-3000:] for path in machine.folder.glob("*.log"))
