"""Digests of tables and files; nothing heavy is imported for them."""

import hashlib
import json
import os
from pathlib import Path

from student_performance.reading.files import files_of, opened, remote_files

_BLOCK = 1 << 20


def md5_of(path: str, any_size: bool = False) -> str:
    """MD5 of a table as DVC records it: of a file's bytes, or of a folder's list of files.

    Of an address such as `s3://bucket/students/` it is that of the names of its files, their sizes
    and the tags that the store gives each content: nothing is read.

    Args:
        path: A local path or an `s3://` address.
        any_size: Whether it may be larger than a table that is held in memory.

    Raises:
        InvalidDataError: There is no such file, or it is too large.
    """
    if "://" not in path and os.path.isdir(path):
        files_of(path)  # says so if none of its files is a table
        return md5_of_path(Path(path))
    digest = _md5()
    if "://" in path and path.endswith("/"):
        for one in remote_files(path, ""):
            name = one.path.removeprefix(path)
            digest.update(f"{name}\0{one.size}\0{one.tag}\0".encode())
        return digest.hexdigest()
    with opened(path, any_size) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


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
