"""Files that are too large, locked away or elsewhere, and files of any bytes at all."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from student_performance.contract import DatasetConfig
from student_performance.dataset import load_table
from student_performance.digests import md5_of
from student_performance.errors import (
    InvalidDataError,
    ProductError,
    UnreachableError,
    UsageError,
)
from student_performance.reading.files import MAX_BYTES_VARIABLE
from tests.unit.builders import HEADER
from tests.unit.refusals import put, refusal

GOOD = "S1,Male,5.0,80.0,5,60.0\nS2,Female,2.5,50.5,2,59.9\n"
TABLE = f"{HEADER}\n{GOOD}"
SECRETS = ("SECRET", "Mäle")


def test_file_that_is_too_large_is_refused_before_it_is_read(
    tmp_path: Path, dataset: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, TABLE)
    monkeypatch.setenv(MAX_BYTES_VARIABLE, str(len(TABLE) - 1))
    for read in (md5_of, lambda path: load_table(path, dataset)):
        with pytest.raises(InvalidDataError) as caught:
            read(path)
        assert f"has {len(TABLE)} bytes; allowed are {len(TABLE) - 1}" in caught.value.message
        assert caught.value.next_command == f"export {MAX_BYTES_VARIABLE}={len(TABLE)}"
    monkeypatch.setenv(MAX_BYTES_VARIABLE, str(len(TABLE)))
    assert len(load_table(path, dataset)) == 2


@pytest.mark.parametrize("limit", ["lots", "0", "-5", "1e9"])
def test_limit_that_is_no_number_is_a_usage_error(
    limit: str, tmp_path: Path, dataset: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MAX_BYTES_VARIABLE, limit)

    assert limit in refusal(put(tmp_path, TABLE), dataset, UsageError).message


def test_path_that_is_no_file_is_named(tmp_path: Path, dataset: DatasetConfig) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    put(tmp_path, TABLE)
    for path, says in (
        (str(tmp_path / "nowhere.csv"), "There is no file"),
        (str(tmp_path / "table.csv" / "x"), "There is no file"),
        (str(tmp_path), "is a folder"),
        (str(pipe), "is a device or pipe"),
        ("x" * 5_000, "is no name of a file"),
        ("a\0b", "is no name of a file"),
    ):
        error = refusal(path, dataset, InvalidDataError)
        assert says in error.message
        assert error.next_command


@pytest.mark.parametrize("call", ["os.stat", "builtins.open"])
def test_file_without_permission_is_named_with_the_mend(
    call: str, tmp_path: Path, dataset: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, TABLE)

    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:  # root may read everything
        patch.setattr(call, forbidden)
        with pytest.raises(InvalidDataError) as caught:
            md5_of(path)

    assert "this user may not read it" in caught.value.message
    assert caught.value.next_command == f"chmod u+r {path}"


@pytest.mark.parametrize(
    "path", ["s3://bucket/students.csv", "nosuchprotocol://students.csv"], ids=["s3", "protocol"]
)
def test_remote_file_that_cannot_be_reached_exits_with_5(
    path: str, dataset: DatasetConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    error = refusal(path, dataset, UnreachableError)

    assert error.exit_code == 5
    assert f"{path} cannot be read: " in error.message
    assert error.next_command == "python run.py doctor"


def test_remote_file_is_read_like_a_local_one(dataset: DatasetConfig) -> None:
    import fsspec

    with fsspec.open("memory://bad-input/table.csv", "wb") as file:
        file.write(TABLE.encode())

    assert len(load_table("memory://bad-input/table.csv", dataset)) == 2
    with pytest.raises(InvalidDataError, match="There is no file"):
        load_table("memory://bad-input/nowhere.csv", dataset)


def test_remote_file_that_is_too_large_is_refused(
    dataset: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    with fsspec.open("memory://bad-input/large.csv", "wb") as file:
        file.write(TABLE.encode())
    monkeypatch.setenv(MAX_BYTES_VARIABLE, "10")

    assert (
        "allowed are 10"
        in refusal("memory://bad-input/large.csv", dataset, InvalidDataError).message
    )


_CELL = st.one_of(
    st.sampled_from(["", "Male", "Female", "5", "5.0", "1e5", '"', '"a"', "nan", "S1", " ", ";"]),
    st.text(max_size=5),
)
_LINES = st.lists(st.lists(_CELL, max_size=8).map(",".join), max_size=6).map("\n".join)
_BYTES = st.one_of(
    st.binary(max_size=200),
    _LINES.map(lambda text: f"{HEADER}\n{text}".encode("utf-8", "surrogatepass")),
    st.tuples(st.just(TABLE.encode()), st.binary(max_size=50)).map(b"".join),
    st.tuples(st.integers(0, len(TABLE)), st.binary(min_size=1, max_size=3)).map(
        lambda cut: TABLE.encode()[: cut[0]] + cut[1] + TABLE.encode()[cut[0] :]
    ),
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@given(content=_BYTES, encoding=st.sampled_from(["utf-8", "latin-1", "utf-16", "cp1252", "utf-7"]))
@example(content=b"\xff\xfe", encoding="utf-16")
@example(content=TABLE.encode() + b"+2AA-,Male,1,1,1,1", encoding="utf-7")
def test_any_bytes_are_a_table_or_a_sentence(
    content: bytes, encoding: str, scratch: Path, dataset: DatasetConfig
) -> None:
    changed = dataset.model_copy(update={"encoding": encoding})
    path = put(scratch, content)
    try:
        table = load_table(path, changed)
    except ProductError:
        return
    assert table["hours_studied"].between(0, 168).all()
    assert table["student_id"].is_unique
    assert set(table["gender"]) <= {"Female", "Male"}
