"""The stability index: exact, quiet without drift, loud with it."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig
from student_performance.drift import FeatureDrift, FeatureReference, compare, reference
from student_performance.simulate import simulate
from student_performance.world import World
from tests.unit.builders import CONFIGS

HABITS = list(load_configs(CONFIGS, "student_performance")[1].features)
CATEGORIES = ("a", "b", "c")


def contract(**features: dict[str, Any]) -> DatasetConfig:
    """A contract with these features only."""
    columns = {
        name: {"role": "feature", "known": "before"} | kind for name, kind in features.items()
    }
    columns["score"] = {"role": "outcome", "kind": "number"}
    target = {"column": "score", "pass_mark": 60}
    return DatasetConfig.model_validate(
        {"name": "table", "description": "", "file": "", "columns": columns, "target": target}
    )


MIXED = contract(
    number={"kind": "number", "nullable": True},
    category={"kind": "category", "categories": CATEGORIES, "nullable": True},
)
NUMBER = contract(number={"kind": "number"})


def one(old: Any, new: Any, dataset: DatasetConfig = NUMBER, bins: int = 10) -> FeatureDrift:
    """The drift of the only feature of a contract."""
    (name,) = dataset.features
    references = reference(pd.DataFrame({name: old}), dataset, bins)
    return compare(references, pd.DataFrame({name: new}))[0]


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(1, 60))
    numbers = st.one_of(st.none(), st.integers(-3, 3), st.floats(-1e6, 1e6))
    return pd.DataFrame(
        {
            "number": pd.Series(
                draw(st.lists(numbers, min_size=rows, max_size=rows)), dtype="float64"
            ),
            "category": pd.Series(
                draw(st.lists(st.sampled_from([*CATEGORIES, None]), min_size=rows, max_size=rows)),
                dtype="str",
            ),
        }
    )


@settings(max_examples=50)
@given(tables(), tables(), st.integers(2, 12))
def test_index_is_finite_and_never_negative(
    old: pd.DataFrame, new: pd.DataFrame, bins: int
) -> None:
    for found in compare(reference(old, MIXED, bins), new):
        assert 0 <= found.psi < math.inf
        assert found.expected >= 0
        assert found.n == len(new)


@settings(max_examples=50)
@given(tables(), st.integers(2, 12))
def test_index_of_the_same_table_is_zero(table: pd.DataFrame, bins: int) -> None:
    for found in compare(reference(table, MIXED, bins), table.sample(frac=1, random_state=1)):
        assert found.psi == pytest.approx(0, abs=1e-12)
        assert found.level in ("ok", "no_data")


@settings(max_examples=50)
@given(tables(), st.integers(2, 12))
def test_shares_and_missing_cells_are_everything(table: pd.DataFrame, bins: int) -> None:
    number, category = reference(table, MIXED, bins)

    assert sum(number.shares) + number.missing == pytest.approx(1)
    assert sum(category.shares) + category.missing == pytest.approx(1)
    assert number.missing == pytest.approx(table["number"].isna().mean())
    assert len(number.shares) == len(number.edges) + 1
    assert list(number.edges) == sorted(set(number.edges))
    assert (category.edges, category.categories) == ((), CATEGORIES)


def test_bins_of_a_number_hold_equal_shares() -> None:
    (found,) = reference(pd.DataFrame({"number": np.arange(1000.0)}), NUMBER)

    assert len(found.edges) == 9
    assert found.shares == pytest.approx([0.1] * 10)
    assert FeatureReference.model_validate_json(found.model_dump_json()) == found


def test_tied_values_share_a_bin() -> None:
    (found,) = reference(pd.DataFrame({"number": [0.0] * 60 + [5.0] * 40}), NUMBER)

    assert found.edges == (0.0, 5.0)
    assert found.shares == pytest.approx([0.6, 0.4, 0.0])


def test_index_equals_the_formula() -> None:
    dataset = contract(category={"kind": "category", "categories": CATEGORIES})
    old = ["a"] * 50 + ["b"] * 30 + ["c"] * 20
    new = ["a"] * 30 + ["b"] * 90 + ["c"] * 80
    found = one(old, new, dataset)
    psi = sum((q - p) * math.log(q / p) for p, q in [(0.5, 0.15), (0.3, 0.45), (0.2, 0.4)])

    assert found.psi == pytest.approx(psi)
    assert found.expected == pytest.approx(2 * (1 / 100 + 1 / 200))


def test_empty_bin_counts_as_half_a_student() -> None:
    dataset = contract(category={"kind": "category", "categories": CATEGORIES})
    found = one(["a"] * 50 + ["b"] * 50, ["a"] * 40, dataset)
    psi = 0.5 * math.log(1 / 0.5) + (0.5 - 0.0125) * math.log(0.5 / 0.0125)

    assert found.psi == pytest.approx(psi)
    assert found.expected == pytest.approx(1 / 100 + 1 / 40)  # `c` is empty on both sides


def test_missing_cells_are_a_bin_of_their_own() -> None:
    values = np.arange(200.0)
    gone = np.where(np.arange(200) % 2 == 0, np.nan, values)

    assert one(values, values).level == "ok"
    assert one(values, gone).level == "drift"
    assert one(gone, gone).level == "ok"
    assert one(gone, values).level == "drift"
    assert one(values, np.full(200, np.nan)).level == "drift"


def test_unknown_category_is_noticed() -> None:
    dataset = contract(category={"kind": "category", "categories": CATEGORIES})

    assert one(["a", "b"] * 50, ["a", "b", "z", "z"] * 25, dataset).level == "drift"


@pytest.mark.parametrize("value", [3.0, 7.0])
def test_constant_that_changes_is_noticed_in_either_direction(value: float) -> None:
    assert one([5.0] * 100, [value] * 100).level == "drift"
    assert one([5.0] * 100, [5.0] * 100).level == "ok"


@pytest.mark.parametrize(("rows", "level"), [(29, "no_data"), (30, "drift")])
def test_under_thirty_rows_say_nothing(rows: int, level: str) -> None:
    many = np.arange(1_000.0)

    assert one(many, np.full(rows, 1e6)).level == level
    assert one(np.full(rows, 1e6), many).level == level
    assert one(many, np.full(rows, 1e6)).n == rows


def test_empty_batch_and_empty_reference_have_no_data() -> None:
    none: list[float] = []

    assert one(np.arange(100.0), none).model_dump() == {
        "feature": "number", "psi": 0, "expected": 0, "p": 1, "missing": 0, "unknown": 0,
        "level": "no_data", "n": 0,
    }  # fmt: skip
    assert one(none, np.arange(100.0)).level == "no_data"


@pytest.mark.parametrize("rows", [100, 10_000])
def test_limits_hold_for_what_is_left_after_chance(rows: int) -> None:
    """Nine degrees of freedom: by chance the index is 9 * (1 / n_ref + 1 / n) on average."""
    old, by_chance = np.arange(10_000.0), 9 * (1 / 10_000 + 1 / rows)
    left: dict[str, list[float]] = {"ok": [], "warn": [], "drift": []}
    for share in np.arange(0, 0.9, 0.005):
        moved = round(rows * share)
        batch = np.concatenate([np.linspace(0, 9_999, rows - moved), np.zeros(moved)])
        found = one(old, batch)
        assert found.level == "ok" or found.p < 0.05
        left[found.level].append(found.psi - by_chance)

    assert max(left["warn"]) <= 0.25 < min(left["drift"])
    assert max(left["ok"]) <= 0.1 < min(left["warn"]) or rows == 100  # few are told by chance, too


def test_a_large_index_that_chance_explains_is_no_drift() -> None:
    rng = np.random.default_rng(3)
    old = rng.normal(size=5_000)
    found = [one(old, rng.normal(size=30)) for _ in range(300)]

    assert max(result.psi - result.expected for result in found) > 0.25
    alarms = sum(result.level != "ok" for result in found)
    assert alarms <= stats.binom.ppf(0.999, 300, 0.05)


def test_a_small_index_that_chance_does_not_explain_is_no_drift() -> None:
    rng = np.random.default_rng(4)
    found = one(rng.normal(size=50_000), rng.normal(0.1, size=50_000))

    assert found.p < 1e-6
    assert found.level == "ok"


@pytest.mark.parametrize("rows", [30, 50, 100, 300])
def test_batches_without_drift_are_quiet(rows: int, dataset: DatasetConfig) -> None:
    references = reference(simulate(5_000, seed=1)[HABITS], dataset)
    students = simulate(rows * 200, seed=2)[HABITS]
    batches = [compare(references, students[i : i + rows]) for i in range(0, len(students), rows)]
    alarms = [any(found.level != "ok" for found in batch) for batch in batches]
    fixed = [any(found.psi > 0.1 for found in batch) for batch in batches]

    assert np.mean(alarms) < 0.05
    if rows <= 100:  # the usual limit cries wolf here
        assert np.mean(fixed) > 0.5


def test_many_features_do_not_make_false_alarms() -> None:
    names = [f"number_{i}" for i in range(30)]
    dataset = contract(**{name: {"kind": "number"} for name in names})
    rng = np.random.default_rng(1)
    references = reference(pd.DataFrame(rng.normal(size=(5_000, 30)), columns=names), dataset)
    batches = (pd.DataFrame(rng.normal(size=(100, 30)), columns=names) for _ in range(100))
    alarms = [any(found.level != "ok" for found in compare(references, batch)) for batch in batches]

    assert np.mean(alarms) < 0.05


def test_index_without_drift_is_what_is_expected_on_average(dataset: DatasetConfig) -> None:
    references = reference(simulate(20_000, seed=1)[HABITS], dataset)
    found = [compare(references, simulate(1_000, seed)[HABITS])[0] for seed in range(2, 62)]

    assert np.mean([one.psi for one in found]) == pytest.approx(found[0].expected, rel=0.2)


def test_other_habits_are_noticed_in_their_feature_and_another_exam_is_not(
    dataset: DatasetConfig,
) -> None:
    references = reference(simulate(5_000, seed=1)[HABITS], dataset)
    lazy = compare(references, simulate(300, 2, World(hours_median=5))[HABITS])
    harder = compare(references, simulate(300, 2, World(base=4.5))[HABITS])

    assert [found.feature for found in lazy] == HABITS
    assert [found.level for found in lazy] == ["drift", "ok", "ok"]
    assert {found.level for found in harder} == {"ok"}
