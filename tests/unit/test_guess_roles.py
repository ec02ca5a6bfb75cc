"""Which column is guessed to name the student, to say when, and to be predicted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from student_performance.contract import Kind
from student_performance.errors import InvalidDataError
from student_performance.onboarding.guess import Guess, guess
from student_performance.onboarding.words import id_rank
from tests.unit.test_guess import loaded, roles, write

ROWS = range(80)


def guessed(folder: Path, header: str, row: Callable[[int], str]) -> Guess:
    return guess(write(folder, [header, *map(row, ROWS)]))


def test_student_with_a_row_in_each_of_many_terms_is_an_identifier(tmp_path: Path) -> None:
    made = guessed(
        tmp_path,
        "student_no,term,hours,passed",
        lambda i: f"{1000 + i // 4},{2020 + i % 4},{i % 9},{i % 2}",
    )

    assert roles(made) == {
        "student_no": "id", "term": "cohort", "hours": "feature", "passed": "outcome",
    }  # fmt: skip


def test_few_rows_that_are_there_twice_do_not_hide_the_identifier(tmp_path: Path) -> None:
    made = guessed(tmp_path, "student_no,hours,passed", lambda i: f"{max(i, 3)},{i},{i % 2}")

    assert roles(made)["student_no"] == "id", "`dataset check` names the rows"


@pytest.mark.parametrize("name", ["id", "student", "student_no", "matriculation", "No."])
@pytest.mark.parametrize("cell", [lambda i: str(i // 4), lambda i: str(i or "")])
def test_identifier_that_cannot_be_one_is_no_feature_and_that_is_told(
    name: str, cell: Callable[[int], str], tmp_path: Path
) -> None:
    made = guessed(tmp_path, f"{name},hours,passed", lambda i: f"{cell(i)},{i},{i % 2}")

    assert roles(made)[name] == "context"
    assert made.columns[name].column.kind is Kind.TEXT
    assert "named like an identifier" in made.columns[name].guess
    assert f"empty or repeated within a cohort: `{name}`" in made.doubts[0]
    assert list(loaded(made, tmp_path).features) == ["hours"]


def test_column_named_id_wins_and_a_count_is_no_identifier(tmp_path: Path) -> None:
    made = guessed(
        tmp_path,
        "number_of_clicks,student_name,student_id,id,student_score,passed",
        lambda i: f"{i},N{i},S{i},{i},{i},{i % 2}",
    )

    assert roles(made) == {
        "number_of_clicks": "feature", "student_name": "context", "student_id": "context",
        "id": "id", "student_score": "outcome", "passed": "outcome",
    }  # fmt: skip


def test_outcome_of_the_student_is_not_their_name(tmp_path: Path) -> None:
    made = guessed(tmp_path, "student_score,hours", lambda i: f"{i},{i % 9}")

    assert made.target.column == "student_score"
    assert roles(made) == {"student_score": "outcome", "hours": "feature"}


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("ID", 4), ("id_student", 3), ("StudentNo", 3), ("studentid", 3), ("student code", 3),
        ("house_number", 2), ("student_age", 1), ("no of clicks", 0), ("hours", 0), ("ключ", 0),
    ],
)  # fmt: skip
def test_names_say_how_surely_they_are_identifiers(name: str, rank: int) -> None:
    assert id_rank(name) == rank


@pytest.mark.parametrize("result", ["course_result", "term_result"])
def test_results_averages_and_modules_are_no_cohorts(result: str, tmp_path: Path) -> None:
    made = guessed(
        tmp_path,
        f"id,semester_gpa,term_level,module,{result},whatever",
        lambda i: f"S{i},{i % 4},{i % 3}.5,{'ABCDEFGH'[i % 8]},{i % 5},{i}",
    )

    assert made.target.column == result
    assert roles(made) == {
        "id": "id", "semester_gpa": "feature", "term_level": "feature", "module": "feature",
        result: "outcome", "whatever": "feature",
    }  # fmt: skip


@pytest.mark.parametrize(("terms", "role"), [(1, "feature"), (2, "cohort"), (12, "cohort")])
def test_cohorts_are_two_to_twelve(terms: int, role: str, tmp_path: Path) -> None:
    row = "S{i},{term},{i},{last}".format
    header = "id,year,hours,passed"
    made = guessed(tmp_path, header, lambda i: row(i=i, term=2000 + i % terms, last=i % 2))
    more = guessed(tmp_path, header, lambda i: row(i=i, term=2000 + i % 13, last=i % 2))

    assert roles(made)["year"] == role
    assert roles(more)["year"] == "feature"


def test_course_that_is_named_after_the_year_is_ordered_by_it(tmp_path: Path) -> None:
    courses = ["BBB_2013B", "AAA_2014J", "CCC_2013J"]
    made = guessed(tmp_path, "id,course,x,passed", lambda i: f"S{i},{courses[i % 3]},{i},{i % 2}")
    column = loaded(made, tmp_path).columns["course"]

    assert roles(made)["course"] == "cohort"
    assert column.term == "((?:19|20)[0-9]{2}[A-Z]?)"
    assert "2013" not in made.columns["course"].guess


@pytest.mark.parametrize("last", ["score", "x"])
def test_decimal_commas_between_commas_are_named_as_the_cause(last: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError) as refusal:
        guessed(tmp_path, f"id,{last}", lambda i: f'S{i},"{i},5"')

    assert f"numbers with decimal commas (`{last}`)" in refusal.value.message
    assert "with another separator, such as `;`, or with decimal points" in refusal.value.message


def test_no_other_column_takes_the_place_of_an_outcome_with_decimal_commas(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match=r"No column can be an outcome.*`score`"):
        guessed(tmp_path, "id,hours,score", lambda i: f'S{i},{i},"{i % 3},5"')


def test_decimal_commas_of_other_columns_are_told(tmp_path: Path) -> None:
    made = guessed(tmp_path, "id,size,hours,passed", lambda i: f'S{i},"{i},5",{i},{i % 2}')

    assert made.doubts[0].startswith("Numbers with decimal commas (`size`)")
    with pytest.raises(InvalidDataError, match=r"left to learn from.*commas \(`size`\)"):
        guessed(tmp_path, "id,size,passed", lambda i: f'S{i},"{i},5",{i % 2}')


def test_cells_of_blanks_are_empty_ones(tmp_path: Path) -> None:
    made = guessed(
        tmp_path,
        "id,hours,place,passed",
        lambda i: f"S{i},{'  ' if i < 3 else i / 2},{' ' if i < 3 else 'ab'[i % 2]},{i % 2}",
    )
    hours, place = (made.columns[name].column for name in ("hours", "place"))

    assert (hours.kind, hours.nullable) == (Kind.NUMBER, True)
    assert (place.categories, place.nullable) == (("a", "b"), True)
