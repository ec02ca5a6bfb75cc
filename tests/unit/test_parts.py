"""Sums over parts give what scikit-learn finds on the whole table."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from student_performance.config import LogisticRegressionConfig
from student_performance.contract import DatasetConfig, Role
from student_performance.dataset import AT_RISK, features_of
from student_performance.metrics import log_losses
from student_performance.models import build, fit, risk
from student_performance.parts import sums
from student_performance.parts.encoding import Encoder
from student_performance.parts.learning import folds_of
from student_performance.parts.newton import solve
from student_performance.parts.passes import Passes, areas, naive
from student_performance.parts.sums import Floats, Part, Plan, Slopes
from student_performance.splitting import chances
from student_performance.training import fold_scores
from tests.unit.alone import Alone

PLAN = Plan(folds=3, repeats=2)
LOGISTIC = LogisticRegressionConfig(kind="logistic_regression", C=0.3)


@pytest.fixture(scope="module")
def contract(dataset: DatasetConfig) -> DatasetConfig:
    """Empty cells and a category among the features."""
    columns = dict(dataset.columns)
    columns["hours_studied"] = columns["hours_studied"].model_copy(update={"nullable": True})
    columns["gender"] = columns["gender"].model_copy(
        update={"role": Role.FEATURE, "known": "before"}
    )
    return DatasetConfig.model_validate(
        dataset.model_dump() | {"columns": {n: c.model_dump() for n, c in columns.items()}}
    )


@pytest.fixture(scope="module")
def rows(students: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    hours = students["hours_studied"].mask(rng.random(len(students)) < 0.2)
    return students.assign(hours_studied=hours)


@pytest.fixture(scope="module")
def encoder(rows: pd.DataFrame, contract: DatasetConfig) -> Encoder:
    return Encoder(rows.head(300), contract)


@pytest.fixture(scope="module")
def whole(rows: pd.DataFrame, encoder: Encoder) -> Part:
    folds = np.random.default_rng(1).integers(0, 3, size=(2, len(rows))).astype(np.uint8)
    return Part(encoder.design(rows), rows[AT_RISK].to_numpy(copy=True), folds)


@pytest.fixture(scope="module")
def passes(whole: Part, encoder: Encoder) -> Passes:
    parts = [
        Part(whole.design[s : s + 700], whole.y[s : s + 700], whole.folds[:, s : s + 700])
        for s in range(0, len(whole.y), 700)
    ]
    return Passes(Alone(), parts, PLAN, encoder)


def test_model_is_that_of_the_whole_table(
    rows: pd.DataFrame, contract: DatasetConfig, encoder: Encoder, passes: Passes
) -> None:
    scales, _ = passes.scales()
    solution = passes.solved(scales, LOGISTIC.C)
    found = encoder.model(LOGISTIC, scales[-1], solution.weights[-1], solution.passes)

    model = build(LOGISTIC, contract).set_params(estimator__tol=1e-12)
    expected = fit(model, features_of(rows, contract), rows[AT_RISK].to_numpy(copy=True))
    features = features_of(rows, contract)
    assert np.abs(risk(found, features) - risk(expected, features)).max() < 1e-6
    assert solution.passes < 12


def test_each_fold_learns_from_the_rows_outside_of_it(
    rows: pd.DataFrame, contract: DatasetConfig, whole: Part, passes: Passes
) -> None:
    scales, moments = passes.scales()
    solution = passes.solved(scales, LOGISTIC.C)
    found = passes.scores(scales, solution)

    folds = [
        (np.flatnonzero(whole.folds[r] != k), np.flatnonzero(whole.folds[r] == k))
        for r in range(2)
        for k in range(3)
    ]
    model = build(LOGISTIC, contract).set_params(estimator__tol=1e-12)
    expected = fold_scores(model, rows, contract, folds)
    assert found["log_loss"] == pytest.approx(expected["log_loss"], abs=1e-6)
    assert found["accuracy"] == pytest.approx(expected["accuracy"], abs=2e-3)
    assert found["roc_auc"] == pytest.approx(expected["roc_auc"], abs=1e-4)
    assert (moments.rows[:-1] == [len(learn) for learn, _ in folds]).all()
    at_risk = [whole.y[check].mean() for _, check in folds]
    p = [whole.y[learn].mean() for learn, _ in folds]
    losses = [-(a * np.log(q) + (1 - a) * np.log1p(-q)) for a, q in zip(at_risk, p, strict=True)]
    assert naive(moments, PLAN)["log_loss"] == pytest.approx(losses)


def test_medians_of_columns_with_empty_cells(
    rows: pd.DataFrame, whole: Part, passes: Passes
) -> None:
    scales, _ = passes.scales()
    for model, scale in enumerate(scales):
        cells = rows["hours_studied"][PLAN.learn(whole)[:, model]]
        assert scale.fill[0] == pytest.approx(cells.median(), abs=1e-3)


def test_column_without_spread_is_not_divided_by_nothing(
    rows: pd.DataFrame, contract: DatasetConfig, whole: Part
) -> None:
    constant = rows.assign(attendance_percent=71.3)
    encoder = Encoder(constant.head(300), contract)
    part = Part(encoder.design(constant), whole.y, whole.folds)
    passes = Passes(Alone(), [part], PLAN, encoder)
    scales, _ = passes.scales()
    assert scales[-1].deviation[1] == 1
    weights = passes.solved(scales, 1.0).weights
    assert np.isfinite(weights).all()
    assert weights[-1, 1] == pytest.approx(0, abs=1e-6)


def test_derivatives_are_those_of_the_log_loss(whole: Part) -> None:
    weights = np.random.default_rng(2).normal(size=(PLAN.models, whole.design.shape[1]))
    at = sums.slopes(whole, PLAN, weights)
    for column in range(weights.shape[1]):
        step = np.zeros_like(weights)
        step[:, column] = 1e-5
        up, down = (sums.slopes(whole, PLAN, weights + way) for way in (step, -step))
        assert at.gradient[:, column] == pytest.approx((up.loss - down.loss) / 2e-5, rel=1e-5)
        change = (up.gradient - down.gradient) / 2e-5
        assert at.curvature[:, column] == pytest.approx(change, rel=1e-5, abs=1e-6)


def test_newton_finds_the_minimum_where_full_steps_go_too_far() -> None:
    """A few students are far from all others, and the penalty is small."""
    rng = np.random.default_rng(28)
    x = np.c_[rng.standard_cauchy((41, 2)) ** 3, np.ones(41)]
    y = (rng.random(41) < expit(3 * x[:, 0])).astype(np.int8)

    def at(weights: Floats, _: int) -> Slopes:
        p = expit(x @ weights[0])
        gradient, curvature = x.T @ (p - y), (x * (p * (1 - p))[:, None]).T @ x
        return Slopes(np.array([log_losses(y, p).sum()]), gradient[None], curvature[None])

    def objective(weights: Floats) -> float:
        return float(1e3 * at(weights[None], 0).loss[0] + (weights[:-1] ** 2).sum() / 2)

    theirs = LogisticRegression(C=1e3, solver="newton-cholesky", tol=1e-10, max_iter=10_000)
    theirs.fit(x[:, :2], y)
    expected = objective(np.append(theirs.coef_[0], theirs.intercept_))
    assert objective(solve(at, 1, 2, 1e3).weights[0]) <= expected * (1 + 1e-6)


def test_folds_follow_the_student_and_the_seed(rows: pd.DataFrame) -> None:
    chance = chances(rows["student_id"], "key")
    folds = folds_of(chance, seed=1, folds=5)
    assert (folds_of(chance[::-1], seed=1, folds=5) == folds[::-1]).all()
    assert np.bincount(folds, minlength=5) == pytest.approx([400] * 5, abs=80)
    other = folds_of(chance, seed=2, folds=5)
    assert (other == folds).mean() == pytest.approx(0.2, abs=0.05)
    # Those to learn from are drawn by the same hash: their folds must not follow it.
    assert np.corrcoef(chance, folds)[0, 1] == pytest.approx(0, abs=0.08)


def test_area_of_binned_risks_is_that_of_the_risks() -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 5_000)
    p = np.clip(rng.normal(0.4 + 0.2 * y, 0.15), 0, 1)
    bins = np.minimum((p * sums.BINS).astype(int), sums.BINS - 1)
    found = areas(
        np.bincount(bins[y == 1], minlength=sums.BINS)[None],
        np.bincount(bins[y == 0], minlength=sums.BINS)[None],
    )
    assert found[0] == pytest.approx(roc_auc_score(y, p), abs=1e-4)
