"""Opens a table's file, wherever it is, and says in a sentence why that does not work."""

import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from student_performance.errors import (
    InvalidDataError,
    ProductError,
    UnreachableError,
    UsageError,
)

PARQUET = ".parquet"
MAX_BYTES_VARIABLE = "STUDENT_PERFORMANCE_MAX_BYTES"
_DEFAULT_MAX_BYTES = 1 << 30
_NEXT = "python run.py train --data FILE"
_REMOTE_LIBRARIES = {"aiobotocore", "aiohttp", "botocore", "fsspec", "s3fs"}
# Without these, a server that does not answer is asked again for minutes.
_S3_OPTIONS = {
    "config_kwargs": {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 1}}
}


def max_bytes() -> int:
    """How large a file may be: `STUDENT_PERFORMANCE_MAX_BYTES`, else 1 GiB.

    Raises:
        UsageError: The variable holds no number.
    """
    text = os.environ.get(MAX_BYTES_VARIABLE, "")
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    if text:
        raise UsageError(
            f"{MAX_BYTES_VARIABLE} is `{text}`; a whole number of bytes above 0 is needed.",
            f"export {MAX_BYTES_VARIABLE}={_DEFAULT_MAX_BYTES}",
        )
    return _DEFAULT_MAX_BYTES


@contextmanager
def opened(path: str, any_size: bool = False) -> Iterator[IO[bytes]]:
    """Open a file for reading: a local path, or an address that fsspec knows.

    Args:
        path: A local path or, for example, an `s3://` address.
        any_size: Whether it may be larger than `max_bytes`, since it is not held in memory.

    Yields:
        The file.

    Raises:
        InvalidDataError: There is no such file, it may not be read or it is too large.
        UnreachableError: The server of a remote file does not answer or wants other keys.
    """
    if "://" in path:
        with _remote(path, any_size) as file:
            yield file
    else:
        _check_local(path, any_size)
        try:
            local = open(path, "rb")  # noqa: SIM115
        except PermissionError:  # of the opening alone, not of what the reader does
            raise _forbidden(path) from None
        with local as file:
            yield file


def check_there(path: str) -> os.stat_result:
    """Whether there is a local file of that name.

    Raises:
        InvalidDataError: There is none, or this user may not look.
    """
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise InvalidDataError(f"There is no file {path}.", _NEXT) from None
    except PermissionError:
        raise _forbidden(path) from None
    except (OSError, ValueError) as error:  # a name that is too long, or that holds a NUL
        raise InvalidDataError(f"{path!r} is no name of a file: {error}.", _NEXT) from None


def _check_local(path: str, any_size: bool) -> None:
    status = check_there(path)
    if stat.S_ISDIR(status.st_mode):
        raise InvalidDataError(f"{path} is a folder; a CSV file is needed.", _NEXT)
    if not stat.S_ISREG(status.st_mode):  # it is read twice: for its checksum and for its rows
        raise InvalidDataError(f"{path} is a device or pipe; a CSV file is needed.", _NEXT)
    if not any_size:
        check_size(path, status.st_size)


def check_size(path: str, size: int | None) -> None:
    """Whether a table of so many bytes may be held in memory.

    Raises:
        InvalidDataError: It is larger than `max_bytes`.
    """
    allowed = max_bytes()
    if size is not None and size > allowed:
        raise InvalidDataError(
            f"{path} has {size:,} bytes; allowed are {allowed:,}, so that the table fits into"
            f" memory. Take fewer rows or columns, or allow more with {MAX_BYTES_VARIABLE}.",
            f"export {MAX_BYTES_VARIABLE}={size}",
        )


def _forbidden(path: str) -> InvalidDataError:
    return InvalidDataError(
        f"{path} is there, but this user may not read it.", f"chmod u+r {shlex.quote(path)}"
    )


@dataclass(frozen=True)
class RemoteFile:
    """A file of a table that is elsewhere.

    Attributes:
        path: Its address.
        size: Its bytes.
        tag: What its store gives it anew whenever its content changes.
    """

    path: str
    size: int
    tag: str


def remote_files(prefix: str, ending: str) -> list[RemoteFile]:
    """The files below an address, in the order of their names.

    Raises:
        InvalidDataError: There is nothing.
        UnreachableError: The server does not answer or wants other keys.
    """
    import fsspec

    with _answering(prefix):
        store, place = fsspec.core.url_to_fs(prefix, **_options(prefix))
        store.invalidate_cache()  # what was listed before may have changed
        found = store.find(place, detail=True).items()
    protocol = prefix.partition("://")[0]
    return [
        RemoteFile(f"{protocol}://{name}", int(told["size"]), _tag(told))
        for name, told in sorted(found)
        if name.endswith(ending)
    ]


def files_of(path: str) -> list[str]:
    """The addresses of a table's files, in their order; of a folder, its Parquet files.

    Raises:
        InvalidDataError: There is none.
        UnreachableError: It is elsewhere, and the way there does not work.
    """
    if "://" in path:
        found = [one.path for one in remote_files(path, PARQUET)] if path.endswith("/") else [path]
    elif os.path.isdir(path):
        found = sorted(str(file) for file in Path(path).rglob(f"*{PARQUET}"))
    else:
        check_there(path)
        found = [path]
    if not found:
        raise InvalidDataError(
            f"{path} is a folder without a file that ends in {PARQUET}; a table is a CSV, a Parquet"
            " file or a folder of such.",
            "python run.py train --data FILE",
        )
    return found


def _tag(told: dict[str, Any]) -> str:
    return str(told.get("ETag") or told.get("etag") or told.get("LastModified"))


def _options(path: str) -> dict[str, Any]:
    return _S3_OPTIONS if path.startswith(("s3://", "s3a://")) else {}


@contextmanager
def _remote(path: str, any_size: bool) -> Iterator[IO[bytes]]:
    import fsspec

    # Of Parquet some ranges are read, and nothing beyond them.
    way = {"cache_type": "none"} if path.endswith(".parquet") else {}
    with _answering(path):
        store, place = fsspec.core.url_to_fs(path, **_options(path))
        file = store.open(place, "rb", **way)
    with _answering(path), file:
        if not any_size:
            check_size(path, getattr(file, "size", None))
        yield file


@contextmanager
def _answering(path: str) -> Iterator[None]:
    """What goes wrong on the way to a remote address, in a sentence."""
    try:
        yield
    except ProductError:
        raise
    except FileNotFoundError:
        raise InvalidDataError(f"There is no file {path}.", _NEXT) from None
    except IsADirectoryError:
        raise InvalidDataError(f"{path} is a folder; a CSV file is needed.", _NEXT) from None
    except Exception as error:
        if not _is_of_the_way(error):
            raise
        raise UnreachableError(
            f"{path} cannot be read: {type(error).__name__}: {str(error).rstrip('.')}. The address"
            " must be right and the server must answer; for s3:// the keys are taken from"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, another server than Amazon's from"
            " AWS_ENDPOINT_URL.",
            "python run.py doctor",
        ) from None


def _is_of_the_way(error: Exception) -> bool:
    """Whether it is about reaching the file, and not about what is in it."""
    if isinstance(error, UnicodeError):
        return False
    library = type(error).__module__.split(".")[0]
    kinds = (OSError, ImportError, ValueError)
    return library in _REMOTE_LIBRARIES or isinstance(error, kinds)
