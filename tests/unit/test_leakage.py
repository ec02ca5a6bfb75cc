"""Planted leaks are found by the right check in the right columns; clean tables are left alone."""

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest

from benchmarks.leakage import PLANTS, Plant, clean_table, false_alarms, planted_table, table
from student_performance.contract import ROW_NUMBER, Column, DatasetConfig, Kind, Role
from student_performance.dataset import AT_RISK
from student_performance.leakage import Finding, Severity, inspect
from student_performance.leakage.checks import CHECKS

Frame = pd.DataFrame
RNG = np.random.default_rng


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def with_features(dataset: DatasetConfig, *names: str, **changes: object) -> DatasetConfig:
    """The contract with more number features; `changes` are the columns' other keys."""
    values = {"role": Role.FEATURE, "kind": Kind.NUMBER, "known": "before"} | changes
    return dataset.model_copy(
        update={"columns": dataset.columns | {name: Column(**values) for name in names}}
    )


def inspected(
    change: Callable[[Frame], Frame], *features: str, students: int = 1_000, seed: int = 3
) -> tuple[Finding, ...]:
    """Findings in simulated students after a change that adds number features."""
    frame, dataset = clean_table(students, seed)
    return inspect(change(frame), with_features(dataset, *features)).findings


def seen(findings: tuple[Finding, ...]) -> set[tuple[str, tuple[str, ...], str]]:
    return {(f.check, f.columns, f.severity.value) for f in findings}


@pytest.mark.parametrize("students", [200, 1_000, 5_000])
@pytest.mark.parametrize("seed", range(4))
def test_clean_tables_are_left_alone(students: int, seed: int) -> None:
    report = inspect(*clean_table(students, seed))

    assert report.findings == ()
    assert report.checks == tuple(CHECKS)
    assert report.rows == students


@pytest.mark.parametrize("students", [200, 5_000])
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.words)
def test_planted_leak_is_found_by_its_check_and_by_no_other(plant: Plant, students: int) -> None:
    report = inspect(*planted_table(plant, students, seed=5))

    assert {(f.check, frozenset(f.columns)) for f in report.leaks} == {(plant.check, plant.columns)}
    assert all(f"`{column}`" in report.leaks[0].text for column in plant.columns)


def test_table_of_the_report_is_refused() -> None:
    i = np.arange(1, 51)
    frame = pd.DataFrame({
        "student_id": i.astype(str), "gender": np.where(i % 2, "Male", "Female"),
        "hours_studied": 5 + 1.3 * (i % 10), "attendance_percent": 60.0 + i % 40,
        "assignments_completed": 5 + i % 10, "test_score": 50 + 0.9 * (i % 50),
    })  # fmt: skip
    frame[AT_RISK] = (frame["test_score"] < 60).astype("int8")
    found = seen(inspect(frame, clean_table(1, 1)[1]).findings)

    assert ("same column twice", ("hours_studied", "assignments_completed"), "leak") in found
    assert ("identifier order", ("student_id",), "leak") in found


# An AUC of .999, .97 and .90 at most.
@pytest.mark.parametrize(("noise", "severity"), [(0.1, "leak"), (4.5, "suspicion"), (12.0, None)])
def test_severity_follows_the_strength_of_a_feature(noise: float, severity: str | None) -> None:
    """The outcomes are hidden, so that only the label can tell."""
    frame, dataset = clean_table(2_000, 1)
    near = frame["test_score"] + RNG(1).normal(0, noise, len(frame))
    frame = frame.assign(near=near).drop(columns="test_score")
    found = inspect(frame, with_features(dataset, "near")).findings

    assert seen(found) == ({("single feature", ("near",), severity)} if severity else set())


@pytest.mark.parametrize(("width", "found"), [(5.0, True), (1.0, False)])
def test_outcome_in_bands_is_a_leak_but_many_values_tell_nothing(width: float, found: bool) -> None:
    """Nearly as many values as rows explain any outcome: that is no evidence."""
    frame, dataset = clean_table(800, 1)
    score = frame["test_score"] if found else pd.Series(np.arange(800) % 765)
    bands = "v" + (score // width).astype(int).astype(str)
    column = {"kind": Kind.CATEGORY, "categories": tuple(sorted(bands.unique()))}
    report = inspect(frame.assign(band=bands), with_features(dataset, "band", **column))

    assert seen(report.findings) == ({("single feature", ("band",), "leak")} if found else set())


def test_sorted_table_without_identifiers_is_no_leak() -> None:
    frame, dataset = clean_table(500, 1)
    columns = {name: c for name, c in dataset.columns.items() if name != "student_id"}
    for by in ("test_score", "hours_studied"):
        rows = frame.sort_values(by).drop(columns="student_id")
        rows[ROW_NUMBER] = [str(i) for i in range(len(rows))]
        report = inspect(rows, dataset.model_copy(update={"columns": columns}))

        assert report.findings == ()
        assert "identifier order" not in report.checks


@pytest.mark.parametrize("name", [str, lambda place: chr(0x4E00 + place)])
@pytest.mark.parametrize(
    ("noise", "students", "found"), [(0, 300, True), (30, 300, False), (7, 28, False)]
)  # the last are ordered with an AUC of .87, but so few may be by luck
def test_order_of_identifiers_is_a_leak_if_it_tells_the_outcome(
    name: Callable[[int], str], noise: float, students: int, found: bool
) -> None:
    def change(frame: Frame) -> Frame:
        place = (frame["test_score"] + RNG(1).normal(0, noise, len(frame))).rank(method="first")
        return frame.assign(student_id=[name(int(number)) for number in place])

    found_leaks = {f.check for f in inspected(change, students=students) if f.severity == "leak"}
    assert found_leaks == ({"identifier order"} if found else set())


def test_numbers_of_an_identifier_have_its_order_or_few_gaps() -> None:
    def change(frame: Frame) -> Frame:
        number = frame["student_id"].str[1:].astype(int)
        mixed = RNG(1).permutation(number)
        return frame.assign(sevenfold=7 * number, dense=mixed, sparse=7 * RNG(2).permutation(mixed))

    assert seen(inspected(change, "sevenfold", "dense", "sparse", students=400)) == {
        ("identifier as a feature", ("sevenfold",), "leak"),
        ("identifier as a feature", ("dense",), "leak"),
    }


def test_parts_that_add_up_are_named_once_without_copies_and_others() -> None:
    def change(frame: Frame) -> Frame:
        a, b, c = RNG(1).uniform(0, 10, (3, len(frame)))
        return frame.assign(a=a, minus_a=-a, b=b, c=c, total=a + 2 * b)

    found = inspected(change, "a", "minus_a", "b", "c", "total")
    assert [set(f.columns) for f in found] == [{"a", "minus_a"}, {"a", "b", "total"}]
    assert found[1].check == "adds up"


def test_many_columns_of_noise_are_not_said_to_add_up() -> None:
    names = [f"noise{i}" for i in range(70)]
    frame, dataset = clean_table(60, 1)
    noise = Frame(RNG(1).normal(size=(60, 70)), columns=names)
    report = inspect(frame.join(noise), with_features(dataset, *names))

    assert report.leaks == ()
    assert not {"together", "adds up"} & set(report.checks)


def test_best_students_with_the_same_fine_grade_do_not_make_it_a_leak() -> None:
    """All repeats of the grade are of passing students, as is natural at the top."""

    def change(frame: Frame) -> Frame:
        grade = frame["test_score"] + RNG(2).normal(0, 7, len(frame))
        best = grade.nlargest(60).index
        grade[best] = grade[best].max() + np.arange(60) // 2
        return frame.assign(grade=grade)

    assert {severity for *_, severity in seen(inspected(change, "grade"))} <= {"suspicion"}


def test_one_huge_value_does_not_make_two_columns_the_same() -> None:
    def change(frame: Frame) -> Frame:
        clicks, pages = RNG(1).normal(0, 1, (2, len(frame)))
        clicks[0] = pages[0] = 1e6
        return frame.assign(clicks=clicks, pages=pages)

    assert inspected(change, "clicks", "pages") == ()


@pytest.mark.parametrize(("share", "severity"), [(0.01, None), (0.02, "suspicion"), (0.03, "leak")])
def test_severity_follows_the_share_of_rows_twice(share: float, severity: str | None) -> None:
    def change(frame: Frame) -> Frame:
        home, age = RNG(1).normal(size=(2, len(frame)))
        frame = frame.assign(home=home, age=age)
        again = frame.head(round(share * len(frame)))
        return pd.concat([frame, again.assign(student_id=[f"T{i}" for i in range(len(again))])])

    expected = {("rows twice", ("student_id",), severity)} if severity else set()
    assert seen(inspected(change, "home", "age", students=2_000)) == expected


def test_students_who_are_alike_by_nature_are_no_copies() -> None:
    """In whole numbers 22 % of 50,000 students have a twin; copies still stand out."""
    frame, dataset = clean_table(50_000, 3)
    coarse = frame.round({"hours_studied": 0, "attendance_percent": 0, "test_score": 0})
    again = coarse.head(5_000).assign(student_id=[f"T{i}" for i in range(5_000)])

    assert inspect(coarse, dataset).findings == ()
    assert seen(inspect(pd.concat([coarse, again]), dataset).findings) == {
        ("rows twice", ("student_id",), "leak")
    }


def test_shares_and_ranks_are_compared_within_their_group(oulad: DatasetConfig) -> None:
    """Whoever never came is alike by nature, at another rank in each course; so are ranks."""
    frame = clean_table(3_000, 1)[0].drop(columns="assignments_completed")
    frame["assignments_completed"] = 0.5
    frame["course"] = [f"C{i % 10}_2013J" for i in range(3_000)]
    frame = frame.round({"hours_studied": 0, "attendance_percent": -1, "test_score": -1})
    absent = RNG(1).uniform(size=3_000) < 0.1 + 0.02 * (frame.index % 10)
    frame.loc[absent, ["hours_studied", "attendance_percent", "test_score", AT_RISK]] = [0, 0, 0, 1]
    frame["hours_studied"] = frame.groupby("course")["hours_studied"].rank(pct=True)
    report = inspect(frame.assign(passed=1 - frame[AT_RISK]), oulad)

    assert "rows twice" in {*report.checks} - {finding.check for finding in report.findings}


def test_students_own_rows_do_not_vouch_for_a_dependency() -> None:
    """Each student is there twice, with the same fine numbers: they belong to the student."""

    def change(frame: Frame) -> Frame:
        both = frame.assign(home=RNG(1).normal(size=300), age=RNG(2).normal(size=300))
        return pd.concat([both, both.assign(test_score=both["test_score"] + 1)])

    assert inspected(change, "home", "age", students=300) == ()


def test_missing_and_infinite_numbers_do_not_hide_or_make_a_leak() -> None:
    def change(frame: Frame) -> Frame:
        gone = RNG(1).uniform(size=(3, len(frame))) < 0.3
        frame["hours_studied"] = frame["hours_studied"].mask(gone[0])
        frame["attendance_percent"] = frame["attendance_percent"].mask(gone[1])
        frame.loc[0, "hours_studied"] = np.inf
        absent = 100 - frame["attendance_percent"].mask(gone[2])
        return frame.assign(absent=absent, empty=np.nan)

    assert seen(inspected(change, "absent", "empty")) == {
        ("same column twice", ("attendance_percent", "absent"), "leak"),
        ("constant feature", ("empty",), "suspicion"),
    }


@pytest.mark.parametrize("students", [1, 2, 10, 29, 51])
def test_tiny_tables_are_left_alone(students: int) -> None:
    report = inspect(*clean_table(students, 2))

    assert report.leaks == ()
    assert "known after" in report.checks
    assert "single feature" in report.checks or students < 51


def test_one_class_or_one_category_only_is_no_trouble() -> None:
    frame, dataset = clean_table(300, 2)
    way = Column(role=Role.FEATURE, kind=Kind.CATEGORY, known="before", categories=("bus", "foot"))
    frame = frame.assign(way=[["bus", "foot", None][i % 3] for i in range(300)])
    columns = {name: c for name, c in dataset.columns.items() if c.role is not Role.FEATURE}
    dataset = dataset.model_copy(update={"columns": columns | {"way": way}})

    assert inspect(frame.assign(**{AT_RISK: 1}), dataset).leaks == ()
    report = inspect(frame, dataset)
    assert report.findings == ()
    assert not {"rows twice", "adds up"} & set(report.checks)


def test_report_parts_its_findings_by_severity_and_repeats_itself() -> None:
    frame, dataset = clean_table(30_000, 1)
    frame = frame.assign(copy=frame["test_score"], same=1.0, left=np.arange(30_000) % 7)
    dataset = with_features(with_features(dataset, "copy", "same"), "left", known="after")
    report = inspect(frame, dataset)

    assert [(f.check, f.columns) for f in report.leaks] == [
        ("known after", ("left",)), ("single feature", ("copy",)),
    ]  # fmt: skip
    assert {f.severity for f in report.leaks} == {Severity.LEAK}
    assert [f.columns for f in report.suspicions] == [("same",)]
    assert inspect(frame, dataset) == report


def test_no_cell_of_a_student_is_in_any_text() -> None:
    """Every category and identifier of the table is searched for in every sentence."""
    for plant in PLANTS:
        frame, dataset = planted_table(plant, 200, seed=4)
        words = {str(cell) for cell in frame.select_dtypes("str").stack() if len(cell) > 1}
        texts = " ".join(finding.text for finding in inspect(frame, dataset).findings)
        assert texts
        assert not any(word in texts for word in words)


def test_benchmark_counts_clean_tables_and_planted_leaks() -> None:
    said: list[str] = []
    lines = table(false_alarms(1, said.append)).splitlines()

    assert lines[2] == "| clean | 1 | 0 | 0 |  |"
    assert len(said) == len(lines) - 2 == len(PLANTS) + 1
    assert all(line.endswith("| 1 |") for line in lines[3:])
