"""Puts a raw table where steps that run elsewhere can read it."""

from pathlib import Path, PurePath

import fsspec

from student_performance.digests import md5_of
from student_performance.errors import InvalidDataError, UsageError
from student_performance.server_settings import known_settings


def published(path: str, md5: str) -> str:
    """The address of a table in the object store; a local file is uploaded, once.

    Args:
        path: A local path, or an address, which is returned as it is.
        md5: MD5 of its bytes. It is part of the address, so that equal files are one object, and a
            step that was answered from the cache is so again.

    Raises:
        InvalidDataError: The file was changed meanwhile.
    """
    if "://" in path:
        return path
    if Path(path).is_dir():
        raise UsageError(
            f"{path} is a folder: steps that run elsewhere read a table of several files from the"
            " object store. Put it there, and give its address with a `/` at the end.",
            "python run.py train --data s3://BUCKET/students/",
        )
    bucket = known_settings().get("ARTIFACTS_BUCKET") or "artifacts"
    address = f"s3://{bucket}/raw/{md5}{PurePath(path).suffix}"
    store, key = fsspec.core.url_to_fs(address)
    if not store.exists(key):
        store.put_file(path, key)
        if md5_of(address, any_size=True) != md5:  # it was changed while it was read
            store.rm_file(key)
            raise InvalidDataError(f"{path} was changed while it was uploaded; start it again.")
    return address
