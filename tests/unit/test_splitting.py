"""Students are divided by their name alone, and never stand in two parts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_performance.config import SplitConfig
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK
from student_performance.errors import InvalidDataError
from student_performance.splitting import Parts, split

CONFIG = SplitConfig()
PARTS = ("train", "validation", "test")


def table_of(names: list[str], at_risk: list[int] | None = None) -> pd.DataFrame:
    labels = at_risk or [i % 2 for i in range(len(names))]
    return pd.DataFrame({"student_id": names, AT_RISK: np.array(labels, np.int8)})


def names(count: int) -> list[str]:
    return [f"S{number:05d}" for number in range(1, count + 1)]


def places(parts: Parts) -> dict[str, str]:
    """The part of each student."""
    return {name: part for part in PARTS for name in getattr(parts, part)["student_id"]}


def names_in(dataset: DatasetConfig, part: str, count: int) -> list[str]:
    parts = split(table_of(names(1_000)), dataset, CONFIG, folds=2)
    return list(getattr(parts, part)["student_id"].head(count))


@given(data=st.data())
def test_student_keeps_the_part_when_rows_are_added_removed_or_reordered(
    data: st.DataObject, dataset: DatasetConfig
) -> None:
    everybody = places(split(table_of(names(300)), dataset, CONFIG, folds=2))
    some = data.draw(st.permutations(names(300)))[: data.draw(st.integers(200, 300))]
    newcomers = [f"NEW{i}" for i in range(data.draw(st.integers(0, 30)))]
    found = places(split(table_of([*newcomers, *some]), dataset, CONFIG, folds=2))

    assert set(found) == {*newcomers, *some}
    assert {name: found[name] for name in some} == {name: everybody[name] for name in some}


@given(repeats=st.lists(st.integers(1, 4), min_size=200, max_size=200), key=st.text(max_size=9))
def test_student_with_several_rows_is_in_one_part_with_all_of_them(
    repeats: list[int], key: str, oulad: DatasetConfig
) -> None:
    rows = [name for name, times in zip(names(200), repeats, strict=True) for _ in range(times)]
    by_student = SplitConfig(by="student", key=key)
    parts = split(table_of(rows[::-1]).assign(course="A_1"), oulad, by_student, folds=2)
    inside = [set(getattr(parts, part)["student_id"]) for part in PARTS]

    assert sum(map(len, inside)) == len(set.union(*inside)) == 200
    assert sum(len(getattr(parts, part)) for part in PARTS) == len(rows)


def test_parts_of_a_student_are_the_same_on_every_machine(dataset: DatasetConfig) -> None:
    assert names_in(dataset, "test", 4) == ["S00008", "S00013", "S00014", "S00017"]
    assert names_in(dataset, "validation", 4) == ["S00001", "S00002", "S00018", "S00019"]


@pytest.mark.parametrize(("validation", "test"), [(0.1, 0.2), (0.2, 0.2), (0.3, 0.6), (0.05, 0.1)])
def test_shares_are_near_the_expected_ones(
    validation: float, test: float, dataset: DatasetConfig
) -> None:
    config = SplitConfig(validation_share=validation, test_share=test)
    parts = split(table_of(names(10_000)), dataset, config, folds=5)
    for part, share in ((parts.validation, validation), (parts.test, test)):
        error = 4 * np.sqrt(share * (1 - share) / 10_000)
        assert len(part) / 10_000 == pytest.approx(share, abs=error)


def test_larger_hold_out_keeps_those_who_were_held_out_before(dataset: DatasetConfig) -> None:
    table = table_of(names(1_000))
    small, large = (
        set(split(table, dataset, SplitConfig(test_share=x), folds=2).test["student_id"])
        for x in (0.2, 0.3)
    )

    assert small < large


def test_size_of_the_validation_part_does_not_move_the_hold_out(dataset: DatasetConfig) -> None:
    table = table_of(names(1_000))
    first, second = (
        split(table, dataset, SplitConfig(validation_share=x), folds=2) for x in (0.1, 0.4)
    )

    assert first.test.equals(second.test)
    assert set(first.validation["student_id"]) < set(second.validation["student_id"])


def test_another_key_is_an_independent_split(dataset: DatasetConfig) -> None:
    table = table_of(names(10_000))
    first, second = (
        set(split(table, dataset, SplitConfig(key=key), folds=2).test["student_id"])
        for key in ("one", "another")
    )

    assert len(first & second) / 10_000 == pytest.approx(0.04, abs=0.01)


@pytest.mark.parametrize("stem", ["k" * 64, "é" * 32], ids=["64 letters", "32 accents"])
def test_keys_that_differ_only_at_their_end_are_other_splits(
    stem: str, dataset: DatasetConfig
) -> None:
    table = table_of(names(1_000))
    first, second = (
        split(table, dataset, SplitConfig(key=stem + end), folds=2).test for end in "ab"
    )

    assert not first.equals(second)


def test_parts_make_up_the_table_in_its_order_with_a_fresh_index(
    students: pd.DataFrame, dataset: DatasetConfig
) -> None:
    parts = split(students, dataset, CONFIG, folds=5)
    found = places(parts)
    for name in PARTS:
        part = getattr(parts, name)
        mine = [student for student in students["student_id"] if found[student] == name]
        assert part.index.tolist() == list(range(len(part)))
        assert list(part.columns) == list(students.columns)
        assert part["student_id"].tolist() == mine
    assert len(found) == len(students)


def test_division_records_the_rule_and_the_rows(
    students: pd.DataFrame, dataset: DatasetConfig
) -> None:
    parts = split(students, dataset, SplitConfig(test_share=0.3, key="mine"), folds=5)
    division = parts.division

    assert (division.by, division.term, division.left_out) == ("student", None, 0)
    assert (division.test_share, division.key) == (0.3, "mine")
    assert division.text() == "30% of the students, by a keyed hash"
    assert [division.train_rows, division.validation_rows, division.test_rows] == [
        len(getattr(parts, part)) for part in PARTS
    ]


@pytest.mark.parametrize(
    "change", [{"key": "other"}, {"test_share": 0.3}], ids=["another key", "another share"]
)
def test_hold_out_has_another_name_where_its_rows_may_differ(
    change: dict[str, object], students: pd.DataFrame, dataset: DatasetConfig
) -> None:
    division = split(students, dataset, CONFIG, folds=5).division
    other = split(students, dataset, SplitConfig.model_validate(change), folds=5).division
    smaller = split(students, dataset, SplitConfig(validation_share=0.1), folds=5).division

    assert division.holdout() == smaller.holdout(), "the test part is the same"
    assert division.holdout() != other.holdout()


def test_training_part_with_exactly_one_student_of_either_kind_a_fold_is_enough(
    dataset: DatasetConfig,
) -> None:
    learners, others = names_in(dataset, "train", 10), names_in(dataset, "validation", 1)
    held_out = names_in(dataset, "test", 1)
    parts = split(table_of([*learners, *others, *held_out]), dataset, CONFIG, folds=5)

    assert [len(getattr(parts, part)) for part in PARTS] == [10, 1, 1]


@pytest.mark.parametrize(("label", "kind"), [(1, "at risk"), (0, "passing")])
def test_too_few_students_of_a_kind_are_refused_with_the_counts(
    label: int, kind: str, dataset: DatasetConfig
) -> None:
    learners, others = names_in(dataset, "train", 14), names_in(dataset, "validation", 3)
    held_out = names_in(dataset, "test", 2)
    labels = [label] * 4 + [1 - label] * 10 + [0, 1, 1] + [0, 1]
    with pytest.raises(InvalidDataError) as refusal:
        split(table_of([*learners, *others, *held_out], labels), dataset, CONFIG, folds=5)

    message = refusal.value.message
    assert "19 rows" in message
    assert f"4 {kind}" in message
    assert "3 rows to set the threshold" in message
    assert "2 held out" in message
    assert "Each of the 5 folds" in message
    assert refusal.value.next_command == (
        "python run.py train --dataset student_performance --data LARGER_FILE"
    )


def test_training_part_with_one_kind_only_is_refused(dataset: DatasetConfig) -> None:
    learners, others = names_in(dataset, "train", 20), names_in(dataset, "validation", 2)
    held_out = names_in(dataset, "test", 2)
    table = table_of([*learners, *others, *held_out], [0] * 20 + [0, 1] * 2)

    with pytest.raises(InvalidDataError, match="0 at risk and 20 passing"):
        split(table, dataset, CONFIG, folds=5)


@pytest.mark.parametrize(
    ("missing", "words"), [("validation", "0 rows to set the threshold"), ("test", "0 held out")]
)
def test_empty_part_is_refused(missing: str, words: str, dataset: DatasetConfig) -> None:
    other = {"validation": "test", "test": "validation"}[missing]
    table = table_of([*names_in(dataset, "train", 40), *names_in(dataset, other, 9)])

    with pytest.raises(InvalidDataError, match=words):
        split(table, dataset, CONFIG, folds=5)


def test_folds_are_counted_in_students_and_not_in_rows(
    dataset: DatasetConfig, oulad: DatasetConfig
) -> None:
    learners = names_in(dataset, "train", 30)
    rest = [*names_in(dataset, "validation", 2), *names_in(dataset, "test", 2)]
    labels = [1] * 10 + [0] * 20 + [0, 1] * 2
    repeated = table_of([*learners[:1] * 10, *learners[10:], *rest], labels)
    by_student = SplitConfig(by="student")

    assert len(split(table_of([*learners, *rest], labels), oulad, by_student, folds=5).train) == 30
    with pytest.raises(InvalidDataError, match="1 at risk and 20 passing"):
        split(repeated, oulad, by_student, folds=5)
