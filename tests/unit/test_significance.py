"""Tests of two samples from their counts."""

import numpy as np
import pytest
from scipy import stats

from student_performance.significance import chi_square, holm, kolmogorov_smirnov

RNG = np.random.default_rng(5)


def below(values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    return np.searchsorted(np.sort(values), steps, side="right") / len(values)


def test_distance_at_every_value_is_scipys_test() -> None:
    old, new = RNG.normal(size=400), RNG.normal(0.2, size=300)
    steps = np.sort(np.concatenate([old, new]))

    found = kolmogorov_smirnov(below(old, steps), 400, below(new, steps), 300)

    assert found == pytest.approx(stats.ks_2samp(old, new, method="asymp").pvalue, rel=1e-9)


def test_fewer_steps_never_make_a_difference_more_certain() -> None:
    old, new = RNG.normal(size=400), RNG.normal(0.2, size=300)
    steps = np.sort(np.concatenate([old, new]))
    every = kolmogorov_smirnov(below(old, steps), 400, below(new, steps), 300)
    some = kolmogorov_smirnov(below(old, steps[::9]), 400, below(new, steps[::9]), 300)

    assert some >= every


def test_chi_square_is_scipys_where_every_cell_is_full() -> None:
    old, new = np.array([50.0, 60, 70]), np.array([80.0, 40, 60])

    found = chi_square(old, new)

    assert found == pytest.approx(stats.chi2_contingency([old, new]).pvalue)


def test_rare_columns_are_put_together_and_two_rare_ones_compared_exactly() -> None:
    old, new = np.array([900.0, 3, 1, 0]), np.array([90.0, 0, 1, 3])

    assert chi_square(old, new) == pytest.approx(stats.fisher_exact([[900, 4], [90, 4]]).pvalue)


@pytest.mark.parametrize(
    ("old", "new"), [([5.0, 0], [7.0, 0]), ([0.0, 0], [7.0, 3]), ([5.0, 5], [0.0, 0])]
)
def test_nothing_to_compare_proves_nothing(old: list[float], new: list[float]) -> None:
    assert chi_square(np.array(old), np.array(new)) == 1.0


def test_holm_corrects_the_smallest_most_and_keeps_the_order() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []
