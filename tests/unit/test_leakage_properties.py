"""What holds for every table that the guard looks at."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.leakage import clean_table
from student_performance.contract import Column, DatasetConfig, Kind, Role
from student_performance.dataset import AT_RISK
from student_performance.leakage import Severity, inspect

SEEDS = st.integers(0, 10_000)
CELLS = st.one_of(
    st.none(), st.floats(-1e12, 1e12), st.integers(-3, 3).map(float), st.sampled_from([0.0, 1e-9])
)


def contract(*features: str) -> DatasetConfig:
    """An identifier, number features that may be empty, and a score."""
    columns = {"id": Column(role=Role.ID, kind=Kind.TEXT)}
    columns |= {
        name: Column(role=Role.FEATURE, kind=Kind.NUMBER, known="before", nullable=True)
        for name in features
    }
    columns["score"] = Column(role=Role.OUTCOME, kind=Kind.NUMBER)
    return DatasetConfig(
        name="any", description="Any table.", file="any.csv", columns=columns,
        target={"column": "score", "pass_mark": 0.0},
    )  # fmt: skip


@given(st.lists(st.tuples(CELLS, CELLS, st.floats(-100, 100)), min_size=1, max_size=60))
def test_any_numbers_are_inspected_and_no_identifier_is_told(
    rows: list[tuple[float | None, float | None, float]],
) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "score"]).astype("float64")
    frame.insert(0, "id", [f"Zaphod{number}" for number in range(len(frame))])
    frame[AT_RISK] = (frame["score"] < 0).astype("int8")

    report = inspect(frame, contract("a", "b"))

    assert report.rows == len(frame)
    assert all(set(found.columns) <= {"id", "a", "b", "score"} for found in report.findings)
    assert not any("Zaphod" in found.text for found in report.findings)


@settings(max_examples=25)
@given(SEEDS, st.floats(0.01, 100), st.floats(-1000, 1000), st.booleans())
def test_the_outcome_on_another_scale_is_a_leak(
    seed: int, scale: float, shift: float, turned: bool
) -> None:
    frame, dataset = clean_table(200, seed)
    frame["copy"] = (-scale if turned else scale) * frame["test_score"] + shift
    copy = Column(role=Role.FEATURE, kind=Kind.NUMBER, known="before")
    dataset = dataset.model_copy(update={"columns": dataset.columns | {"copy": copy}})

    leaks = inspect(frame, dataset).leaks

    assert any(found.columns == ("copy",) for found in leaks)
    assert all(found.severity is Severity.LEAK for found in leaks)


@settings(max_examples=25)
@given(SEEDS, SEEDS)
def test_the_order_of_the_rows_changes_no_verdict(seed: int, order: int) -> None:
    frame, dataset = clean_table(200, seed)
    frame["attendance_percent"] = frame["test_score"].round()
    mixed = frame.iloc[np.random.default_rng(order).permutation(len(frame))]

    first, second = (inspect(table.reset_index(drop=True), dataset) for table in (frame, mixed))

    assert [(f.check, f.columns) for f in first.leaks] == [
        (f.check, f.columns) for f in second.leaks
    ]


def test_accepted_redundancy_is_a_suspicion_but_what_rebuilds_the_outcome_is_not() -> None:
    frame, dataset = clean_table(300, 1)
    frame = frame.assign(absence=100 - frame["attendance_percent"], copy=frame["test_score"])
    number = Column(role=Role.FEATURE, kind=Kind.NUMBER, known="before")
    columns = dataset.columns | {"absence": number, "copy": number}
    strict = dataset.model_copy(update={"columns": columns})
    lenient = strict.model_copy(update={"accepted": ("same column twice",)})

    found = {f.columns for f in inspect(frame, strict).leaks}
    accepted = inspect(frame, lenient)

    assert found == {("attendance_percent", "absence"), ("copy",)}
    assert {f.columns for f in accepted.leaks} == {("copy",)}
    assert ("attendance_percent", "absence") in {f.columns for f in accepted.suspicions}


def test_copies_are_found_although_an_address_tells_them_apart() -> None:
    frame, dataset = clean_table(1_000, 2)
    frame = pd.concat([frame, frame.iloc[:150].assign(student_id=lambda f: "X" + f["student_id"])])
    frame["email"] = [f"{number}@example.org" for number in range(len(frame))]
    email = Column(role=Role.CONTEXT, kind=Kind.TEXT)
    dataset = dataset.model_copy(update={"columns": dataset.columns | {"email": email}})

    assert [f.check for f in inspect(frame.reset_index(drop=True), dataset).leaks] == ["rows twice"]
