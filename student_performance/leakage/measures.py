"""The measurements behind the leakage guard: columns in, numbers out, no judgement and no words."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from student_performance.contract import DatasetConfig, Role
from student_performance.dataset import AT_RISK

if TYPE_CHECKING:
    from pandas.core.groupby import SeriesGroupBy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAMPLE = 20_000  # rows that the slower checks look at
SEED = 20
_FINE = 20  # a number with more distinct values than this tells students apart
_FOLDS = 5


class Table:
    """A table, and the parts of it that several checks need."""

    def __init__(self, frame: pd.DataFrame, dataset: DatasetConfig) -> None:
        numbers = [n for n, c in dataset.columns.items() if c.is_number and n in frame]
        floats = frame[numbers].apply(pd.to_numeric, errors="coerce").astype(np.float64)
        self.frame = frame.assign(**floats.replace([np.inf, -np.inf], np.nan))
        self.dataset = dataset
        self.features = dataset.features

    @cached_property
    def sample(self) -> pd.DataFrame:
        """At most `SAMPLE` rows, one a student: nobody vouches for a pattern twice."""
        students = self.frame.drop_duplicates(self.dataset.id_column)
        if len(students) > SAMPLE:
            students = students.sample(SAMPLE, random_state=SEED)
        return students.reset_index(drop=True)

    @cached_property
    def labels(self) -> Ints:
        """The label of the sample."""
        return self.sample[AT_RISK].to_numpy(np.int64, copy=True)

    @cached_property
    def rarer(self) -> int:
        """Students of the rarer class in the sample."""
        return int(min(self.labels.sum(), len(self.labels) - self.labels.sum()))

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """The features that are not constant."""
        return tuple(name for name in self.features if self.sample[name].nunique() > 1)

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The features of these that are numbers."""
        return tuple(name for name in self.varied if self.features[name].is_number)

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that are numbers and say more than yes or no."""
        numbers = [n for n, c in self.dataset.columns.items() if c.is_number and n in self.frame]
        outcomes = [n for n in numbers if n in self.dataset.with_role(Role.OUTCOME)]
        return tuple(n for n in outcomes if self.sample[n].nunique() > 2)

    @cached_property
    def compared(self) -> list[str]:
        """What two rows of one student share; context, such as an address, may differ."""
        own = self.dataset.with_role(Role.ID) + self.dataset.with_role(Role.CONTEXT)
        return [n for n in self.dataset.columns if n not in own and n in self.frame]

    @cached_property
    def fine(self) -> tuple[str, ...]:
        """The number features that tell students apart, the finest first."""
        counts = {name: self.frame[name].nunique() for name in self.numbers}
        return tuple(n for n in sorted(counts, key=lambda n: -counts[n]) if counts[n] > _FINE)

    @cached_property
    def codes(self) -> dict[str, Ints]:
        """Features, label and outcomes as codes, -1 where a cell is missing."""
        rows = self.sample
        if self.fine:  # in a coarse table equal rows are not copies but students who are alike
            rows = rows.drop_duplicates(rows.columns.drop(self.dataset.id_column))
        names = (*self.varied, AT_RISK, *self.outcomes)
        return {name: pd.factorize(rows[name])[0].astype(np.int64) for name in names}

    @cached_property
    def inner(self) -> NDArray[np.bool_]:
        """Which rows have no fine number at its limit, nor a missing one.

        Many a student never came, or got every point: such students are alike by nature.
        """
        inside = np.ones(len(self.frame), dtype=bool)
        for name in self.fine:
            cells = self._grouped(name)
            low, high = cells.transform("min"), cells.transform("max")
            inside &= ((self.frame[name] > low) & (self.frame[name] < high)).to_numpy()
        return inside

    def places(self, name: str) -> Floats:
        """Where each row stands on the ladder of a number's usual values, in steps."""
        if self.features[name].derivation:  # each group has a ladder of its own
            places = self._grouped(name).rank(method="dense")
        else:
            ladder = np.unique(self.frame[name].dropna().to_numpy(copy=True))
            places = (self.frame[name] - ladder[0]) / np.median(np.diff(ladder))
        return np.asarray(places.fillna(0), np.float64)

    def _grouped(self, name: str) -> "SeriesGroupBy[float, tuple[object, ...]]":
        """A number feature by the groups in which it was derived; all rows if it was not."""
        column = self.features[name]
        by = column.rank_within or column.share_of_largest_in or column.share_of
        groups = self.frame[by].to_numpy() if by else np.zeros(len(self.frame))
        return self.frame[name].groupby(groups)


def identifier_order(ids: pd.Series) -> Floats:
    """The number in each identifier, or its place in the sorted order if one has no digits."""
    digits = ids.astype(str).str.replace(r"[^0-9]+", "", regex=True)
    if (digits != "").all():
        return digits.to_numpy(dtype=np.float64, copy=True)
    return np.unique(ids.astype(str), return_inverse=True)[1].astype(np.float64)


def ordered_auc(values: Floats, labels: Ints) -> tuple[float, float]:
    """AUC of values against labels, at least .5, and how many standard errors it is from .5."""
    positives = int(labels.sum())
    negatives = len(labels) - positives
    area = float(roc_auc_score(labels, stats.rankdata(values)))  # ranks also place infinity
    area = max(area, 1 - area)
    error = np.sqrt((len(labels) + 1) / (12 * positives * negatives))
    return area, float((area - 0.5) / error)


def separation(values: pd.Series, labels: Ints, is_number: bool) -> float:
    """Out-of-fold AUC of the best guess from one feature alone.

    Args:
        values: The feature; cells may be missing, which may tell something too.
        labels: 0 or 1, each at least as often as there are folds.
        is_number: A number is cut by a small tree, a category has a rate for each value.
    """
    risks = np.empty(len(labels))
    cells = values.to_numpy(copy=True) if is_number else pd.factorize(values)[0]
    guess = _tree_risks if is_number else _rate_risks
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=SEED)
    for train, test in folds.split(labels, labels):
        risks[test] = guess(cells[train], labels[train], cells[test])
    return float(roc_auc_score(labels, risks))


def _tree_risks(cells: Floats, labels: Ints, asked: Floats) -> Floats:
    tree = DecisionTreeClassifier(max_depth=4, random_state=SEED).fit(cells[:, None], labels)
    return np.asarray(tree.predict_proba(asked[:, None])[:, 1], np.float64)


def _rate_risks(codes: Ints, labels: Ints, asked: Ints) -> Floats:
    """Rate of each value, drawn towards the overall rate by one row; the missing code is -1."""
    size = int(max(codes.max(), asked.max())) + 2
    hits = np.bincount(codes + 1, weights=labels, minlength=size)
    rows = np.bincount(codes + 1, minlength=size)
    return np.asarray(((hits + labels.mean()) / (rows + 1))[asked + 1], np.float64)


def association(values: pd.Series, outcome: pd.Series, is_number: bool) -> tuple[float, int]:
    """|Pearson r| of a number, or correlation ratio of a category, with a numeric outcome.

    The correlation ratio is the adjusted one, else a category with many values would look close.

    Returns:
        The strength, 0 where it cannot be computed, and the rows that speak for it.
    """
    both = values.notna() & outcome.notna()
    known, target = values[both], outcome[both]
    if known.nunique() < 2 or target.nunique() < 2:
        return 0.0, 0
    if is_number:
        return abs(float(np.corrcoef(known, target)[0, 1])), len(known)
    spare = len(known) - known.nunique()
    if spare == 0:
        return 0.0, 0
    means = target.groupby(known.to_numpy()).transform("mean")
    within = ((target - means) ** 2).to_numpy().sum() / spare
    return float(np.sqrt(max(0.0, 1 - within / target.to_numpy().var(ddof=1)))), spare


def design(
    rows: pd.DataFrame, names: Sequence[str], numbers: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, list[int]]]:
    """Columns for a linear function: numbers, whether they are missing, and categories as 0 or 1.

    Returns:
        The columns, numbered, and the numbers of each feature's columns.
    """
    parts: list[pd.Series] = []
    groups: dict[str, list[int]] = {}
    for name in names:
        cells = rows[name]
        if name in numbers:
            made = [cells.fillna(cells.mean()), cells.isna().astype(np.float64)]
        else:
            dummies = pd.get_dummies(cells, dtype=np.float64)
            made = [dummies[level] for level in dummies]
        made = [column for column in made if column.nunique() > 1]
        groups[name] = list(range(len(parts), len(parts) + len(made)))
        parts += made
    return pd.DataFrame(dict(enumerate(parts)), index=rows.index), groups


def one_to_one(one: pd.Series, two: pd.Series) -> bool:
    """Whether no value of either column goes with two values of the other."""
    pairs = pd.DataFrame({"one": one, "two": two}).dropna().drop_duplicates()
    return bool(pairs["one"].is_unique and pairs["two"].is_unique)


def correlations(columns: pd.DataFrame) -> Floats:
    """Pearson correlations, shape (columns, columns); 0 with a constant column."""
    found = columns.corr().fillna(0.0).to_numpy(copy=True)
    np.fill_diagonal(found, 1.0)
    return found


def r_squared(matrix: Floats, target: int, others: Sequence[int]) -> float:
    """Share of a column's variance that a linear function of others explains."""
    inner = np.linalg.pinv(matrix[np.ix_(others, others)], rcond=1e-10, hermitian=True)
    towards = matrix[others, target]
    return min(1.0, float(towards @ inner @ towards))


def needed(
    matrix: Floats, target: int, groups: Mapping[str, Sequence[int]], floor: float
) -> tuple[str, ...]:
    """The columns without which the explained share would fall below a floor.

    Args:
        matrix: Correlations of all columns.
        target: Place of the explained column.
        groups: Places of the explaining columns, by name; a category has several.
        floor: The least share that must stay explained.
    """
    kept = dict(groups)
    for name in groups:
        rest = {other: places for other, places in kept.items() if other != name}
        places = [place for group in rest.values() for place in group]
        if places and r_squared(matrix, target, places) >= floor:
            kept = rest
    return tuple(kept)


def agreeing_repeats(source: Ints, target: Ints) -> int:
    """How often a value of the source comes again, if always with the same target; else 0.

    Args:
        source: Codes of a column, -1 where the cell is missing.
        target: Codes of another column of the same rows.
    """
    both = (source >= 0) & (target >= 0)
    source, target = source[both], target[both]
    if not len(source):
        return 0
    goes_with = np.full(source.max() + 1, -1)
    goes_with[source] = target
    if (goes_with[source] != target).any():
        return 0
    return len(source) - int((goes_with >= 0).sum())


def chance_of_a_match(codes: Ints) -> float:
    """How likely two rows drawn at random have the same value."""
    shares = np.bincount(codes[codes >= 0]) / max(1, int((codes >= 0).sum()))
    return float((shares**2).sum())
