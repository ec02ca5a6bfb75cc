"""The simulated world: its exact truth, its bytes, and that nothing leaks."""

import hashlib
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from student_performance import simulate as module
from student_performance.contract import DatasetConfig
from student_performance.schema import checked
from student_performance.simulate import (
    PASS_MARK,
    ceilings,
    expected_score,
    posterior,
    simulate,
    to_csv,
)
from student_performance.world import World

# Each world with its ceilings of accuracy and ROC AUC, and the share of students who pass.
WORLDS = [
    (World(noise=6), 0.850, 0.917, None),
    (World(noise=12), 0.738, 0.788, None),
    (World(hours_median=6, attendance_location=1.2), 0.765, 0.849, 0.497),
    (World(hours_effect=12, attendance_effect=0.42), 0.803, 0.853, None),
    (World(base=4.5), 0.748, 0.830, 0.470),
    (World(gender_effect=5), 0.815, 0.861, None),
]


def test_ceilings_of_a_million_students_are_those_of_the_documentation() -> None:
    found = ceilings(posterior(simulate(1_000_000, seed=1)))

    assert found.prevalence == pytest.approx(0.6514, abs=0.002)
    assert found.accuracy == pytest.approx(0.787, abs=0.002)
    assert found.roc_auc == pytest.approx(0.847, abs=0.002)
    assert found.brier == pytest.approx(0.147, abs=0.002)
    assert found.log_loss == pytest.approx(0.4514, abs=0.002)


@pytest.mark.parametrize(("world", "accuracy", "roc_auc", "passing"), WORLDS)
def test_each_parameter_moves_the_ceilings_as_documented(
    world: World, accuracy: float, roc_auc: float, passing: float | None
) -> None:
    found = ceilings(posterior(simulate(200_000, seed=1, world=world), world))

    assert found.accuracy == pytest.approx(accuracy, abs=0.003)
    assert found.roc_auc == pytest.approx(roc_auc, abs=0.003)
    if passing is not None:
        assert found.prevalence == pytest.approx(passing, abs=0.003)


def test_default_table_has_the_pinned_bytes() -> None:
    digest = hashlib.md5(to_csv(simulate()), usedforsecurity=False).hexdigest()

    assert digest == "049a2121aad12ed5e1112d51a860c611"


def test_every_rounded_value_is_far_from_a_tie(monkeypatch: pytest.MonkeyPatch) -> None:
    rounded: list[Any] = []
    original = np.round

    def spy(values: Any, decimals: int = 0) -> Any:
        if decimals == 1:  # SciPy rounds its arguments too, to whole numbers
            rounded.append(np.asarray(values, dtype=np.float64))
        return original(values, decimals)

    monkeypatch.setattr(np, "round", spy)
    simulate()
    monkeypatch.undo()
    tenths = np.concatenate(rounded) * 10
    distances = np.abs(tenths - np.floor(tenths) - 0.5) / 10

    assert tenths.size == 3 * 10_000
    assert distances.min() > 1e-9


def test_every_number_of_assignments_is_far_from_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    distances: list[float] = []
    original = np.searchsorted

    def spy(steps: Any, values: Any) -> Any:
        distances.append(float(np.abs(steps[:, None] - values).min()))
        return original(steps, values)

    monkeypatch.setattr(np, "searchsorted", spy)
    simulate()
    monkeypatch.undo()

    assert distances
    assert min(distances) > 1e-9


def test_identifiers_are_a_permutation_that_tells_nothing() -> None:
    frame = simulate()
    number = frame["student_id"].str[1:].astype(int)
    # Four standard errors of a correlation among 10,000 independent rows.
    limit = 4 / np.sqrt(len(frame))

    assert sorted(number) == list(range(1, 10_001))
    assert frame["student_id"].str.fullmatch(r"S\d{5}").all()
    for column in ("test_score", "hours_studied", "attendance_percent", "assignments_completed"):
        assert abs(stats.spearmanr(number, frame[column]).statistic) < limit, column
        assert abs(stats.spearmanr(np.arange(10_000), frame[column]).statistic) < limit, column


@pytest.mark.parametrize("world", [World(), World(base=4.5), World(gender_effect=8, noise=4)])
@pytest.mark.parametrize("seed", [20, 21])
def test_mean_posterior_is_the_pass_rate(world: World, seed: int) -> None:
    frame = simulate(20_000, seed, world)
    eta, passed = posterior(frame, world), (frame["test_score"] >= PASS_MARK).to_numpy()
    parts = {"all": np.full(len(frame), True), "male": (frame["gender"] == "Male").to_numpy()}
    parts |= {f"bin {b}": (eta * 5).astype(int) == b for b in range(5)}
    for name, part in parts.items():
        chances = eta[part]
        error = np.sqrt((chances * (1 - chances)).sum()) / part.sum()
        assert abs(chances.mean() - passed[part].mean()) < 4 * error, name


@given(st.lists(st.integers(1, 19).map(lambda k: k / 20), min_size=2, max_size=8))
def test_ranking_ceiling_equals_the_sum_over_all_pairs(chances: list[float]) -> None:
    pairs = [(a, b) for i, a in enumerate(chances) for j, b in enumerate(chances) if i != j]
    # a passes and b fails; the pair is in the right order if a has the higher chance
    right = sum(a * (1 - b) * ((a > b) + 0.5 * (a == b)) for a, b in pairs)
    all_pairs = sum(a * (1 - b) for a, b in pairs)

    assert ceilings(np.array(chances)).roc_auc == pytest.approx(right / all_pairs)


def test_other_ceilings_equal_hand_computed_means() -> None:
    found = ceilings(np.array([0.5, 0.9]))

    assert found.prevalence == pytest.approx(0.7)
    assert found.accuracy == pytest.approx((0.5 + 0.9) / 2)
    assert found.brier == pytest.approx((0.25 + 0.09) / 2)
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert found.log_loss == pytest.approx((np.log(2) + entropy) / 2)


def test_certain_students_cost_the_best_model_nothing() -> None:
    found = ceilings(np.array([0.0, 1.0]))

    assert (found.accuracy, found.roc_auc, found.brier, found.log_loss) == (1.0, 1.0, 0.0, 0.0)


def test_seeds_and_worlds_decide_about_the_table() -> None:
    assert simulate(100, seed=1).equals(simulate(100, seed=1))
    assert not simulate(100, seed=1).equals(simulate(100, seed=2))
    assert not simulate(100, seed=1).equals(simulate(100, seed=1, world=World(base=5)))


def test_expected_score_is_the_documented_formula() -> None:
    frame = simulate(50, seed=1)
    hours, attendance = frame["hours_studied"], frame["attendance_percent"]
    male = frame["gender"] == "Male"
    by_hand = 10.5 + 24 * (1 - np.exp(-hours / 7)) + 0.3 * attendance
    by_hand += 1.8 * frame["assignments_completed"]

    assert expected_score(frame) == pytest.approx(by_hand.to_numpy())
    assert expected_score(frame, World(gender_effect=5)) == pytest.approx(by_hand + 5 * male)


def test_noise_of_the_score_has_the_size_of_the_world() -> None:
    world = World(noise=6)
    frame = simulate(50_000, seed=3, world=world)
    inside = frame["test_score"].between(0.1, 99.9)
    noise = (frame["test_score"] - expected_score(frame, world))[inside]

    assert noise.mean() == pytest.approx(0, abs=0.2)
    assert noise.std() == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize("world", [World(), World(base=90), World(base=-60)])
def test_table_keeps_the_contract_of_its_data_set(world: World, dataset: DatasetConfig) -> None:
    cells = pd.read_csv(BytesIO(to_csv(simulate(3_000, seed=4, world=world))), dtype="str")

    assert list(cells.columns) == list(dataset.columns)
    assert checked(cells, dataset)[1] == []
    assert checked(cells.replace("Male", "male"), dataset)[1] != []


def test_uniform_numbers_are_inside_the_unit_interval_and_even() -> None:
    numbers = module._uniforms(2, 50_000, seed=1)

    assert numbers.shape == (2, 50_000)
    assert numbers.min() > 0
    assert numbers.max() < 1
    assert stats.kstest(numbers.ravel(), "uniform").pvalue > 1e-3


def test_csv_has_one_decimal_line_feeds_and_a_header() -> None:
    lines = to_csv(simulate(3, seed=1)).split(b"\n")

    assert b"\r" not in b"".join(lines)
    assert len(lines) == 5
    assert lines[0].startswith(b"student_id,gender,")
    assert lines[-1] == b""
    assert all(line.count(b".") == 3 for line in lines[1:4])
