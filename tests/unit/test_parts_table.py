"""A table in parts: the same refusals, the same division and nearly the same model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from student_performance import splitting
from student_performance.config import LearningConfig
from student_performance.config_files import load_configs
from student_performance.contract import Column, DatasetConfig, Kind, Role
from student_performance.dataset import features_of, load_table
from student_performance.digests import md5_of
from student_performance.errors import InvalidDataError, UsageError
from student_performance.models import risk
from student_performance.parts.dividing import divide
from student_performance.parts.learning import learn
from student_performance.parts.table import Survey, check_fits, survey
from student_performance.simulate import simulate
from student_performance.training import compare, fit_chosen
from tests.unit.alone import Alone
from tests.unit.builders import CONFIGS

KEY = "student-performance"
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """2,000 students in four row groups, after a change of the table."""

    def written(change: Callable[[pd.DataFrame], Any] = lambda table: None) -> str:
        table = simulate(2_000, seed=1)
        changed = change(table)
        path = tmp_path / "students.parquet"
        found = table if changed is None else changed
        found.to_parquet(path, row_group_size=500, index=False)
        return str(path)

    return written


def looked_at(path: str, dataset: DatasetConfig) -> tuple[Survey, pd.DataFrame]:
    return survey(Alone(), path, md5_of(path), dataset, KEY)  # type: ignore[arg-type]


def put(table: pd.DataFrame, row: int, column: str, value: object) -> None:
    table.loc[row, column] = value


def test_table_is_looked_through(write: Write, dataset: DatasetConfig) -> None:
    path = write()
    found, sample = looked_at(path, dataset)

    table = load_table(path, dataset)
    assert (found.rows, found.parts, found.at_risk) == (2_000, 4, int(table["at_risk"].sum()))
    assert len(sample) == found.guarded == 2_000
    assert "test_score" in sample  # the guard looks at outcomes


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: put(t, 1_200, "hours_studied", 900.0), "row 1202, column hours_studied"),
        (lambda t: put(t, 3, "gender", "Mal"), "row 5, column gender: found `Mal`"),
        (lambda t: put(t, 1_700, "student_id", t.loc[20, "student_id"]), "row 22, column student"),
        (lambda t: t.assign(test_score=99.0), "Every student is passing by the rule"),
        (lambda t: t.assign(test_score=1.0), "Every student is at risk by the rule"),
        (lambda t: t.drop(columns="gender"), "`gender` is missing"),
        (lambda t: t.head(0), "no rows"),
    ],
)
def test_what_breaks_the_contract_is_named(
    change: Callable[[pd.DataFrame], Any], says: str, write: Write, dataset: DatasetConfig
) -> None:
    with pytest.raises(InvalidDataError) as refused:
        looked_at(write(change), dataset)
    assert says in refused.value.message
    identifier = simulate(2_000, seed=1).loc[20, "student_id"]
    assert identifier not in str(refused.value)


def test_both_rows_of_a_student_who_is_there_twice_are_named(
    write: Write, dataset: DatasetConfig
) -> None:
    with pytest.raises(InvalidDataError) as refused:
        looked_at(write(lambda t: put(t, 1_700, "student_id", t.loc[20, "student_id"])), dataset)
    assert "row 22," in refused.value.message
    assert "row 1702," in refused.value.message


def test_division_and_model_are_those_of_the_table_in_memory(
    write: Write, dataset: DatasetConfig
) -> None:
    path = write()
    overrides = ("candidates={logistic_regression: {kind: logistic_regression}}",)
    config = load_configs(CONFIGS, "student_performance", overrides)[0].learning
    found, _ = looked_at(path, dataset)
    parts = divide(Alone(), found, dataset, config.split, 5)  # type: ignore[arg-type]
    held = splitting.split(load_table(path, dataset), dataset, config.split, 5)

    assert parts.division == held.division
    pd.testing.assert_frame_equal(parts.validation, held.validation)
    pd.testing.assert_frame_equal(parts.test, held.test)

    learnt = learning(found, parts, dataset, config)
    comparison = compare(held.train, dataset, config)
    features = features_of(held.test, dataset)
    risks = risk(fit_chosen(comparison, held.train, dataset), features)
    assert np.abs(risk(learnt.model, features) - risks).max() < 2e-3
    assert learnt.comparison.rows == comparison.rows
    assert learnt.comparison.prevalence == pytest.approx(comparison.prevalence)
    assert len(learnt.sample) == len(held.train)


def learning(found: Survey, parts: Any, dataset: DatasetConfig, config: LearningConfig) -> Any:
    return learn(
        Alone(), found, parts.validation, parts.division, dataset, config  # type: ignore[arg-type]
    )  # fmt: skip


def test_table_that_is_changed_meanwhile_is_noticed(write: Write, dataset: DatasetConfig) -> None:
    config = load_configs(CONFIGS, "student_performance")[0].learning
    found, _ = looked_at(write(), dataset)
    parts = divide(Alone(), found, dataset, config.split, 5)  # type: ignore[arg-type]
    write(lambda t: put(t, 5, "hours_studied", 1.0))
    with pytest.raises(InvalidDataError, match="was changed while the model was learning"):
        learning(found, parts, dataset, config)


def test_no_candidate_that_learns_in_parts(write: Write, dataset: DatasetConfig) -> None:
    overrides = ("candidates={boosting: {kind: gradient_boosting}}",)
    config = load_configs(CONFIGS, "student_performance", overrides)[0].learning
    found, _ = looked_at(write(), dataset)
    parts = divide(Alone(), found, dataset, config.split, 5)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="logistic regression can"):
        learning(found, parts, dataset, config)


def test_part_that_is_too_small(write: Write, dataset: DatasetConfig) -> None:
    config = load_configs(CONFIGS, "student_performance")[0]
    found, _ = looked_at(write(lambda t: t.head(12)), dataset)
    with pytest.raises(InvalidDataError, match="The table has 12 rows"):
        divide(Alone(), found, dataset, config.split, 5)  # type: ignore[arg-type]


def test_what_needs_the_table_as_a_whole_is_refused(
    write: Write, dataset: DatasetConfig, tmp_path: Path
) -> None:
    check_fits(write(), dataset)
    with pytest.raises(UsageError, match="is no Parquet") as refused:
        check_fits(str(tmp_path / "students.csv"), dataset)
    assert "dataset convert" in str(refused.value.next_command)
    column = dataset.columns["hours_studied"].model_copy(update={"rank_within": "gender"})
    ranked = dataset.model_copy(update={"columns": dataset.columns | {"hours_studied": column}})
    with pytest.raises(UsageError, match="derived from whole groups"):
        check_fits(write(), ranked)
    found, _ = looked_at(write(), dataset)
    config = load_configs(CONFIGS, "student_performance", ("split.by=cohort",))[0]
    with pytest.raises(UsageError, match="no two cohorts to divide"):
        divide(Alone(), found, dataset, config.split, 5)  # type: ignore[arg-type]


def test_column_of_context_is_left_behind(write: Write, dataset: DatasetConfig) -> None:
    note = Column(role=Role.CONTEXT, kind=Kind.TEXT)
    named = dataset.model_copy(update={"columns": dataset.columns | {"note": note}})
    config = load_configs(CONFIGS, "student_performance")[0].learning
    found, _ = looked_at(write(lambda t: t.assign(note="x")), named)
    parts = divide(Alone(), found, named, config.split, 5)  # type: ignore[arg-type]
    assert "note" not in parts.test
    assert learning(found, parts, named, config).comparison.rows == parts.division.train_rows


@pytest.fixture
def terms(dataset: DatasetConfig) -> DatasetConfig:
    """The contract with a cohort in the identifier's company."""
    cohort = Column(role=Role.COHORT, kind=Kind.INTEGER)
    return DatasetConfig.model_validate(
        dataset.model_dump() | {"columns": {**dict(dataset.columns), "term": cohort}}
    )


def test_cohorts_are_divided_as_in_memory(write: Write, terms: DatasetConfig) -> None:
    """Students come back, the pieces hold several terms, and term 10 is after term 9."""

    def with_terms(table: pd.DataFrame) -> pd.DataFrame:
        rng = np.random.default_rng(0)
        student = rng.integers(0, 1_200, len(table)).astype(str)
        found = table.assign(student_id=student, term=rng.choice([8, 9, 10], len(table)))
        return found.drop_duplicates(["student_id", "term"])

    path = write(with_terms)
    overrides = ("candidates={logistic_regression: {kind: logistic_regression}}",)
    config = load_configs(CONFIGS, "student_performance", overrides)[0].learning
    found, _ = looked_at(path, terms)
    parts = divide(Alone(), found, terms, config.split, 5)  # type: ignore[arg-type]
    held = splitting.split(load_table(path, terms), terms, config.split, 5)

    assert (parts.division.term, parts.division.first_term) == ("10", "8")
    assert parts.division == held.division
    assert parts.division.left_out > 100
    pd.testing.assert_frame_equal(parts.validation, held.validation)
    pd.testing.assert_frame_equal(parts.test, held.test)
    learnt = learning(found, parts, terms, config)
    assert learnt.comparison.rows == len(held.train)
    model = fit_chosen(compare(held.train, terms, config), held.train, terms)
    features = features_of(held.test, terms)
    assert np.abs(risk(learnt.model, features) - risk(model, features)).max() < 2e-3


def test_more_students_than_needed_are_not_held_out() -> None:
    config = load_configs(CONFIGS, "student_performance")[0].split
    assert splitting.shares(config, 1_000) == (0.2, 0.2)
    assert splitting.shares(config, 1_000_000) == (0.2, 0.2)
    assert splitting.shares(config, 10_000_000) == (0.02, 0.02)
