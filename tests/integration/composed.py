"""A clone whose servers Compose runs: what the container tests ask and do there."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from servers.environment import read_environment
from tests.conftest import PROJECT, Outcome, Stores
from tests.integration.conftest import make_clone
from tests.ports import free_port

BIN = Path(sys.executable).parent


def engine_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = ["docker", "compose", "version"], ["docker", "info"]
    return all(
        subprocess.run(command, capture_output=True, check=False).returncode == 0
        for command in asked
    )


@dataclass(frozen=True)
class Composed:
    """A clone whose servers Compose started, with names, ports, volumes and keys of its own."""

    user: Stores
    clone: Path
    name: str

    @property
    def settings(self) -> dict[str, str]:
        return read_environment(self.clone / ".env")

    @property
    def s3(self) -> Any:
        values = self.settings
        return boto3.client(
            "s3", endpoint_url=values["AWS_ENDPOINT_URL"], region_name="us-east-1",
            aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip

    @property
    def names(self) -> dict[str, str]:
        return {"COMPOSE_PROJECT_NAME": self.name, "COMPOSE_PROGRESS": "plain"}

    def do(self, *command: str, seconds: float = 1_200, **more: str) -> Outcome:
        """A command in the clone, in a shell that has taken the settings."""
        variables = self.user.environment | self.settings | self.names | more
        variables["PATH"] = f"{BIN}{os.pathsep}{variables['PATH']}"
        done = subprocess.run(
            command, cwd=self.clone, env=variables,
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)

    def compose(self, *args: str, **more: str) -> str:
        done = self.do("docker", "compose", *args, **more)
        assert done.code == 0, done.err[-3000:]
        return done.out

    def run(self, *args: object) -> Outcome:
        return self.do(sys.executable, "run.py", *map(str, args))

    def asked(self, code: str, *args: str) -> Any:
        """What a question to the ZenML server gives, as JSON."""
        script = f"import json, sys; from zenml.client import Client; {code}"
        done = self.do(sys.executable, "-c", script, *args, ZENML_LOGGING_VERBOSITY="CRITICAL")
        assert done.code == 0, done.err
        return json.loads(done.out.strip().splitlines()[-1])


# Other values into a clone's .env, as its owner would write them.
SET = (
    "import json, sys; from pathlib import Path; from servers.environment import make_environment;"
    "make_environment(Path('.env'), json.loads(sys.argv[1]))"
)


def own_ports() -> dict[str, int]:
    names = ("OBJECT_STORE_PORT", "MLFLOW_PORT", "ZENML_PORT", "DASHBOARD_PORT", "SERVING_PORT")
    return dict(zip(names, range(start := free_port(5), start + 5), strict=True))


def readme_block() -> list[str]:
    """The README's commands for the container stack, without what they are for."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    return [line.partition("  #")[0].strip() for line in block[1].splitlines()]


@contextmanager
def newcomer(root: Path) -> Iterator[Composed]:
    """The README's commands in a fresh clone, on ports of its own; all of it gone at the end."""
    (root / "user").mkdir()
    made = Composed(Stores(root / "user"), make_clone(root / "clone"), f"sp-test-{os.getpid()}")
    (made.clone / ".venv").symlink_to(BIN.parent)
    chosen = shlex.quote(json.dumps({name: str(port) for name, port in own_ports().items()}))
    script = ["set -e"]
    for command in readme_block():
        script.append(command)
        if command == "make env":
            script.append(f"python -c {shlex.quote(SET)} {chosen}")
    variables = made.user.environment | made.names
    variables["PATH"] = f"{BIN}{os.pathsep}{variables['PATH']}"
    try:
        done = subprocess.run(
            ["bash", "-c", "\n".join(script)], cwd=made.clone, env=variables,
            capture_output=True, text=True, timeout=1_400, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout[-2000:]}{done.stderr[-3000:]}"
        yield made
    finally:
        if (made.clone / ".env").exists():
            made.compose("--profile", "*", "down", "-v", "--remove-orphans")
