"""How far error rates of groups of students lie apart, and how far that is proved.

Everywhere `y` is 1 for a student at risk, `p` is the predicted chance of that, shape (rows,), and
a student is flagged if `p >= threshold`.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from student_performance.config import IntervalConfig
from student_performance.metrics import Labels
from student_performance.resampling import Floats
from student_performance.strict import Strict

Counts = NDArray[np.int64]
Rate = Literal["true_positive_rate", "false_positive_rate"]

EMPTY = "(empty)"
_SHOWN_FROM = 10  # students; rates of a smaller group would tell about single people
_OUTCOMES: dict[Rate, int] = {"true_positive_rate": 1, "false_positive_rate": 0}


class GroupRates(Strict):
    """What a model does with one group; a value is None if it is suppressed or not defined.

    Attributes:
        group: Value of the attribute.
        n: Rows of the group; None, like all that follows, where the group is hidden.
        at_risk: Rows at risk.
        selection_rate: Share that is flagged.
        true_positive_rate: Share of those at risk who are flagged.
        false_positive_rate: Share of those who pass who are flagged.
        mean_risk: Mean predicted risk.
        observed_risk: Share at risk; far from `mean_risk`, the model is not calibrated here.
    """

    group: str
    n: int | None
    at_risk: int | None
    selection_rate: float | None
    true_positive_rate: float | None
    false_positive_rate: float | None
    mean_risk: float | None
    observed_risk: float | None


class Gap(Strict):
    """Two groups whose rate differs.

    Attributes:
        attribute: The sensitive attribute.
        rate: What is compared.
        groups: The group with the higher rate, then the other.
        value: Absolute difference of the rates.
        low: Lower bound of `value`, 0 where the interval of the signed difference holds 0.
        high: Upper bound of `value`.
        n: Rows of both groups that the rate is about.
        sufficient: Whether both groups are large enough to be judged.
    """

    attribute: str
    rate: Rate
    groups: tuple[str, str]
    value: float
    low: float
    high: float
    n: int
    sufficient: bool


class AttributeFairness(Strict):
    """The audit of one sensitive attribute."""

    attribute: str
    groups: tuple[GroupRates, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class _Counted:
    """Students with the same rows are one pattern, so a resample is one multinomial draw.

    Attributes:
        cells: Rows of a student, shape (patterns, groups, outcome, flagged).
        times: Students with this pattern, shape (patterns,).
    """

    cells: Counts
    times: Counts

    def students(self, rows: Counts) -> Counts:
        """Students who have at least one of these rows; `rows` is (patterns, ...)."""
        return np.tensordot(self.times, (rows > 0).astype(np.int64), axes=1)


@dataclass(frozen=True)
class _Sampled:
    """One rate by group, shape (groups,), and its replicates, shape (draws, groups)."""

    rate: Rate
    values: Floats
    rows: Counts
    students: Counts
    enough: NDArray[np.bool_]
    replicates: Floats


def audit(
    groups: pd.Series,
    y: Labels,
    p: Floats,
    threshold: float,
    min_group: int,
    intervals: IntervalConfig,
    clusters: NDArray[Any] | None = None,
) -> AttributeFairness:
    """Compare the groups of one sensitive attribute.

    For either rate, the pair of groups is reported whose difference is proved to be the largest;
    where none is proved, the pair that lies furthest apart. Groups below `min_group` are
    compared only where there are no two larger ones, and then the gap is not `sufficient`.

    Args:
        groups: The attribute, shape (rows,); its name names the audit, empty cells are a group.
        y: 1 for a student at risk, else 0.
        p: Predicted risk.
        threshold: A student is flagged from this risk on.
        min_group: Students that a group needs in either outcome to be judged.
        intervals: Confidence level of all gaps of the attribute together, resamples and seed.
        clusters: Codes of the students, shape (rows,); all rows of one are resampled together.
            Without it, each row is a student.
    """
    named = groups.astype("object").where(groups.notna(), EMPTY).astype("str")
    codes, uniques = pd.factorize(named, sort=True)
    names = [str(name) for name in uniques]
    counted = _count((codes * 2 + (y == 1)) * 2 + (p >= threshold), len(names), clusters)
    shown = _shown(counted.students(counted.cells.sum(axis=(2, 3))))
    rows = np.tensordot(counted.times, counted.cells, axes=1)
    rates = _group_rates(rows.ravel())
    mean_risks = np.bincount(codes, weights=p) / np.bincount(codes)
    return AttributeFairness(
        attribute=str(groups.name),
        groups=tuple(
            _group(name, {**known, "mean_risk": mean}, counts, show)
            for name, known, mean, counts, show in zip(
                names, rates, mean_risks.tolist(), rows.sum(axis=2), shown.tolist(), strict=True
            )
        ),
        gaps=_gaps(str(groups.name), names, shown, counted, min_group, intervals),
    )


def _shown(students: Counts) -> NDArray[np.bool_]:
    """Which groups may be shown: if one is hidden alone, the next smallest hides it better.

    The sums over all students are known, so a single hidden group would be their difference.
    """
    shown: NDArray[np.bool_] = students >= _SHOWN_FROM
    if (~shown).sum() == 1 and shown.any():
        smallest = np.where(shown, students, np.iinfo(np.int64).max).argmin()
        shown[smallest] = False
    return shown


def _group_rates(rows: Counts) -> list[dict[str, float]]:
    """Point rates of each group by fairlearn; without a denominator they are 0.

    Args:
        rows: How many there are, shape (groups * outcome * flagged,). fairlearn is slow on single
            rows, and equal ones have one weight here.
    """
    from fairlearn import metrics as fair

    cell = np.arange(len(rows))
    weights = {"sample_weight": rows}
    metrics = {
        "selection_rate": fair.selection_rate,
        "true_positive_rate": fair.true_positive_rate,
        "false_positive_rate": fair.false_positive_rate,
    }
    table = fair.MetricFrame(
        metrics=metrics,
        y_true=cell // 2 % 2,
        y_pred=cell % 2,
        sensitive_features=cell // 4,
        sample_params=dict.fromkeys(metrics, weights),
    ).by_group
    return [row.astype(float).to_dict() for _, row in table.iterrows()]


def _group(name: str, rates: dict[str, float], outcomes: Counts, shown: bool) -> GroupRates:
    (passing, at_risk), n = outcomes.tolist(), int(outcomes.sum())
    values = {**rates, "observed_risk": at_risk / n, "at_risk": at_risk, "n": n}
    undefined = {"true_positive_rate": at_risk == 0, "false_positive_rate": passing == 0}
    hidden = {key for key in values if not shown or undefined.get(key, False)}
    known = {key: None if key in hidden else value for key, value in values.items()}
    return GroupRates.model_validate({"group": name, **known})


def _count(cell: Counts, groups: int, clusters: NDArray[Any] | None) -> _Counted:
    size = groups * 4
    if clusters is None:
        patterns, times = np.eye(size, dtype=np.int64), np.bincount(cell, minlength=size)
    else:
        student, known = pd.factorize(np.asarray(clusters, dtype=object), use_na_sentinel=False)
        rows = np.zeros((len(known), size), dtype=np.int64)
        np.add.at(rows, (student, cell), 1)
        patterns, times = np.unique(rows, axis=0, return_counts=True)
    return _Counted(patterns.reshape(-1, groups, 2, 2), times)


def _sample(rate: Rate, counted: _Counted, weights: Counts, min_group: int) -> _Sampled:
    """The rate in the table and in its resamples; `weights` has shape (draws, patterns)."""
    outcome = counted.cells[:, :, _OUTCOMES[rate], :]
    hits, rows = outcome[:, :, 1], outcome.sum(axis=2)
    with np.errstate(invalid="ignore"):  # a group without this outcome has no rate
        values = (counted.times @ hits) / (counted.times @ rows)
        replicates = (weights @ hits) / (weights @ rows)
    students, total = counted.students(rows), counted.times @ rows
    return _Sampled(rate, values, total, students, students >= min_group, replicates)


def _gaps(
    attribute: str,
    names: list[str],
    shown: NDArray[np.bool_],
    counted: _Counted,
    min_group: int,
    intervals: IntervalConfig,
) -> tuple[Gap, ...]:
    rng, n = np.random.default_rng(intervals.seed), int(counted.times.sum())
    weights = rng.multinomial(n, counted.times / n, size=intervals.resamples)
    sampled = [_sample(rate, counted, weights, min_group) for rate in _OUTCOMES]
    pairs = [_pairs(one, shown) for one in sampled]
    # Bonferroni over every pair that is looked at, not only over those that are reported.
    looks = max(1, sum(len(found) for found in pairs))
    z = float(stats.norm.isf((1 - intervals.level) / 2 / looks))
    found = []
    for one, candidates in zip(sampled, pairs, strict=True):
        gaps = [_gap(attribute, names, one, pair, z) for pair in candidates]
        found += sorted(gaps, key=lambda gap: (gap.low, gap.value))[-1:]
    return tuple(found)


def _pairs(sampled: _Sampled, shown: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Pairs of groups to compare: those with enough students, else all that may be shown."""
    usable = shown & (sampled.rows > 0)
    enough = usable & sampled.enough
    return list(combinations(np.flatnonzero(enough if enough.sum() > 1 else usable).tolist(), 2))


def _gap(
    attribute: str, names: list[str], sampled: _Sampled, pair: tuple[int, int], z: float
) -> Gap:
    """The absolute gap of one pair, with the normal interval from the bootstrap error.

    Bounds so far out that a Bonferroni correction needs them lie beyond the percentiles of a
    thousand resamples; their standard deviation is steady (Efron & Tibshirani 1993, chapter 13).
    """
    first, second = sorted(pair, key=lambda index: -sampled.values[index])
    value = float(sampled.values[first] - sampled.values[second])
    error = z * _standard_error(sampled, first, second)
    return Gap(
        attribute=attribute,
        rate=sampled.rate,
        groups=(names[first], names[second]),
        value=value,
        low=max(0.0, value - error),
        high=min(1.0, value + error),
        n=int(sampled.rows[first] + sampled.rows[second]),
        sufficient=bool(sampled.enough[first] and sampled.enough[second]),
    )


def _standard_error(sampled: _Sampled, first: int, second: int) -> float:
    """Bootstrap error of the difference, but never below that of the two Jeffreys posteriors.

    Resamples of 3 hits in 3 rows are all alike; the posterior Beta(h + 1/2, n - h + 1/2) knows
    that 3 rows prove little (Brown, Cai & DasGupta 2001, doi:10.1214/ss/1009213286).
    """
    pair = [first, second]
    differences = sampled.replicates[:, first] - sampled.replicates[:, second]
    n = sampled.students[pair]
    share = (n * sampled.values[pair] + 0.5) / (n + 1)
    posterior = float(np.sqrt((share * (1 - share) / (n + 2)).sum()))
    return max(float(np.nanstd(differences, ddof=1)), posterior)
