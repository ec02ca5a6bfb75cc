"""New training data, and when a retraining is due."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from student_performance.contract import DatasetConfig
from student_performance.drift import FeatureDrift, Level
from student_performance.errors import InvalidDataError, RefusedError, UsageError
from student_performance.monitor_report import MonitorReport
from student_performance.retraining import Growth, cause, merge
from student_performance.simulate import simulate


def tables(tmp_path: Path, new: pd.DataFrame) -> tuple[str, str]:
    old_path, new_path = tmp_path / "old.csv", tmp_path / "new.csv"
    simulate(100, seed=1).to_csv(old_path, index=False)
    new.to_csv(new_path, index=False)
    return str(old_path), str(new_path)


def monitored(level: Level) -> MonitorReport:
    moved = FeatureDrift(feature="hours_studied", psi=0.02, expected=0.01, level=level, n=400)
    return MonitorReport(
        at=datetime(2026, 11, 24, tzinfo=UTC),
        dataset="student_performance",
        version="7",
        data_md5="ab" * 16,
        labels_md5=None,
        rows=400,
        rejected=0,
        broken=(),
        broken_level="no_data",
        flagged=120,
        mean_risk=0.36,
        risk_before=0.34,
        features=(moved,),
        risk=None,
        outcomes=None,
    )


def test_the_new_row_of_a_student_counts(tmp_path: Path, dataset: DatasetConfig) -> None:
    old, fresh = simulate(100, seed=1), simulate(5, seed=2)
    fresh["student_id"] = [f"N{i}" for i in range(5)]
    changed = old[:3].assign(test_score=99.0)
    known = old[10:14]
    merged = merge(*tables(tmp_path, pd.concat([fresh, changed, known])), dataset)

    assert merged.growth == Growth(old=100, added=5, changed=3, known=4, unlabelled=0)
    assert len(merged.table) == 105
    assert merged.table["student_id"].is_unique
    found = merged.table.set_index("student_id")
    assert set(found.loc[changed["student_id"], "test_score"]) == {99.0}


def test_students_without_an_outcome_wait(tmp_path: Path, dataset: DatasetConfig) -> None:
    fresh = simulate(6, seed=2)
    fresh["student_id"] = [f"N{i}" for i in range(6)]
    fresh.loc[:1, "test_score"] = None
    merged = merge(*tables(tmp_path, fresh), dataset)

    assert (merged.growth.added, merged.growth.unlabelled) == (4, 2)


def test_a_bad_row_is_refused_with_its_place(tmp_path: Path, dataset: DatasetConfig) -> None:
    fresh = simulate(6, seed=2).assign(hours_studied=[1, 2, 3, 4, 500, 6])

    with pytest.raises(InvalidDataError, match=r"new\.csv, row 6, column hours_studied"):
        merge(*tables(tmp_path, fresh), dataset)


def test_nobody_is_recognised_where_nobody_is_named(tmp_path: Path, dataset: DatasetConfig) -> None:
    columns = {name: c for name, c in dataset.columns.items() if name != "student_id"}
    nameless = dataset.model_copy(update={"columns": columns, "world": None})

    with pytest.raises(UsageError, match="cannot be recognised"):
        merge(*tables(tmp_path, simulate(5, seed=2)), nameless)


def growth(added: int, known: int = 0) -> Growth:
    return Growth(old=1_000, added=added, changed=0, known=known, unlabelled=0)


def test_nothing_new_is_refused_even_after_an_alarm(dataset: DatasetConfig) -> None:
    with pytest.raises(RefusedError, match="Nothing is new: all 7 rows"):
        cause(growth(0, known=7), 1, monitored("drift"), dataset)


@pytest.mark.parametrize("level", ["ok", "warn", "no_data", None])
def test_a_few_new_rows_need_an_alarm(level: str | None, dataset: DatasetConfig) -> None:
    alarm = monitored(level) if level else None

    with pytest.raises(RefusedError, match="Only 499 rows are new, 500 are needed"):
        cause(growth(499), 500, alarm, dataset)
    assert cause(growth(500), 500, alarm, dataset) == "500 rows are new, 500 are enough"


def test_an_alarm_makes_a_few_new_rows_enough(dataset: DatasetConfig) -> None:
    assert "found drift on 2026-11-24" in cause(growth(3), 500, monitored("drift"), dataset)
