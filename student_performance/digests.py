"""Digests of what is on this disk; nothing heavy is imported for them."""

import hashlib
import json
from pathlib import Path


def md5_of_path(path: Path) -> str:
    """MD5 as DVC records it: of a file its bytes, of a folder its list of files, with `.dir`.

    Raises:
        OSError: It is not there, or may not be read.
    """
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, _md5).hexdigest()
    files = sorted(file for file in path.rglob("*") if file.is_file())
    listed = [
        {"md5": md5_of_path(file), "relpath": file.relative_to(path).as_posix()} for file in files
    ]
    listed.sort(key=lambda entry: entry["relpath"])
    return f"{_md5(json.dumps(listed, sort_keys=True).encode()).hexdigest()}.dir"


def _md5(content: bytes = b"") -> "hashlib._Hash":
    return hashlib.md5(content, usedforsecurity=False)
