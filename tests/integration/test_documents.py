"""The commands of the documents, run one after the other by a newcomer in a fresh clone."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from docs.update import SHOWN, current
from servers.processes import answers
from tests.conftest import PROJECT, Stores
from tests.integration.conftest import make_clone
from tests.ports import free_port

DOCUMENTS = ("README.md", *sorted(f"docs/{path.name}" for path in (PROJECT / "docs").glob("*.md")))
RUNNABLE = (
    "README.md", "docs/large-tables.md", "docs/the-100-percent.md", "docs/your-own-data.md",
)  # fmt: skip
# These two create an environment and run these tests: CI runs them on a clean clone, the second one
# by way of `make coverage`.
BY_CI = {"make run", "make test"}


def commands(document: str) -> list[tuple[str, int]]:
    """Commands of a document's bash blocks with the exit code that a comment promises."""
    listed, exports = [], ""
    text = (PROJECT / document).read_text(encoding="utf-8")
    for block in re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            command, _, comment = line.partition("  #")
            promised = re.search(r"exits with (\d+)", comment)
            if command.startswith("export "):  # each command gets a shell of its own
                exports += f"{command}; "
                continue
            listed.append((exports + command.strip(), int(promised[1]) if promised else 0))
    return listed


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return make_clone(tmp_path / "student-performance")


def environment(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    binaries = Path(sys.executable).parent
    port = free_port(6)
    ports = {"OBJECT_STORE_PORT": str(port), "MLFLOW_PORT": str(port + 5)}
    path = {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    return Stores(home).environment | path | ports


def run_page(command: str, clone: Path, variables: dict[str, str]) -> int:
    process = subprocess.Popen(
        command.split(), cwd=clone, env=variables, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    assert address.startswith("http://127.0.0.1:")
    while process.poll() is None and not answers(address):
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    return process.wait(timeout=60)


def test_the_readme_begins_with_two_commands() -> None:
    assert [command for command, _ in commands("README.md")[:2]] == sorted(BY_CI)


@pytest.mark.timeout(1_500)  # every command with its default configuration
@pytest.mark.parametrize("document", RUNNABLE)
def test_every_command_does_what_it_says(document: str, clone: Path, tmp_path: Path) -> None:
    variables = environment(tmp_path)
    listed = commands(document)
    assert listed
    for command, promised in listed:
        if command in BY_CI:
            continue
        if command.endswith((" lineage", " dashboard", " serve")):
            assert run_page(command, clone, variables) == promised
            continue
        done = subprocess.run(
            command, shell=True, cwd=clone, env=variables, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == promised, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("document", SHOWN)
def test_numbers_are_those_that_were_measured(document: str) -> None:
    text = (PROJECT / document).read_text(encoding="utf-8")

    assert current(document) == text, "run `make repro readme` and commit the result"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_pictures_are_there(document: str) -> None:
    path = PROJECT / document
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_reports_belong_to_this_code(clone: Path, tmp_path: Path) -> None:
    variables = environment(tmp_path)

    def dvc(*args: str) -> str:
        command = [sys.executable, "-m", "dvc", *args]
        done = subprocess.run(
            command, cwd=clone, env=variables, capture_output=True, text=True, check=True
        )
        return done.stdout

    dvc("repro", "simulate")
    assert dvc("status", "--json").strip() == "{}", "run `make repro readme` and commit the result"
