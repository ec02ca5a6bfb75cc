"""Students are divided by their name alone, and never stand on both sides."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_performance.config import DatasetConfig, SplitConfig
from student_performance.dataset import AT_RISK
from student_performance.errors import InvalidDataError
from student_performance.splitting import in_holdout, split

CONFIG = SplitConfig()


def table_of(names: list[str], at_risk: list[int] | None = None) -> pd.DataFrame:
    labels = at_risk or [i % 2 for i in range(len(names))]
    return pd.DataFrame({"student_id": names, AT_RISK: np.array(labels, np.int8)})


def names(count: int) -> list[str]:
    return [f"S{number:05d}" for number in range(1, count + 1)]


def names_on_side(dataset: DatasetConfig, test: bool, count: int) -> list[str]:
    table = table_of(names(1_000))
    side = in_holdout(table, dataset, CONFIG)
    return table["student_id"][side == test].head(count).tolist()


@given(data=st.data())
def test_student_keeps_the_side_when_rows_are_added_removed_or_reordered(
    data: st.DataObject, dataset: DatasetConfig
) -> None:
    everybody = table_of(names(200))
    side = dict(zip(everybody["student_id"], in_holdout(everybody, dataset, CONFIG), strict=True))
    some = data.draw(st.lists(st.sampled_from(names(200)), min_size=1, unique=True))
    newcomers = [f"NEW{i}" for i in range(data.draw(st.integers(0, 3)))]
    table = table_of([*newcomers, *some])
    found = in_holdout(table, dataset, CONFIG)

    assert found.index.equals(table.index)
    for name, held_out in zip(table["student_id"], found, strict=True):
        assert held_out == side.get(name, held_out)


def test_side_of_a_student_is_the_same_on_every_machine(dataset: DatasetConfig) -> None:
    assert names_on_side(dataset, True, 4) == ["S00008", "S00013", "S00014", "S00017"]


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 0.9])
def test_share_of_the_hold_out_is_near_the_expected_one(
    share: float, dataset: DatasetConfig
) -> None:
    found = in_holdout(table_of(names(10_000)), dataset, SplitConfig(test_share=share))

    assert found.mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 10_000))


def test_larger_share_keeps_those_who_were_held_out_before(dataset: DatasetConfig) -> None:
    table = table_of(names(1_000))
    small, large = (in_holdout(table, dataset, SplitConfig(test_share=x)) for x in (0.2, 0.3))

    assert large[small].all()
    assert large.sum() > small.sum()


def test_another_key_is_an_independent_split(dataset: DatasetConfig) -> None:
    table = table_of(names(10_000))
    first = in_holdout(table, dataset, CONFIG)
    second = in_holdout(table, dataset, SplitConfig(key="another"))

    assert (first & second).mean() == pytest.approx(0.04, abs=0.01)


@pytest.mark.parametrize("stem", ["k" * 64, "é" * 32], ids=["64 letters", "32 accents"])
def test_keys_that_differ_only_at_their_end_are_other_splits(
    stem: str, dataset: DatasetConfig
) -> None:
    table = table_of(names(1_000))
    first, second = (in_holdout(table, dataset, SplitConfig(key=stem + end)) for end in "ab")

    assert not first.equals(second)


def test_repeated_student_never_stands_on_both_sides(oulad: DatasetConfig) -> None:
    table = pd.concat([table_of(names(300)), table_of(names(200)[::-1])])
    train, test = split(table, oulad, CONFIG, folds=5)

    assert not set(train["student_id"]) & set(test["student_id"])
    assert (test["student_id"].value_counts() == 2).any()


def test_parts_make_up_the_table_in_its_order_with_a_fresh_index(
    students: pd.DataFrame, dataset: DatasetConfig
) -> None:
    train, test = split(students, dataset, CONFIG, folds=5)
    side = in_holdout(students, dataset, CONFIG).to_numpy()

    for part, kept in ((train, ~side), (test, side)):
        assert part.index.tolist() == list(range(len(part)))
        assert list(part.columns) == list(students.columns)
        assert part["student_id"].tolist() == students["student_id"][kept].tolist()


def test_training_part_with_exactly_one_student_of_either_kind_a_fold_is_enough(
    dataset: DatasetConfig,
) -> None:
    learners, held_out = names_on_side(dataset, False, 10), names_on_side(dataset, True, 1)
    train, test = split(table_of([*learners, *held_out]), dataset, CONFIG, folds=5)

    assert (len(train), len(test)) == (10, 1)


@pytest.mark.parametrize(("label", "kind"), [(1, "at risk"), (0, "passing")])
def test_too_few_students_of_a_kind_are_refused_with_the_counts(
    label: int, kind: str, dataset: DatasetConfig
) -> None:
    learners, held_out = names_on_side(dataset, False, 14), names_on_side(dataset, True, 2)
    labels = [label] * 4 + [1 - label] * 10 + [0, 1]
    with pytest.raises(InvalidDataError) as refusal:
        split(table_of([*learners, *held_out], labels), dataset, CONFIG, folds=5)

    message = refusal.value.message
    assert "16 rows" in message
    assert f"4 {kind}" in message
    assert "2 held out" in message
    assert "Each of the 5 folds" in message
    assert refusal.value.next_command == (
        "python run.py train --dataset student_performance --data LARGER_FILE"
    )


def test_training_part_with_one_kind_only_is_refused(dataset: DatasetConfig) -> None:
    learners, held_out = names_on_side(dataset, False, 20), names_on_side(dataset, True, 2)
    table = table_of([*learners, *held_out], [0] * 20 + [0, 1])

    with pytest.raises(InvalidDataError, match="0 at risk and 20 passing"):
        split(table, dataset, CONFIG, folds=5)


def test_empty_hold_out_is_refused(dataset: DatasetConfig) -> None:
    with pytest.raises(InvalidDataError, match="0 held out"):
        split(table_of(names_on_side(dataset, False, 40)), dataset, CONFIG, folds=5)


def test_folds_are_counted_in_students_and_not_in_rows(oulad: DatasetConfig) -> None:
    learners, held_out = names_on_side(oulad, False, 21), names_on_side(oulad, True, 2)
    repeated, *others = learners
    table = table_of([*[repeated] * 10, *others, *held_out], [1] * 10 + [0] * 20 + [0, 1])

    with pytest.raises(InvalidDataError, match="at risk"):
        split(table, oulad, CONFIG, folds=5)
