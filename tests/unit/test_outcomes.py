"""Tables of outcomes: what is joined, and what becomes of the other rows."""

from pathlib import Path

import numpy as np
import pytest

from student_performance.contract import DatasetConfig
from student_performance.errors import InvalidDataError, UsageError
from student_performance.outcomes import Joined, read_labels
from student_performance.simulate import simulate


def written(tmp_path: Path, *lines: str, header: str = "student_id,test_score") -> str:
    path = tmp_path / "results.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return str(path)


def test_repeated_rows_count_once_and_contradictions_not_at_all(
    tmp_path: Path, dataset: DatasetConfig
) -> None:
    path = written(tmp_path, "A,70", "B,50", "B,40", "C,80", "C,20", "D,", "E,59.9")
    table, counts = read_labels(path, dataset)

    assert dict(zip(table["student_id"], table["at_risk"], strict=True)) == {"A": 0, "B": 1, "E": 1}
    assert (counts.rows, counts.empty, counts.repeated, counts.contradicting) == (7, 1, 1, 1)
    assert counts.students == 3
    assert len(counts.sentences()) == 3


def test_the_table_of_a_finished_term_will_do(tmp_path: Path, dataset: DatasetConfig) -> None:
    path = tmp_path / "term.csv"
    simulate(50, seed=1).to_csv(path, index=False)
    table, counts = read_labels(str(path), dataset)

    assert list(table.columns) == ["student_id", "at_risk", "gender"]
    assert counts.students == 50
    assert counts.sentences() == ()


def test_only_students_who_were_scored_are_joined(tmp_path: Path, dataset: DatasetConfig) -> None:
    labels, _ = read_labels(written(tmp_path, "A,70", "B,50", "Z,10"), dataset)
    joined = Joined(labels, ["student_id"])
    scored = simulate(3, seed=1).assign(student_id=["B", "X", "A"])
    joined.add(scored[:2], np.array([0.9, 0.5]))
    joined.add(scored[2:], np.array([0.1]))

    found = joined.table().set_index("student_id")
    assert found["risk"].to_dict() == {"B": 0.9, "A": 0.1}
    assert found["at_risk"].to_dict() == {"B": 1, "A": 0}


def test_an_outcome_that_is_none_is_refused_with_its_place(
    tmp_path: Path, dataset: DatasetConfig
) -> None:
    with pytest.raises(InvalidDataError) as failure:
        read_labels(written(tmp_path, "A,70", "B,120"), dataset)

    assert "row 3, column test_score: found `120`" in failure.value.message
    assert "120" not in str(failure.value)


def test_a_table_without_any_outcome_is_refused(tmp_path: Path, dataset: DatasetConfig) -> None:
    with pytest.raises(InvalidDataError, match="no outcome in the column `test_score`"):
        read_labels(written(tmp_path, "A,", "B, "), dataset)


def test_nobody_is_joined_where_nobody_is_named(tmp_path: Path, dataset: DatasetConfig) -> None:
    columns = {name: c for name, c in dataset.columns.items() if name != "student_id"}
    nameless = dataset.model_copy(update={"columns": columns, "world": None})

    with pytest.raises(UsageError, match="name no student"):
        read_labels(written(tmp_path, "70", header="test_score"), nameless)
