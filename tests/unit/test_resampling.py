"""The bootstrap: what is drawn, in which blocks, and for several predictions at once."""

import numpy as np
import pytest
from numpy.typing import NDArray

from student_performance import metrics, resampling
from student_performance.config import IntervalConfig
from student_performance.metrics import Costs, cost_of, log_losses, paired_gain

CONFIG = IntervalConfig(resamples=100)


def sample(rows: int) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Labels, and the chance that they were drawn by."""
    rng = np.random.default_rng(7)
    p = rng.uniform(size=rows)
    return (rng.uniform(size=rows) < p).astype(np.int8), p


@pytest.mark.parametrize("cells", [1, 2_000, 7_000])
def test_resampling_in_blocks_changes_nothing(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    y, p = sample(200)
    at_once = metrics.score(y, p, Costs(), CONFIG)
    monkeypatch.setattr(resampling, "_CELLS", cells)

    for name, found in metrics.score(y, p, Costs(), CONFIG).items():
        assert (found.low, found.high) == pytest.approx((at_once[name].low, at_once[name].high))


@pytest.mark.parametrize("cells", [1, 30, 70, 4_000_000])
def test_each_of_the_resamples_draws_as_many_rows_as_there_are(
    cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resampling, "_CELLS", cells)
    drawn = resampling.resampled(lambda w: {"rows": w.sum(axis=1), "first": w[:, 0]}, 10, CONFIG)

    assert drawn["rows"].tolist() == [10.0] * 100
    assert drawn["first"].mean() == pytest.approx(1, abs=0.4)
    assert drawn["first"].min() == 0


@pytest.mark.parametrize(("level", "ends"), [(0.9, (5, 95)), (0.98, (1, 99)), (0.6, (20, 80))])
def test_interval_cuts_the_same_share_off_both_tails(level: float, ends: tuple[int, int]) -> None:
    replicates = np.random.default_rng(1).permutation(101).astype(np.float64)

    assert resampling.percentiles(replicates, level) == pytest.approx(ends)


@pytest.mark.parametrize("students", [None, np.arange(80) // 2], ids=["rows", "students"])
def test_predictions_that_are_scored_together_share_their_resamples(
    students: NDArray[np.int64] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    y, ours = sample(80)
    theirs, costs = np.random.default_rng(5).uniform(size=80), Costs(threshold=0.2, missed=4)
    drawn: list[int] = []
    draw = metrics.resampled
    monkeypatch.setattr(metrics, "resampled", lambda *args: drawn.append(1) or draw(*args))
    found = metrics.bootstrap(y, {"ours": ours, "theirs": theirs}, costs, CONFIG, students)
    assert len(drawn) == 1

    for name, p in (("ours", ours), ("theirs", theirs)):
        assert found[name].scores(CONFIG.level) == metrics.score(y, p, costs, CONFIG, students)
    for loss, rows in (
        ("log_loss", [log_losses(y, p) for p in (ours, theirs)]),
        ("cost", [cost_of(y, p, costs) for p in (ours, theirs)]),
    ):
        gain = found["ours"].gain_over(found["theirs"], loss, CONFIG.level)
        expected = paired_gain(*rows, CONFIG, students)
        assert gain.n == expected.n == 80
        assert (gain.value, gain.low, gain.high) == pytest.approx(
            (expected.value, expected.low, expected.high), abs=1e-12
        )
        assert gain.low < gain.value < gain.high
