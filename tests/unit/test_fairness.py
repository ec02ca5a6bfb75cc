"""Gaps between groups: exact rates, honest intervals, and when a model is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from student_performance import fairness
from student_performance.config import AuditConfig, GatePolicy, IntervalConfig
from student_performance.fairness import AttributeFairness, Gap, audit
from student_performance.gaps import violations
from student_performance.simulate import PASS_MARK, posterior, simulate
from student_performance.world import World

MIN_GROUP, MAX_GAP = AuditConfig().min_group, GatePolicy().max_group_gap
INTERVALS = IntervalConfig(resamples=400)


def run(
    groups: list[Any], y: Any, p: Any, min_group: int = MIN_GROUP, **options: Any
) -> AttributeFairness:
    intervals = options.pop("intervals", INTERVALS)
    series = pd.Series(groups, name="gender")
    return audit(
        series, np.asarray(y, np.int8), np.asarray(p, float), 0.5, min_group, intervals, **options
    )


def table(*cells: tuple[str, int, int, int]) -> tuple[list[str], list[int], list[float]]:
    """Rows from (group, outcome, how many are flagged, how many are not)."""
    groups, y, p = [], [], []
    for group, outcome, flagged, cleared in cells:
        groups += [group] * (flagged + cleared)
        y += [outcome] * (flagged + cleared)
        p += [0.9] * flagged + [0.1] * cleared
    return groups, y, p


def simulated(rows: int, seed: int, world: World | None = None) -> AttributeFairness:
    """The audit of the exact risk from habits alone."""
    frame = simulate(rows, seed, world)
    y = frame["test_score"] < PASS_MARK
    return run(frame["gender"].tolist(), y, 1 - posterior(frame))


def gap(found: AttributeFairness, rate: str = "true_positive_rate") -> Gap:
    return next(gap for gap in found.gaps if gap.rate == rate)


UNFAIR = table(("A", 1, 90, 110), ("A", 0, 20, 180), ("B", 1, 150, 50), ("B", 0, 22, 178))


@st.composite
def samples(draw: st.DrawFn) -> dict[str, Any]:
    rows = draw(st.integers(1, 80))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    names = draw(st.sampled_from([["A"], ["A", "B"], ["A", "B", "C", None]]))
    return {
        "groups": rng.choice(np.array(names, dtype=object), rows).tolist(),
        "y": rng.random(rows) < draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
        "p": rng.integers(0, 11, rows) / 10,
        "clusters": draw(st.sampled_from([None, rng.integers(0, 20, rows)])),
        "min_group": draw(st.sampled_from([10, 20])),
    }


@settings(max_examples=40)
@given(samples())
def test_bounds_enclose_the_absolute_gap_and_its_two_rates(sample: dict[str, Any]) -> None:
    found = run(**sample, intervals=IntervalConfig(resamples=100))
    rates = {group.group: group for group in found.groups}

    hidden = [group for group in found.groups if group.n is None]
    shown = sum(group.n or 0 for group in found.groups)
    assert len(hidden) != 1 or len(found.groups) == 1, "one hidden group could be computed"
    assert shown == len(sample["y"]) if not hidden else shown < len(sample["y"])
    for one in found.gaps:
        high, low = (getattr(rates[name], one.rate) for name in one.groups)
        assert one.value == pytest.approx(high - low)
        assert 0 <= one.low <= one.value <= one.high <= 1
        assert one.low < one.high


def test_rates_by_group_equal_those_of_scikit_learn() -> None:
    frame = simulate(600, seed=2)
    y = (frame["test_score"] < PASS_MARK).to_numpy(int)
    p = 1 - posterior(frame)
    found = run(frame["gender"].tolist(), y, p)

    assert [group.group for group in found.groups] == ["Female", "Male"]
    for group in found.groups:
        rows = (frame["gender"] == group.group).to_numpy()
        flagged = p[rows] >= 0.5
        assert (group.n, group.at_risk) == (rows.sum(), y[rows].sum())
        assert group.selection_rate == pytest.approx(flagged.mean())
        assert group.true_positive_rate == pytest.approx(sk.recall_score(y[rows], flagged))
        assert group.false_positive_rate == pytest.approx(
            1 - sk.recall_score(y[rows], flagged, pos_label=0)
        )
        assert group.mean_risk == pytest.approx(p[rows].mean())
        assert group.observed_risk == pytest.approx(y[rows].mean())


def test_student_is_flagged_from_exactly_the_threshold_on() -> None:
    found = run(["A"] * 20, [1] * 20, [0.5] * 5 + [0.4999] * 15)

    assert found.groups[0].selection_rate == found.groups[0].true_positive_rate == 0.25


def test_gap_equals_the_formula_with_a_correction_for_two_gaps() -> None:
    one = gap(run(*UNFAIR, intervals=IntervalConfig(resamples=20_000)))
    z = 2.241402727604947  # normal quantile of 1 - 0.05 / 4
    error = (0.45 * 0.55 / 200 + 0.75 * 0.25 / 200) ** 0.5

    assert one.groups == ("B", "A")
    assert (one.value, one.n, one.sufficient) == (pytest.approx(0.3), 400, True)
    assert (one.low, one.high) == pytest.approx((0.3 - z * error, 0.3 + z * error), abs=0.003)


def test_blatantly_unfair_predictor_is_refused_with_a_full_sentence() -> None:
    found = run(*UNFAIR)
    (sentence,) = violations([found], MAX_GAP)

    words = ["gender", "students at risk", "75.0% of B", "45.0% of A", "true positive rate"]
    words += ["0.300 [", "n = 400", "above 0.05"]
    assert all(word in sentence for word in words), sentence
    assert violations([found, found], MAX_GAP) == (sentence, sentence)


def test_limit_of_the_policy_decides_on_the_lower_bound_not_on_the_value() -> None:
    found = run(*UNFAIR)
    low = gap(found).low

    assert low < 0.25 < gap(found).value
    assert violations([found], 0.25) == ()
    assert violations([found], low) == ()
    assert len(violations([found], low - 1e-9)) == 1


@pytest.mark.parametrize(
    ("at_risk_of_a", "refused"), [(99, False), (100, True)], ids=["too few", "enough"]
)
def test_too_few_students_show_a_gap_but_never_refuse(at_risk_of_a: int, refused: bool) -> None:
    cells = (("A", 1, 0, at_risk_of_a), ("A", 0, 0, 500), ("B", 1, 500, 0), ("B", 0, 0, 500))
    found = run(*table(*cells))

    assert gap(found).value == 1
    assert gap(found).low > 0.9
    assert gap(found).sufficient is refused
    assert bool(violations([found], MAX_GAP)) is refused
    assert gap(found, "false_positive_rate").sufficient  # enough of them pass


def test_fair_world_is_not_refused_and_unfair_ones_are() -> None:
    fair = [simulated(1_000, seed) for seed in range(20)]
    # With exact risks of a world where gender counts for nothing, nothing else may differ.
    assert sum(bool(violations([one], MAX_GAP)) for one in fair) <= 1
    assert np.mean([max(g.value for g in one.gaps) for one in fair]) < 0.08

    unfair = [simulated(5_000, seed, World(gender_effect=6)) for seed in range(10)]
    assert sum(bool(violations([one], MAX_GAP)) for one in unfair) >= 7


def test_interval_of_equal_groups_holds_zero_for_all_gaps_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rates = dict.fromkeys(("selection_rate", "true_positive_rate", "false_positive_rate"), 0.0)
    # fairlearn's point values take most of the time and play no part
    monkeypatch.setattr(fairness, "_group_rates", lambda rows: [rates] * (len(rows) // 4))
    rng, wrong, sets = np.random.default_rng(1), 0, 200
    for seed in range(sets):
        groups = rng.choice(["A", "B", "C", "D"], 800).tolist()
        found = run(groups, rng.random(800) < 0.5, rng.random(800), 50,
                    intervals=IntervalConfig(resamples=200, seed=seed))  # fmt: skip
        wrong += any(one.low > 0 for one in found.gaps)

    # Twelve pairs are looked at; without the correction, a third of the sets would be wrong.
    assert wrong / sets <= 0.05 + 2 * (0.05 * 0.95 / sets) ** 0.5


@pytest.mark.parametrize(("students", "shown"), [(9, False), (10, True)])
def test_group_under_ten_students_is_suppressed(students: int, shown: bool) -> None:
    small = ("C", 1, students - 2, 1), ("C", 0, 0, 1)
    found = run(*table(("A", 1, 5, 5), ("A", 0, 5, 5), ("B", 1, 5, 5), ("B", 0, 5, 5), *small))
    group = found.groups[2]

    assert group.group == "C"
    hidden = group.model_dump(exclude={"group"}).values()
    assert all((value is not None) is shown for value in hidden)
    assert any("C" in one.groups for one in found.gaps) is shown


def test_suppression_and_sufficiency_count_students_not_rows() -> None:
    groups, y, p = table(("A", 1, 60, 60), ("A", 0, 0, 20), ("B", 1, 60, 60), ("B", 0, 0, 20))
    nine = np.concatenate([np.arange(140) % 9, 100 + np.arange(140)])
    many = np.arange(280)

    assert run(groups, y, p, clusters=nine).groups[0].selection_rate is None
    assert run(groups, y, p, clusters=nine).gaps == ()
    assert gap(run(groups, y, p, clusters=many)).sufficient
    fifty = np.concatenate([np.arange(140) % 50, 100 + np.arange(140)])
    assert not gap(run(groups, y, p, clusters=fifty)).sufficient


def test_rows_of_one_student_are_resampled_together() -> None:
    groups, y, p = UNFAIR
    alone = gap(run(groups, y, p))
    same = gap(run(groups, y, p, clusters=np.array([f"S{i}" for i in range(len(y))])))
    pairs = gap(run(groups * 4, y * 4, p * 4, clusters=np.tile(np.arange(len(y)), 4)))
    rows = gap(run(groups * 4, y * 4, p * 4))

    assert same.low == pytest.approx(alone.low, abs=0.02)
    # Four copies of a student prove as much as one; four students prove twice as much.
    assert pairs.high - pairs.low == pytest.approx(alone.high - alone.low, rel=0.15)
    assert rows.high - rows.low == pytest.approx((alone.high - alone.low) / 2, rel=0.15)


def test_proved_gap_is_not_hidden_behind_a_larger_uncertain_one() -> None:
    passing = [(name, 0, 100, 900) for name in "ABC"]
    at_risk = [("A", 1, 500, 500), ("B", 1, 620, 380), ("C", 1, 65, 35)]
    found = run(*table(*at_risk, *passing), 100)

    assert gap(found).groups == ("B", "A")
    assert len(violations([found], MAX_GAP)) == 1


def test_large_groups_are_compared_before_small_ones() -> None:
    cells = (("A", 1, 60, 60), ("B", 1, 65, 60), ("C", 1, 30, 0))

    assert gap(run(*table(*cells))).groups == ("B", "A")
    assert gap(run(*table(*cells), 30)).groups[0] == "C"


def test_rate_without_a_denominator_is_unknown_and_gives_no_gap() -> None:
    found = run(*table(("A", 1, 10, 10), ("B", 1, 10, 10)))

    assert [group.false_positive_rate for group in found.groups] == [None, None]
    assert [one.rate for one in found.gaps] == ["true_positive_rate"]


def test_empty_cells_are_a_group_of_their_own() -> None:
    found = run(["A"] * 20 + [None] * 15 + [np.nan] * 15, [0, 1] * 25, [0.2, 0.8] * 25)

    assert [(group.group, group.n) for group in found.groups] == [("(empty)", 30), ("A", 20)]
    assert found.attribute == "gender"


def test_attribute_may_be_a_number_and_one_group_has_no_gap() -> None:
    found = run([7] * 30, [0, 1] * 15, [0.2, 0.8] * 15)

    assert [group.group for group in found.groups] == ["7"]
    assert found.gaps == ()
    assert violations([found], MAX_GAP) == ()


def test_few_rows_of_one_kind_are_not_taken_for_certain() -> None:
    found = run(*table(("A", 1, 3, 0), ("A", 0, 0, 20), ("B", 1, 0, 3), ("B", 0, 0, 20)))

    assert gap(found).value == 1
    assert gap(found).low < 0.6


def test_same_seed_gives_the_same_audit_and_another_seed_other_bounds() -> None:
    other = run(*UNFAIR, intervals=INTERVALS.model_copy(update={"seed": 1}))

    assert run(*UNFAIR) == run(*UNFAIR)
    assert other.gaps != run(*UNFAIR).gaps
    assert other.groups == run(*UNFAIR).groups
