"""With cohorts, a model learns from earlier ones and is judged on the last."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from student_performance.config import SplitConfig
from student_performance.contract import RETURNING, Column, DatasetConfig
from student_performance.dataset import AT_RISK
from student_performance.errors import InvalidDataError, UsageError
from student_performance.splitting import Division, Parts, split, unseen
from tests.unit.builders import division

PARTS = ("train", "validation", "test")


def cohort(course: str, numbers: Iterable[int]) -> pd.DataFrame:
    """Students of one course in one term, every other one at risk."""
    rows = [(f"S{number:05d}", course, number % 2) for number in numbers]
    return pd.DataFrame(rows, columns=["student_id", "course", AT_RISK])


def table_of(**cohorts: Iterable[int]) -> pd.DataFrame:
    return pd.concat([cohort(*item) for item in cohorts.items()], ignore_index=True)


def divided(table: pd.DataFrame, dataset: DatasetConfig, **changes: Any) -> Parts:
    return split(table, dataset, SplitConfig(**({"by": "cohort"} | changes)), folds=2)


def courses(part: pd.DataFrame) -> set[str]:
    return set(part["course"])


def test_hold_out_is_the_last_term_of_all_courses(oulad: DatasetConfig) -> None:
    table = table_of(
        AAA_2013J=range(100), BBB_2014J=range(100, 200), BBB_2014B=range(200, 300),
        CCC_2014J=range(300, 400),
    )  # fmt: skip
    parts = divided(table, oulad)

    assert courses(parts.test) == {"BBB_2014J", "CCC_2014J"}
    assert courses(parts.train) == courses(parts.validation) == {"AAA_2013J", "BBB_2014B"}
    assert (parts.division.by, parts.division.term) == ("cohort", "2014J")
    assert parts.division.text() == "the last cohort, 2014J"


@pytest.mark.parametrize(
    ("terms", "last"),
    [
        (("9", "10"), "10"),
        (("term 9", "term 10", "term 2"), "term 10"),
        (("2013J", "2014B"), "2014B"),
        (("2013J", "2013B"), "2013J"),
        (("2024/9", "2024/11", "2023/12"), "2024/11"),
        (("a", "b"), "b"),
        (("1a", "a1"), "a1"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_terms_are_ordered_as_people_do(
    terms: tuple[str, ...], last: str, turned: bool, oulad: DatasetConfig
) -> None:
    tables = [cohort(f"A_{term}", range(100 * i, 100 * i + 100)) for i, term in enumerate(terms)]
    table = pd.concat(tables[::-1] if turned else tables, ignore_index=True)

    assert courses(divided(table, oulad).test) == {f"A_{last}"}


def test_cohort_without_a_pattern_is_the_term_itself(oulad: DatasetConfig) -> None:
    plain = oulad.columns["course"].model_copy(update={"term": None})
    dataset = oulad.model_copy(update={"columns": {**oulad.columns, "course": plain}})
    table = table_of(year9=range(100), year10=range(100, 200))

    assert divided(table, dataset).division.term == "year10"


def test_number_as_a_cohort_is_a_term_too(oulad: DatasetConfig) -> None:
    column = oulad.columns["course"].model_copy(update={"term": None, "kind": "integer"})
    dataset = oulad.model_copy(update={"columns": {**oulad.columns, "course": column}})
    table = table_of(a=range(100), b=range(100, 200))
    table["course"] = table["course"].map({"a": 9, "b": 10})

    assert divided(table, dataset).division.term == "10"


def test_name_without_a_term_is_refused_and_counted_but_not_shown(oulad: DatasetConfig) -> None:
    table = table_of(A_1=range(100), secret=range(100, 103))
    with pytest.raises(InvalidDataError) as refusal:
        divided(table, oulad)

    assert "Column course: 3 cells do not match the pattern `_(.+)`" in refusal.value.message
    assert "secret" not in refusal.value.message


def test_earlier_rows_of_the_hold_out_are_left_out_counted_and_flagged(
    oulad: DatasetConfig,
) -> None:
    table = table_of(A_1=range(200), A_2=range(150, 300), A_3=range(290, 400))
    parts = divided(table, oulad)
    returning = parts.test[parts.test[RETURNING]]["student_id"].tolist()

    assert courses(parts.test) == {"A_3"}
    assert len(parts.test) == 110
    assert parts.division.left_out == 10
    assert returning == [f"S{n:05d}" for n in range(290, 300)]
    assert len(parts.train) + len(parts.validation) == len(table) - 110 - 10
    assert RETURNING not in parts.train


@given(later=st.sets(st.integers(0, 399), min_size=5, max_size=60), key=st.text(max_size=5))
def test_nobody_is_in_two_parts_and_rows_are_counted(
    later: set[int], key: str, oulad: DatasetConfig
) -> None:
    names = [f"S{number:05d}" for number in sorted(later)]
    last = pd.DataFrame({"student_id": names, "course": "B_3", AT_RISK: [0] * len(names)})
    table = pd.concat([table_of(A_1=range(300), A_2=range(200, 400)), last], ignore_index=True)
    parts = divided(table, oulad, key=key)
    inside = [set(getattr(parts, part)["student_id"]) for part in PARTS]

    assert sum(map(len, inside)) == len(set.union(*inside))
    assert inside[2] == set(names)
    rows = sum(len(getattr(parts, part)) for part in PARTS)
    assert rows + parts.division.left_out == len(table)


@settings(max_examples=40)
@given(data=st.data())
def test_order_of_the_rows_and_newcomers_move_nobody_else(
    data: st.DataObject, oulad: DatasetConfig
) -> None:
    table = table_of(A_1=range(200), A_2=range(200, 300))
    order = data.draw(st.permutations(range(len(table))))
    newcomers = cohort("A_1", range(900, 900 + data.draw(st.integers(0, 20))))
    first = divided(table, oulad)
    second = divided(pd.concat([newcomers, table.iloc[order]], ignore_index=True), oulad)
    for part in PARTS:
        before = set(getattr(first, part)["student_id"])
        assert set(getattr(second, part)["student_id"]) - set(newcomers["student_id"]) == before


@pytest.mark.parametrize("by", ["auto", "student"])
def test_one_cohort_only_divides_students(by: str, oulad: DatasetConfig) -> None:
    parts = divided(table_of(A_1=range(200)), oulad, by=by)

    assert parts.division.by == "student"
    assert parts.division.term is None
    assert RETURNING not in parts.test


def test_auto_divides_cohorts_where_there_are_two(oulad: DatasetConfig) -> None:
    table = table_of(A_1=range(100), A_2=range(100, 200))

    assert divided(table, oulad, by="auto").division == divided(table, oulad).division
    assert divided(table, oulad, by="student").division.by == "student"


def test_several_courses_of_one_term_are_no_two_cohorts(oulad: DatasetConfig) -> None:
    table = table_of(A_1=range(100), B_1=range(100, 200))

    assert divided(table, oulad, by="auto").division.by == "student"


def test_split_by_cohort_without_cohorts_is_a_wrong_setting(
    oulad: DatasetConfig, dataset: DatasetConfig
) -> None:
    table = table_of(A_1=range(200))
    for contract in (oulad, dataset):
        with pytest.raises(UsageError, match="no two cohorts") as refusal:
            divided(table, contract)
        assert refusal.value.exit_code == 2
        assert refusal.value.next_command == (
            f"python run.py train --dataset {contract.name} --set split.by=student"
        )


def test_last_cohort_of_everybody_leaves_nothing_to_learn_from(oulad: DatasetConfig) -> None:
    with pytest.raises(InvalidDataError, match="Students to learn from: 0 at risk and 0 passing"):
        divided(table_of(A_1=range(100), A_2=range(100)), oulad)


def test_hold_out_is_named_by_its_term_and_not_by_a_key_that_does_not_matter(
    oulad: DatasetConfig,
) -> None:
    table = table_of(A_1=range(200), A_2=range(200, 400))
    first = divided(table, oulad)
    for change in ({"key": "other"}, {"test_share": 0.5}, {"validation_share": 0.4}):
        again = divided(table, oulad, **change)
        assert again.test.equals(first.test)
        assert again.division.holdout() == first.division.holdout()
    by_student = divided(table, oulad, by="student")

    assert by_student.division.holdout() != first.division.holdout()


@pytest.fixture
def terms() -> pd.DataFrame:
    """Three terms; students 280 to 299 return in the second, 290 to 309 in the third."""
    return table_of(A_1=range(300), A_2=range(280, 400), A_3=[*range(290, 310), *range(400, 600)])


def learnt(parts: Parts) -> set[str]:
    """The students whom a model has learnt from or was set up on."""
    return set(pd.concat([parts.train, parts.validation])["student_id"])


@pytest.mark.parametrize("ours", ["student", "cohort"])
@pytest.mark.parametrize("theirs", ["student", "cohort"])
def test_common_rows_hold_nobody_whom_the_other_model_learnt_from(
    ours: str, theirs: str, terms: pd.DataFrame, oulad: DatasetConfig
) -> None:
    mine = divided(terms, oulad, by=ours)
    other = divided(terms, oulad, by=theirs, key="another")
    common = mine.test[unseen(mine.test, oulad, mine.division, other.division)]

    assert not set(common["student_id"]) & learnt(other)
    if theirs == "student":
        assert 0 < len(common) < len(mine.test)
    elif ours == "cohort":  # but for those who were there in an earlier term
        assert len(common) == 200


def test_model_of_an_earlier_term_has_not_seen_newcomers_of_a_later_one(
    terms: pd.DataFrame, oulad: DatasetConfig
) -> None:
    early = divided(terms[terms["course"] != "A_3"], oulad).division
    late = divided(terms, oulad)

    assert (early.term, late.division.term) == ("2", "3")
    assert unseen(late.test, oulad, late.division, early).tolist() == [False] * 20 + [True] * 200


def test_model_of_a_later_term_may_have_seen_every_row_of_an_earlier_one(
    terms: pd.DataFrame, oulad: DatasetConfig
) -> None:
    early = divided(terms[terms["course"] != "A_3"], oulad)
    late = divided(terms, oulad).division

    assert not unseen(early.test, oulad, early.division, late).any()


def test_own_hold_out_of_students_is_wholly_unseen(
    terms: pd.DataFrame, oulad: DatasetConfig
) -> None:
    parts = divided(terms, oulad, by="student")

    assert unseen(parts.test, oulad, parts.division, parts.division).all()
    larger = parts.division.model_copy(update={"test_share": 0.1})
    assert 0 < unseen(parts.test, oulad, parts.division, larger).mean() < 1


def test_table_without_cohorts_shows_nothing_new_to_a_model_of_cohorts(
    dataset: DatasetConfig, oulad: DatasetConfig, terms: pd.DataFrame
) -> None:
    cohorts: Division = divided(terms, oulad).division
    test = divided(terms, oulad, by="student").test.drop(columns="course")

    assert not unseen(test, dataset, division(), cohorts).any()


def test_model_of_cohorts_that_this_table_no_longer_has_may_know_who_returns(
    terms: pd.DataFrame, oulad: DatasetConfig
) -> None:
    old = divided(terms[terms["course"] != "A_3"], oulad).division
    newer = divided(terms[terms["course"] != "A_1"], oulad)

    assert (old.first_term, newer.division.first_term) == ("1", "2")
    assert not unseen(newer.test, oulad, newer.division, old).any()


def test_seasons_say_no_order_and_categories_do(oulad: DatasetConfig) -> None:
    seasons = ["Spring 2023", "Fall 2023", "Spring 2024"]
    table = table_of(**{name: range(i * 100, i * 100 + 100) for i, name in enumerate(seasons)})
    plain = {"role": "cohort", "kind": "text"}
    listed = {"role": "cohort", "kind": "category", "categories": tuple(seasons)}
    unclear, clear = (
        oulad.model_copy(update={"columns": oulad.columns | {"course": Column(**column)}})
        for column in (plain, listed)
    )

    with pytest.raises(UsageError, match="do not say which comes first"):
        divided(table, unclear)
    assert divided(table, clear).division.term == "Spring 2024"
    assert divided(table, clear).division.first_term == "Spring 2023"
