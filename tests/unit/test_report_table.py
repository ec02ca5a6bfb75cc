"""The report's table: 50 rows by formula, the same bytes as its file."""

import hashlib
from io import BytesIO
from pathlib import Path

import pandas as pd

from student_performance.config_files import load_configs
from student_performance.dataset import load_table
from student_performance.report_table import MD5, report_csv, report_rows
from tests.unit.builders import CONFIGS


def test_table_has_the_bytes_of_the_report() -> None:
    assert hashlib.md5(report_csv(), usedforsecurity=False).hexdigest() == MD5
    assert MD5 == "106b0e42887e9814f01e342e56f8df00"


def test_every_column_is_a_formula_of_the_row_number() -> None:
    rows = report_rows()

    assert rows.shape == (50, 6)
    assert rows.iloc[0].tolist() == [1, "Female", 6.3, 61, 6, 50.9]
    assert rows.iloc[-1].tolist() == [50, "Male", 5.0, 70, 5, 50.0]
    assert (rows["gender"] == "Female").tolist() == [True, False] * 25


def test_table_keeps_its_contract_so_that_only_its_leaks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(report_csv())
    table = load_table(str(path), load_configs(CONFIGS, "report")[1])

    assert len(table) == len(pd.read_csv(BytesIO(report_csv()))) == 50
    assert table["at_risk"].sum() == 12  # 11 rows of 0.9 points and the last one of 50
