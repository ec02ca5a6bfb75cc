"""A checkout whose user has trained once in a process of its own."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import PROJECT, SMALL, Outcome, Stores, copy_user

pytest.register_assert_rewrite("tests.pipelines.kills")

CODE = ("cli", "configs", "materializers", "pipelines", "stacks", "steps", "student_performance")


@dataclass(frozen=True)
class Checkout:
    """A user with a checkout of their own, who has trained once."""

    user: Stores
    project: Path
    table: Path
    first: Outcome

    def run(self, *args: object, **variables: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "run.py", *map(str, args)], cwd=self.project, check=False, text=True,
            capture_output=True, env=self.user.environment | variables, timeout=300,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)

    def train(self, *args: object, **variables: str) -> Outcome:
        return self.run("train", "--json", "--data", self.table, *SMALL, *args, **variables)

    def files(self, pattern: str) -> list[Path]:
        return [path for path in self.user.root.rglob(pattern) if path.is_file()]

    def database(self, name: str) -> Path:
        (path,) = self.files(name)
        return path

    def write(self, name: str, statement: str) -> None:
        with sqlite3.connect(self.database(name)) as connection:
            assert connection.execute(statement).rowcount != 0, statement
        connection.close()


@pytest.fixture(scope="session")
def checkout(
    store_template: Stores, students_csv: bytes, tmp_path_factory: pytest.TempPathFactory
) -> Checkout:
    root = tmp_path_factory.mktemp("unchanged")
    user, project, table = Stores(root / "user"), root / "project", root / "students.csv"
    copy_user(store_template, user)
    for name in CODE:
        shutil.copytree(PROJECT / name, project / name)
    for name in ("run.py", "requirements.txt"):
        shutil.copy(PROJECT / name, project / name)
    table.write_bytes(students_csv)
    made = Checkout(user, project, table, Outcome(0, "", ""))
    first = made.train()
    assert first.code == 0, first.err
    return Checkout(user, project, table, first)


@pytest.fixture
def change(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkout]:
    """What a test changes is put back."""
    root, kept = checkout.user.root.parent, checkout.user.root.parent.with_suffix(".kept")
    shutil.copytree(root, kept, symlinks=True)
    for name, value in checkout.user.variables.items():
        monkeypatch.setenv(name, value)
    yield checkout
    shutil.rmtree(root)
    kept.rename(root)
