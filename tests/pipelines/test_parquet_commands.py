"""Commands that read a table read the same table as Parquet, too."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from student_performance.simulate import simulate
from tests.conftest import SMALL, Outcome, Stores

_ONE = "--set=candidates={logistic_regression: {kind: logistic_regression}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """2,000 students in two files."""
    place = tmp_path / "students"
    place.mkdir()
    table = simulate(2_000, seed=1)
    table.iloc[:1_200].to_parquet(place / "a.parquet", index=False)
    table.iloc[1_200:].to_parquet(place / "b.parquet", index=False)
    return place


def test_table_as_csv_and_as_parquet(
    cli: Callable[..., Outcome], stores: Stores, table: Path, folder: Path, tmp_path: Path
) -> None:
    train = ("train", "--json", *SMALL, _ONE, "--data")
    one, other = cli(*train, table), cli(*train, folder)
    assert (one.code, other.code) == (0, 0)
    assert one.json["report"]["scores"] == other.json["report"]["scores"]
    assert other.json["data_md5"].endswith(".dir")

    first = folder / "a.parquet"
    pd.read_parquet(first).head(1_100).to_parquet(first, index=False)
    changed = cli(*train, folder)
    assert changed.json["data_md5"] != other.json["data_md5"]
    assert changed.json["report"]["n_test"] != other.json["report"]["n_test"]

    risks = tmp_path / "risks.csv"
    scored = cli("predict", "--json", "--data", folder, "--out", risks)
    assert (scored.code, scored.json["rows"]) == (0, 1_900)
    assert len(pd.read_csv(risks)) == 1_900

    watched = cli("monitor", "--json", "--data", folder, "--labels", folder)
    assert watched.code == 0, watched.err
    assert (watched.json["rows"], watched.json["rejected"]) == (1_900, 0)
    assert watched.json["outcomes"] is not None

    seen = cli("dataset", "check", folder)
    assert seen.code == 0, seen.err
    assert "1,900" in seen.out


def test_table_that_no_contract_knows_is_asked_for_as_csv(
    cli: Callable[..., Outcome], folder: Path
) -> None:
    for path in (folder, folder / "a.parquet"):
        told = cli("dataset", "init", path)
        assert told.code == 4
        assert "as CSV, let their contract be guessed" in told.err
