"""Contributions that add up exactly, effects in units, and importances."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression as Regression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from student_performance import explain
from student_performance.config import LogisticRegressionConfig, RandomForestConfig
from student_performance.contract import DatasetConfig
from student_performance.explain import contributions, effects, importances
from student_performance.models import build, build_baseline, risk
from student_performance.simulate import PASS_MARK, expected_score, simulate

LINEAR = LogisticRegressionConfig(kind="logistic_regression")


@pytest.fixture(scope="module")
def mixed() -> DatasetConfig:
    """A contract whose categories stand before and between its numbers."""
    feature = {"role": "feature", "known": "before"}
    columns = {
        "course": {**feature, "kind": "category", "categories": ["art", "maths"]},
        "hours_studied": {**feature, "kind": "number", "nullable": True},
        "term": {**feature, "kind": "category", "categories": ["1", "2", "3"], "nullable": True},
        "attendance_percent": {**feature, "kind": "number", "nullable": True},
        "score": {"role": "outcome", "kind": "number"},
    }
    target = {"column": "score", "pass_mark": 60}
    return DatasetConfig.model_validate(
        {"name": "mixed", "description": "", "file": "", "columns": columns, "target": target}
    )


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Students with two categories; maths is harder by 15 points, terms make no difference."""
    frame, rng = simulate(3_000, seed=4), np.random.default_rng(4)
    course = pd.Series(rng.choice(["art", "maths"], 3_000), dtype="str")
    term = pd.Series(rng.choice(np.array(["1", "2", "3", None]), 3_000), dtype="str")
    score = frame["test_score"] - 15 * (course == "maths")
    hours = frame["hours_studied"].mask(rng.random(3_000) < 0.1)
    return frame.assign(course=course, term=term, hours_studied=hours, score=score)


@pytest.fixture(scope="module")
def linear(mixed: DatasetConfig, table: pd.DataFrame) -> Pipeline:
    return build(LINEAR, mixed).fit(table[list(mixed.features)], labels(table))


def labels(table: pd.DataFrame) -> Any:
    return (table["score"] < PASS_MARK).to_numpy(np.int8)


def log_odds(model: Any, features: pd.DataFrame) -> Any:
    p = risk(model, features)
    return np.log(p) - np.log1p(-p)


def explained(model: Any, features: pd.DataFrame) -> pd.DataFrame:
    found = contributions(model, features)
    assert found is not None
    return found


def test_contributions_add_up_to_the_log_odds_exactly(
    linear: Pipeline, mixed: DatasetConfig, table: pd.DataFrame
) -> None:
    features = table[list(mixed.features)].iloc[::-3]
    found = explained(linear, features)

    assert list(found.columns) == [*mixed.features, "base"]
    assert found.index.equals(features.index)
    assert np.abs(found.sum(axis=1) - log_odds(linear, features)).max() < 1e-9


def test_each_contribution_depends_on_its_own_feature_only(
    linear: Pipeline, mixed: DatasetConfig, table: pd.DataFrame
) -> None:
    features = table[list(mixed.features)].head(200)
    before = explained(linear, features)
    other = {"course": "art", "hours_studied": 1.5, "term": "3", "attendance_percent": 12.0}
    for name, value in other.items():
        changed = features.assign(**{name: value})
        difference = explained(linear, changed) - before
        assert difference.drop(columns=name).abs().to_numpy().max() == 0
        assert difference[name].to_numpy() == pytest.approx(
            log_odds(linear, changed) - log_odds(linear, features), abs=1e-9
        )


def test_columns_may_stand_in_another_order_and_have_company(
    linear: Pipeline, mixed: DatasetConfig, table: pd.DataFrame
) -> None:
    features = table[list(mixed.features)].head(50)
    mirrored = features[features.columns[::-1]].assign(note="x")
    found = explained(linear, mirrored)
    alike = clone(linear).fit(mirrored, labels(table)[:50])

    assert list(found.columns) == [*reversed(list(mixed.features)), "base"]
    pd.testing.assert_frame_equal(found[[*mixed.features, "base"]], explained(linear, features))
    assert explained(alike, mirrored).sum(axis=1).to_numpy() == pytest.approx(
        log_odds(alike, mirrored), abs=1e-9
    )


def test_mean_student_gets_nothing_from_numbers(dataset: DatasetConfig) -> None:
    frame = simulate(2_000, seed=1)
    features = frame[list(dataset.features)].astype(float)
    model = build(LINEAR, dataset).fit(features, frame["test_score"] < PASS_MARK)
    mean = features.mean().to_frame().T
    found = explained(model, mean)

    assert found.drop(columns="base").to_numpy() == pytest.approx(np.zeros((1, 3)), abs=1e-9)
    assert found["base"].to_numpy() == pytest.approx(log_odds(model, mean))


def test_effects_are_those_of_the_predictions(
    linear: Pipeline, mixed: DatasetConfig, table: pd.DataFrame
) -> None:
    features = table[list(mixed.features)].dropna().head(1)
    found = {effect.feature: effect for effect in effects(linear, mixed)}

    assert list(found) == [
        "course=maths", "hours_studied", "term=1", "term=2", "term=3",
        "attendance_percent",
    ]  # fmt: skip
    for name in ("hours_studied", "attendance_percent"):
        more = features.assign(**{name: features[name] + found[name].unit})
        rise = log_odds(linear, more) - log_odds(linear, features)
        assert rise == pytest.approx(found[name].log_odds)
    filled = table["hours_studied"].fillna(table["hours_studied"].median())
    assert found["hours_studied"].unit == pytest.approx(filled.std(ddof=0))
    art, maths = (features.assign(course=course) for course in ("art", "maths"))
    assert found["course=maths"].log_odds == pytest.approx(  # relative to `art`, left out
        (log_odds(linear, maths) - log_odds(linear, art))[0]
    )


def test_effects_have_the_direction_of_the_world(linear: Pipeline, mixed: DatasetConfig) -> None:
    found = {effect.feature: effect for effect in effects(linear, mixed)}

    assert found["hours_studied"].log_odds < -0.5
    assert found["attendance_percent"].log_odds < -0.5
    assert found["course=maths"].log_odds > 1
    assert found["course=maths"].unit == 1
    assert abs(found["term=1"].log_odds) < 0.3


def test_unknown_category_and_empty_cell_add_nothing(
    linear: Pipeline, mixed: DatasetConfig, table: pd.DataFrame
) -> None:
    features = table[list(mixed.features)].head(2).assign(term=pd.Series(["9", None], dtype="str"))

    assert explained(linear, features)["term"].tolist() == [0, 0]


def test_other_models_have_no_exact_contributions(
    mixed: DatasetConfig, table: pd.DataFrame
) -> None:
    features, y = table[list(mixed.features)].head(300), labels(table)[:300]
    forest = build(RandomForestConfig(kind="random_forest", n_estimators=3), mixed)
    calibrated = CalibratedClassifierCV(build(LINEAR, mixed), cv=2)
    unnamed = make_pipeline(FunctionTransformer(lambda x: x[["attendance_percent"]]), Regression())
    for model in (forest, calibrated, unnamed, build_baseline()):
        model.fit(features, y)
        assert contributions(model, features) is None
        assert effects(model, mixed) == ()


@pytest.fixture(scope="module")
def habits() -> pd.DataFrame:
    frame = simulate(2_000, seed=6)
    return frame.assign(score=frame["test_score"], noise=np.random.default_rng(1).random(2_000))


class Oracle(ClassifierMixin, BaseEstimator):  # type: ignore[misc, unused-ignore]
    """The exact chances of the simulated world; it never looks at the column `noise`."""

    classes_ = np.array([0, 1])

    def fit(self, features: pd.DataFrame, y: Any) -> "Oracle":
        return self

    def predict_proba(self, features: pd.DataFrame) -> Any:
        score = expected_score(features.assign(gender="Female"))
        at_risk = 1 / (1 + np.exp((score - 59.95) / 5))
        return np.column_stack([1 - at_risk, at_risk])


NAMES = ["noise", "hours_studied", "attendance_percent", "assignments_completed"]


def test_importances_equal_those_of_scikit_learn(habits: pd.DataFrame) -> None:
    y = labels(habits)
    found = importances(Oracle(), habits[NAMES], y, seed=3, repeats=4)
    theirs = permutation_importance(
        Oracle(), habits[NAMES], y, scoring="neg_log_loss", n_repeats=4, random_state=3
    )

    for one in found:
        place = NAMES.index(one.feature)
        assert one.mean == pytest.approx(theirs.importances_mean[place], abs=1e-12)
        assert one.sd == pytest.approx(theirs.importances_std[place], abs=1e-12)
        assert one.repeats == 4


def test_importance_is_a_rise_of_the_loss_and_nothing_for_an_unused_feature(
    habits: pd.DataFrame,
) -> None:
    found = importances(Oracle(), habits[NAMES], labels(habits), seed=3)

    assert [one.repeats for one in found] == [10] * 4
    assert (found[-1].feature, found[-1].mean, found[-1].sd) == ("noise", 0, 0)
    assert all(one.mean > 0.02 for one in found[:-1])
    assert [one.mean for one in found] == sorted((one.mean for one in found), reverse=True)


def test_importances_depend_on_the_seed_and_take_rows_of_one_class(habits: pd.DataFrame) -> None:
    y = labels(habits)
    first = importances(Oracle(), habits[NAMES], y, seed=3, repeats=2)
    passing = habits[NAMES][y == 0].head(50)

    assert importances(Oracle(), habits[NAMES], y, seed=3, repeats=2) == first
    assert importances(Oracle(), habits[NAMES], y, seed=4, repeats=2) != first
    assert len(importances(Oracle(), passing, np.zeros(50, np.int8), seed=3, repeats=2)) == 4


def test_importances_of_a_large_table_are_those_of_a_sample(
    habits: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    y = labels(habits)
    whole = importances(Oracle(), habits[NAMES], y, seed=3, repeats=2)
    monkeypatch.setattr(explain, "_ROWS", len(habits))
    assert importances(Oracle(), habits[NAMES], y, seed=3, repeats=2) == whole

    asked: list[int] = []
    answer = Oracle.predict_proba
    monkeypatch.setattr(explain, "_ROWS", len(habits) // 2)
    monkeypatch.setattr(
        Oracle, "predict_proba", lambda self, rows: asked.append(len(rows)) or answer(self, rows)
    )
    half = importances(Oracle(), habits[NAMES], y, seed=3, repeats=2)
    assert set(asked) == {len(habits) // 2}
    assert half == importances(Oracle(), habits[NAMES], y, seed=3, repeats=2)
    assert {one.rows for one in half} == {len(habits) // 2}
    by_name = {one.feature: one.mean for one in half}
    for one in whole:
        assert by_name[one.feature] == pytest.approx(one.mean, rel=0.4, abs=1e-12)
