"""Scoring a table of any size: what is scored, what is rejected, and what is left behind."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from student_performance.batch import predict_file, rejects_of
from student_performance.contract import DatasetConfig
from student_performance.errors import InvalidDataError, UsageError
from student_performance.models import risk
from student_performance.predictor import Predictor
from student_performance.reading import rows
from student_performance.reading.files import MAX_BYTES_VARIABLE
from student_performance.scoring import influences, reasons, typical
from student_performance.simulate import simulate
from tests.unit.builders import version
from tests.unit.trainings import Training

HABITS = "student_id,hours_studied,attendance_percent,assignments_completed"
BAD = (
    "S1,20,95,10", "S2,200,50,1", "S3,9,80", "S4,9,80,6", "S4,8,70,5", "S5,,80,6", "S6,2,40,1",
)  # fmt: skip


@pytest.fixture(scope="module")
def predictor(training: Training, dataset: DatasetConfig) -> Predictor:
    return Predictor(version(), dataset, training.model, training.setup.reference)


def written(tmp_path: Path, *lines: str, header: str = HABITS) -> str:
    path = tmp_path / "new.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return str(path)


def test_every_row_is_scored_or_rejected_with_its_reason(
    tmp_path: Path, predictor: Predictor
) -> None:
    out = str(tmp_path / "risks.parquet")
    record = predict_file(written(tmp_path, *BAD), out, predictor)
    scored, rejected = pd.read_parquet(out), pd.read_csv(record.rejects)

    assert list(scored["student_id"]) == ["S1", "S6"]
    assert list(rejected["row"]) == [4, 3, 5, 6, 7]
    reasons_of = dict(zip(rejected["row"], rejected["reason"], strict=True))
    assert "hours_studied: found `200`" in reasons_of[3]
    assert "found 3 cells" in reasons_of[4]
    assert "twice" in reasons_of[5]
    assert "twice" in reasons_of[6]
    assert "an empty cell" in reasons_of[7]
    assert (record.rows, record.rejected, record.scored) == (7, 5, 2)


@pytest.mark.parametrize("rows_at_once", [1, 2, 3, 100])
def test_chunks_change_nothing(
    rows_at_once: int, tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = written(tmp_path, *BAD), str(tmp_path / "risks.csv")
    whole = predict_file(path, out, predictor)
    expected = Path(out).read_text(), sorted(Path(rejects_of(out)).read_text().splitlines())
    monkeypatch.setattr(rows, "_CHUNK_ROWS", rows_at_once)
    again = predict_file(path, out, predictor)

    assert Path(out).read_text() == expected[0]
    assert sorted(Path(rejects_of(out)).read_text().splitlines()) == expected[1]
    assert again.model_dump(exclude={"at", "mean_risk"}) == whole.model_dump(
        exclude={"at", "mean_risk"}
    )
    assert again.mean_risk == pytest.approx(whole.mean_risk)


def test_risk_decision_and_version_are_those_of_the_model(
    tmp_path: Path, predictor: Predictor, dataset: DatasetConfig
) -> None:
    table = simulate(500, seed=4)
    path, out = tmp_path / "new.csv", tmp_path / "risks.parquet"
    table.to_csv(path, index=False)
    record = predict_file(str(path), str(out), predictor)
    scored = pd.read_parquet(out)
    own = risk(predictor.model, table[list(dataset.features)])

    assert_allclose(scored["risk"], own)
    assert list(scored["flagged"]) == list(own >= predictor.version.threshold.value)
    assert set(scored["model_version"]) == {"7"}
    assert record.flagged == scored["flagged"].sum()
    assert record.mean_risk == pytest.approx(own.mean())
    assert sum(record.risks) == 500


def test_reasons_are_the_influences_of_each_student(
    predictor: Predictor, dataset: DatasetConfig
) -> None:
    features = simulate(30, seed=9)[list(dataset.features)]
    found = reasons(predictor.model, features, risk(predictor.model, features), predictor.reference)

    for row, text in enumerate(found):
        student = {name: float(value) for name, value in features.iloc[row].items()}
        shown = [
            f"{i.feature} {np.round(100 * i.change):+.0f}"
            for i in influences(predictor.model, student, predictor.reference)
            if np.round(100 * i.change)
        ]
        assert text == ", ".join(shown)


def test_student_in_the_middle_has_no_reasons(predictor: Predictor) -> None:
    middle = pd.DataFrame([typical(predictor.reference)] * 2)
    middle.loc[1, "hours_studied"] = 1.0
    found = reasons(predictor.model, middle, risk(predictor.model, middle), predictor.reference)

    assert found[0] == ""
    assert found[1].startswith("hours_studied +")


def test_ranks_within_a_course_are_those_of_the_whole_table(
    tmp_path: Path, oulad: DatasetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Rank:
        classes_ = np.array([0, 1])

        def predict_proba(self, features: pd.DataFrame) -> Any:
            seen = features["hours_studied"].to_numpy()
            return np.column_stack([1 - seen, seen])

    predictor = Predictor(version(), oulad, Rank(), ())
    lines = [f"S{i},{i},90,{i % 3},AAA_2013J" for i in range(1, 11)]
    header = f"{HABITS},course"
    monkeypatch.setattr(rows, "_CHUNK_ROWS", 3)
    out = tmp_path / "risks.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("student_performance.batch.reasons", lambda *_: "")
        predict_file(written(tmp_path, *lines, header=header), str(out), predictor)

    assert_allclose(pd.read_parquet(out)["risk"], np.arange(1, 11) / 10)


def test_output_is_complete_or_absent(
    tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_CHUNK_ROWS", 1)
    path = written(tmp_path, "S1,20,95,10", 'S2,"2,50,1')  # a quotation mark is left open
    with pytest.raises(InvalidDataError, match="quotation mark"):
        predict_file(path, str(tmp_path / "risks.csv"), predictor)

    assert [file.name for file in tmp_path.iterdir()] == ["new.csv"]


def test_table_without_a_good_row_is_refused(tmp_path: Path, predictor: Predictor) -> None:
    with pytest.raises(InvalidDataError, match="none of its 1 rows"):
        predict_file(written(tmp_path, "S1,900,9,1"), str(tmp_path / "risks.csv"), predictor)

    assert [file.name for file in tmp_path.iterdir()] == ["new.csv"]


def test_table_that_changes_meanwhile_is_refused(
    tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "S1,20,95,10")
    sums = iter(["one", "another"])
    monkeypatch.setattr("student_performance.batch.md5_of", lambda *_, **__: next(sums))
    with pytest.raises(InvalidDataError, match="was changed"):
        predict_file(path, str(tmp_path / "risks.csv"), predictor)


def test_file_may_be_larger_than_what_fits_into_memory(
    tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MAX_BYTES_VARIABLE, "10")
    record = predict_file(written(tmp_path, "S1,20,95,10"), str(tmp_path / "r.csv"), predictor)

    assert record.scored == 1


def test_output_needs_a_kind(tmp_path: Path, predictor: Predictor) -> None:
    with pytest.raises(UsageError, match=r"\.parquet or \.csv"):
        predict_file(written(tmp_path, "S1,20,95,10"), str(tmp_path / "risks.xlsx"), predictor)


def test_drift_is_that_of_the_whole_table(
    tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_CHUNK_ROWS", 100)
    table = simulate(1_000, seed=5).assign(hours_studied=lambda t: t["hours_studied"] / 4)
    path = tmp_path / "new.csv"
    table.to_csv(path, index=False)

    assert predict_file(str(path), str(tmp_path / "r.csv"), predictor).drifted() == (
        "hours_studied",
    )


def test_identifier_cannot_become_a_formula(tmp_path: Path, predictor: Predictor) -> None:
    out = tmp_path / "risks.csv"
    predict_file(written(tmp_path, "=1+1,20,95,10"), str(out), predictor)

    assert '"\'=1+1"' in out.read_text()
