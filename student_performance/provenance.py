"""Where a result comes from: the code, the libraries and the commit behind it."""

import hashlib
import os
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

# What computes a result or its files; another version may compute another result.
LIBRARIES = ("numpy", "pandas", "pandera", "pyarrow", "scikit-learn", "scipy", "skops")
COMMIT_VARIABLE = "STUDENT_PERFORMANCE_COMMIT"


def code_digest(folders: Iterable[Path]) -> str:
    """SHA-256 over the Python sources and templates in folders and the versions of the libraries.

    Args:
        folders: Package folders; their order does not matter.
    """
    sources = sorted(
        (path.relative_to(folder.parent).as_posix(), path)
        for folder in folders
        for pattern in ("*.py", "*.j2")
        for path in folder.rglob(pattern)
    )
    digest = hashlib.sha256()
    for name, path in sources:
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    for requirement in requirements(LIBRARIES):
        digest.update(requirement.encode())
    return digest.hexdigest()


def requirements(libraries: Iterable[str] = LIBRARIES) -> list[str]:
    """`name==version` of installed libraries; the environment is made from the lock."""
    return [f"{library}=={metadata.version(library)}" for library in libraries]


def git_commit(folder: Path) -> str:
    """The commit of a checkout, `-dirty` where files were changed; `unknown` outside of git.

    Where code runs that was sent from a checkout, `STUDENT_PERFORMANCE_COMMIT` says which.
    """
    sent = os.environ.get(COMMIT_VARIABLE)
    if sent:
        return sent
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--match="],
            cwd=folder, capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return described.stdout.strip()
