"""Identifiers that nobody without the key can make again."""

import hashlib
import hmac
from pathlib import Path

import pytest

from student_performance.contract import Column, DatasetConfig
from student_performance.errors import InvalidDataError, UsageError
from student_performance.pseudonyms import (
    KEY_VARIABLE,
    key_from_environment,
    pseudonym,
    pseudonymised,
)
from tests.unit.builders import HEADER, WriteCsv

KEY = "0123456789abcdef"


def test_pseudonym_is_the_hmac_of_the_identifier() -> None:
    # RFC 4231, test case 2: key `Jefe`, data `what do ya want for nothing?`.
    assert pseudonym("what do ya want for nothing?", "Jefe") == "P5bdcc146bf60754e6a04"
    expected = hmac.new(KEY.encode(), "Jörg".encode(), hashlib.sha256).hexdigest()[:20]
    assert pseudonym("Jörg", KEY) == f"P{expected}"


def test_other_key_or_student_is_another_pseudonym() -> None:
    assert len({pseudonym("S1", KEY), pseudonym("S2", KEY), pseudonym("S1", f"{KEY}0")}) == 3


def test_all_other_cells_stay_as_they_are_written(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    cells = 'Female,007.50,1e2,"5",60.0, a "b"'
    path = write_csv(f"007,{cells}", f"S2,{cells}", header=f"{HEADER},note")
    data, unknown = pseudonymised(str(path), dataset, KEY)
    lines = data.decode().split("\n")

    assert lines[0] == f"{HEADER},note"
    assert lines[1].startswith(f"{pseudonym('007', KEY)},Female,007.50,1e2,5,60.0,")
    assert lines[1].endswith('" a ""b"""')
    assert lines[3:] == [""]
    assert unknown == ["note"]


def test_copied_columns_that_may_name_the_student_are_told(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    def text(role: str) -> Column:
        return Column.model_validate({"role": role, "kind": "text"})

    new = {"mail": text("context"), "faith": text("sensitive"), "term": text("cohort"),
           "verdict": text("outcome")}  # fmt: skip
    other = dataset.model_copy(update={"columns": {**dataset.columns, **new}})
    header = f"phone,{HEADER},mail,faith,term,verdict"
    path = write_csv("1,S1,Female,7,1,5,60,a@b.c,none,2020,good", header=header)

    assert pseudonymised(str(path), other, KEY)[1] == ["phone", "mail", "faith"]


def test_separator_and_encoding_stay(tmp_path: Path, dataset: DatasetConfig) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("student_id;Größe\nS1;ä,b\n".encode("latin-1"))
    other = dataset.model_copy(update={"separator": ";", "encoding": "latin-1"})

    data, _ = pseudonymised(str(path), other, KEY)
    assert data.decode("latin-1") == f"student_id;Größe\n{pseudonym('S1', KEY)};ä,b\n"


@pytest.mark.parametrize("identifier", ["", " SECRET", "SECRET "])
def test_row_without_a_clean_identifier_is_refused(
    identifier: str, write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv("S1,Male,5,80,5,60", f"{identifier},Male,5,80,5,60")
    with pytest.raises(InvalidDataError, match="row 3, column student_id") as refusal:
        pseudonymised(str(path), dataset, KEY)

    assert "SECRET" not in refusal.value.message


def test_header_without_the_identifier_is_refused(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    path = write_csv("S1", header="studentid")
    with pytest.raises(InvalidDataError, match=r"is there 0 times.* Did you mean `studentid`"):
        pseudonymised(str(path), dataset, KEY)


def test_contract_without_an_identifier_is_refused(
    write_csv: WriteCsv, dataset: DatasetConfig
) -> None:
    columns = {name: c for name, c in dataset.columns.items() if name != "student_id"}
    with pytest.raises(UsageError, match="has the role `id`"):
        pseudonymised(str(write_csv()), dataset.model_copy(update={"columns": columns}), KEY)


@pytest.mark.parametrize("key", [None, "", KEY[:15]])
def test_key_that_can_be_guessed_is_refused_with_the_way_to_make_one(
    key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    if key is not None:
        monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(UsageError, match="at least 16 characters") as refusal:
        key_from_environment()

    assert "secrets.token_hex(32)" in str(refusal.value.next_command)
    assert not key or key not in refusal.value.message
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    assert key_from_environment() == KEY
