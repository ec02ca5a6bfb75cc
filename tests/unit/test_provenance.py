"""The digest of the code, and the commit behind it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from student_performance import provenance
from student_performance.provenance import LIBRARIES, code_digest, git_commit, requirements

SOURCES = {"a.py": "x = 1\ny = 2\n", "deep/b.py": "z = 3\n", "page.html.j2": "<p>\n</p>\n"}
Change = Callable[[Path], object]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    for name, text in SOURCES.items():
        write(folder / name, text)
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


@pytest.mark.parametrize(
    "change",
    [
        lambda p: write(p / "a.py", "x = 1\ny = 3\n"),
        lambda p: write(p / "a.py", "x = 1\ny = 2\n\n"),
        lambda p: write(p / "deep/b.py", "z = 4\n"),
        lambda p: write(p / "page.html.j2", "<b>\n</b>\n"),
        lambda p: write(p / "new.py", ""),
        lambda p: (p / "a.py").unlink(),
        lambda p: (p / "a.py").rename(p / "c.py"),
        lambda p: (p / "deep").rename(p / "flat"),
        lambda p: (write(p / "a.py", "x = 1\n"), write(p / "deep/b.py", "y = 2\nz = 3\n")),
    ],
    ids=[
        "code", "empty line", "nested code", "template", "new file", "file gone", "file renamed",
        "folder renamed", "line moved to the next file",
    ],
)  # fmt: skip
def test_any_change_of_the_sources_changes_the_digest(change: Change, package: Path) -> None:
    before = code_digest([package])
    change(package)

    assert code_digest([package]) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda p: None,
        lambda p: [write(p / name, text.replace("\n", "\r\n")) for name, text in SOURCES.items()],
        lambda p: write(p / "a.pyc", "compiled"),
        lambda p: write(p / "README.md", "words"),
    ],
    ids=["nothing", "line endings", "compiled code", "documentation"],
)
def test_what_computes_nothing_does_not_change_the_digest(change: Change, package: Path) -> None:
    before = code_digest([package])
    change(package)

    assert code_digest([package]) == before


def test_digest_depends_neither_on_the_order_nor_on_the_place_of_the_folders(
    package: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    write(other / "d.py", "")
    before = code_digest([package, other])
    moved = tmp_path / "elsewhere"
    moved.mkdir()

    assert code_digest([other, package]) == before
    assert code_digest([package]) != before
    assert code_digest([package.rename(moved / "package"), other]) == before


@pytest.mark.parametrize("library", LIBRARIES)
def test_another_version_of_a_library_changes_the_digest(
    library: str, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, version = code_digest([package]), provenance.metadata.version
    monkeypatch.setattr(
        provenance.metadata, "version", lambda name: "0" if name == library else version(name)
    )

    assert code_digest([package]) != before


def test_requirements_are_pinned_to_what_is_installed() -> None:
    pinned = requirements(["numpy", "scipy"])

    assert pinned[0].startswith("numpy==2.")
    assert pinned[1].startswith("scipy==1.")
    assert len(requirements()) == len(LIBRARIES)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one tagged commit, untouched by the settings of whoever runs the test."""
    who = ("tester", "tester@example.org")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", who[0])
        monkeypatch.setenv(f"GIT_{role}_EMAIL", who[1])
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "checkout"
    write(folder / "a.py", "x = 1\n")
    for command in (["init"], ["add", "."], ["commit", "-m", "first"], ["tag", "v1", "-m", "v1"]):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    return folder


def test_commit_of_a_clean_checkout_is_its_whole_hash(checkout: Path) -> None:
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=True
    )

    assert git_commit(checkout) == head.stdout.strip()
    assert len(git_commit(checkout)) == 40


def test_changed_checkout_is_dirty(checkout: Path) -> None:
    clean = git_commit(checkout)
    write(checkout / "a.py", "x = 2\n")

    assert git_commit(checkout) == f"{clean}-dirty"


def test_commit_is_unknown_outside_of_git_and_without_git(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert git_commit(tmp_path) == "unknown"
    assert git_commit(tmp_path / "nowhere") == "unknown"
    monkeypatch.setenv("PATH", "")
    assert git_commit(checkout) == "unknown"
