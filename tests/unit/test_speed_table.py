"""The table of the speed benchmark, and what the guard calls a loss."""

import json
import os
from collections import defaultdict
from pathlib import Path
from threading import Barrier

import click
import pytest

from benchmarks.peers.tools import BARE, OURS
from benchmarks.speed import (
    CASES,
    CORES,
    Cost,
    Costs,
    at_a_time,
    check_equal,
    guard,
    ratio,
    table_of,
)


def costs(ours: float) -> Costs:
    """Three rounds, of which one met a busy machine."""
    found: Costs = defaultdict(list)
    for busy in (1.0, 5.0, 1.0):
        for case in CASES:
            found[BARE.name, case].append(Cost(2.0 * busy, 3.0 * busy, 100))
            found[OURS.name, case].append(Cost(2.0 * busy * ours, 3.0 * busy, 200))
    return found


def test_ratio_is_taken_in_each_round() -> None:
    assert ratio(costs(3.0), OURS, "changed", "cpu") == pytest.approx(3.0)
    rows = list(table_of(costs(3.0), (BARE, OURS), "1,000 rows."))

    assert "| this project | 3.00 | 1.00 | 3.00 | 1.00 | 3.00 | 1.00 | 200 MB |" in rows
    assert rows[-1] == "CPU of the bare script: 2.00 s, 2.00 s, 2.00 s."


@pytest.mark.parametrize(("known", "well"), [(3.0, True), (2.5, True), (2.3, False)])
def test_guard_complains_about_a_loss_of_a_quarter(
    known: float, well: bool, tmp_path: Path
) -> None:
    file = tmp_path / "speed.json"
    file.write_text(json.dumps(dict.fromkeys(CASES, known)))
    if well:
        guard(costs(3.0), file)
    else:
        with pytest.raises(click.ClickException, match=r"3\.00 of the bare script's CPU, 2\.30"):
            guard(costs(3.0), file)


def test_noise_of_a_run_that_does_nothing_is_no_loss(tmp_path: Path) -> None:
    file = tmp_path / "speed.json"
    file.write_text(json.dumps(dict.fromkeys(CASES, 0.04)))
    guard(costs(0.09), file)

    with pytest.raises(click.ClickException):
        guard(costs(0.11), file)


def test_other_work_is_not_compared() -> None:
    check_equal({BARE.name: {"accuracy": 0.7}, OURS.name: {"accuracy": 0.7}})
    for other in ({"accuracy": 0.71}, {"accuracy": 0.7, "more": 1.0}):
        with pytest.raises(click.ClickException, match="this project found"):
            check_equal({BARE.name: {"accuracy": 0.7}, OURS.name: other})


@pytest.mark.skipif(len(CORES) < 2, reason="there is one core, so nothing runs beside another")
def test_rounds_beside_each_other_stay_on_cores_of_their_own() -> None:
    both = Barrier(2)

    def bound(_: int) -> set[int]:
        both.wait(30)
        return os.sched_getaffinity(0)

    with at_a_time(2) as pool:
        one, other = pool.map(bound, range(2))

    assert len(one) == len(other) == 1
    assert one != other
    assert os.sched_getaffinity(0) == CORES
