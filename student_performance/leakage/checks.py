"""The checks of the leakage guard: each asks one question and answers in plain sentences."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import combinations

import pandas as pd

from student_performance.contract import ROW_NUMBER
from student_performance.leakage import measures as measure
from student_performance.leakage.measures import Table
from student_performance.leakage.twins import twin_shares

_SINGLE = "single feature"
_TWICE = "same column twice"

_MIN_ROWS = 30  # fewer pairs of numbers correlate by luck
_MIN_KEY_ROWS = 50
_MIN_CLASS = 10  # fewer students of a class are ranked well by luck
_ROWS_A_COLUMN = 10  # with fewer, a linear function bends to the noise
_SAME = 0.999  # correlation of two columns that are one
_SAME_RANKS = 0.99
_COPY = 0.97  # correlation of an outcome and its noisy copy; of two real exams it is up to .92
_LEAK_AUC = 0.98  # of one feature alone; on real students an earlier grade reaches .973
_ODD_AUC = 0.90
_ORDER_AUC = 0.85
_ORDER_ERRORS = 3.3  # standard errors away from chance: p < .001
_TOGETHER = 0.95  # adjusted R² with an outcome; two earlier grades of real students reach .86
_NEGLIGIBLE = 0.001  # R² that a column must add to be named
_EXACT = 0.9999
_LUCK = 1e-6
# Strong honest features agree with the outcome in about that share of their repeats.
_HONEST_AGREEMENT = 0.9
_LEAK_TWINS = 0.05  # beyond the share that is to be expected; of real students it is 1.4 %
_ODD_TWINS = 0.03


class Severity(StrEnum):
    """How sure a finding is: a leak forbids a training, a suspicion is for a person to judge."""

    LEAK = "leak"
    SUSPICION = "suspicion"


_Hint = tuple[Severity, tuple[str, ...], str]
_Found = list[_Hint] | None  # None: the table does not allow the check
_Leaks = Mapping[str, Sequence[tuple[str, ...]]]  # the columns of earlier leaks, by check
_Check = Callable[[Table, _Leaks], _Found]


def _leak(text: str, *columns: str) -> _Hint:
    return Severity.LEAK, columns, text


def _suspicion(text: str, *columns: str) -> _Hint:
    return Severity.SUSPICION, columns, text


def _named(columns: Sequence[str]) -> str:
    quoted = [f"`{column}`" for column in columns]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if quoted[1:] else quoted)


def _known_after(table: Table, _: _Leaks) -> _Found:
    text = "`{}` is a feature, but by its contract it is known only after the prediction is made."
    after = [name for name, column in table.features.items() if column.known == "after"]
    return [_leak(text.format(name), name) for name in after]


def _constant(table: Table, _: _Leaks) -> _Found:
    text = (
        f"`{{}}` is the same in all {len(table.frame):,} rows: a model can learn nothing from it."
    )
    constant = [name for name in table.features if name not in table.varied]
    return [_suspicion(text.format(name), name) for name in constant]


def _identifier_feature(table: Table, _: _Leaks) -> _Found:
    found: list[_Hint] = []
    if len(table.sample) < _MIN_ROWS:
        return None
    order = pd.Series(measure.identifier_order(table.sample[table.dataset.id_column])).rank()
    for name in table.varied:
        cells = table.sample[name]
        rho = 0.0
        # The number of a row says how the file is sorted; sorting by a feature is no leak.
        if name in table.numbers and table.dataset.id_column != ROW_NUMBER:
            rho = abs(order.corr(cells.rank())) if cells.count() >= _MIN_ROWS else 0.0
        if rho >= _SAME:
            text = f"`{name}` follows the number in `{table.dataset.id_column}` (rank correlation"
            found.append(_leak(f"{text} {rho:.4f}): it is an identifier.", name))
        elif _numbers_the_rows(table.frame[name], name in table.numbers):
            text = f"`{name}` is another in each of the {len(table.frame):,} rows, without gaps"
            found.append(_leak(f"{text} to speak of: it numbers the students.", name))
    return found


def _numbers_the_rows(cells: pd.Series, is_number: bool) -> bool:
    """Whether each row has a value of its own, and numbers are whole and dense."""
    if len(cells) < _MIN_KEY_ROWS or cells.hasnans or not cells.is_unique:
        return False
    return not is_number or bool(
        (cells % 1 == 0).all() and cells.max() - cells.min() + 1 < 2 * len(cells)
    )


def _identifier_order(table: Table, _: _Leaks) -> _Found:
    name = table.dataset.id_column
    if name == ROW_NUMBER or table.rarer < _MIN_CLASS:
        return None  # a teacher may sort a table by grade
    area, errors = measure.ordered_auc(measure.identifier_order(table.sample[name]), table.labels)
    if area < _ORDER_AUC or errors < _ORDER_ERRORS:
        return []
    return [
        _leak(
            f"The order of `{name}` alone tells who is at risk (AUC {area:.3f}, where 0.5 is"
            " chance): the identifiers were given after the outcome, or the table is a formula of"
            " the row number.",
            name,
        )
    ]


def _single_feature(table: Table, _: _Leaks) -> _Found:
    if table.rarer < _MIN_CLASS:
        return None
    return [hint for name in table.varied if (hint := _judged_alone(table, name)) is not None]


def _judged_alone(table: Table, name: str) -> _Hint | None:
    is_number, cells = name in table.numbers, table.sample[name]
    for outcome in table.outcomes:
        strength, rows = measure.association(cells, table.sample[outcome], is_number)
        if strength >= _COPY and rows >= _MIN_ROWS:
            return _leak(
                f"`{name}` is nearly the outcome `{outcome}` itself (correlation {strength:.3f},"
                " where 1 is a copy).",
                name,
            )
    area = measure.separation(cells, table.labels, is_number)
    text = f"`{name}` alone tells students at risk from the others"
    if area >= _LEAK_AUC:
        return _leak(f"{text} (AUC {area:.3f}, where 1 is perfect): it holds the outcome.", name)
    if area >= _ODD_AUC:
        doubt = "make sure that it is known before the outcome"
        return _suspicion(f"{text} unusually well (AUC {area:.3f}): {doubt}.", name)
    return None


def _together(table: Table, earlier: _Leaks) -> _Found:
    alone = {column for columns in earlier.get(_SINGLE, ()) for column in columns}
    names = [name for name in table.varied if name not in alone]
    answers = [_added_up(table, names, outcome) for outcome in table.outcomes]
    judged = [answer for answer in answers if answer is not None]
    return [hint for answer in judged for hint in answer] if judged else None


def _added_up(table: Table, names: Sequence[str], outcome: str) -> _Found:
    rows = table.sample[table.sample[outcome].notna()]
    design, groups = measure.design(rows, names, table.numbers)
    n, last = design.shape
    if not last or n < _ROWS_A_COLUMN * last:
        return None
    matrix = measure.correlations(design.assign(outcome=rows[outcome]))
    share = measure.r_squared(matrix, last, range(last))
    adjusted = 1 - (1 - share) * (n - 1) / (n - last - 1)
    if adjusted < _TOGETHER:
        return []
    kept = measure.needed(matrix, last, groups, share - _NEGLIGIBLE)
    text = f"{_named(kept)} added up are the outcome `{outcome}` (adjusted R² {adjusted:.3f},"
    return [_leak(f"{text} where 1 is exact).", *kept)]


def _same_twice(table: Table, _: _Leaks) -> _Found:
    columns = table.sample[list(table.numbers)]
    if len(columns) < _MIN_ROWS:
        return None
    matrix, ranks = columns.corr(min_periods=_MIN_ROWS).to_numpy(), columns.rank()
    found = []
    for (i, one), (j, two) in combinations(enumerate(table.numbers), 2):
        r = float(matrix[i, j])
        # One huge value can make two columns correlate; it does not move the ranks.
        if abs(r) >= _SAME and abs(ranks[one].corr(ranks[two])) >= _SAME_RANKS:
            what = "the same column twice" if r > 0 else "each other's complement"
            text = f"`{one}` and `{two}` are {what} (correlation {r:.4f}"
            exact = measure.one_to_one(columns[one], columns[two])
            text += ", and their values go one to one)." if exact else ")."
            found.append(_leak(text, one, two))
    return found


def _adds_up(table: Table, earlier: _Leaks) -> _Found:
    copies = {columns[1] for columns in earlier.get(_TWICE, ())}
    names = [name for name in table.numbers if name not in copies]
    rows = table.sample[names].dropna()
    if len(names) < 3 or len(rows) < _ROWS_A_COLUMN * len(names):
        return None
    matrix = measure.correlations(rows)
    found: list[_Hint] = []
    for place, name in enumerate(names):
        groups = {other: [i] for i, other in enumerate(names) if i != place}
        if any(name in hint[1] for hint in found):
            continue  # each column of a sum is a function of the others
        if measure.r_squared(matrix, place, [i for g in groups.values() for i in g]) >= _EXACT:
            kept = (name, *measure.needed(matrix, place, groups, _EXACT))
            if len(kept) >= 3:
                text = f"{_named(kept)} add up: in {len(rows):,} rows each follows from the others"
                found.append(_leak(f"{text} (R² above {_EXACT}).", *kept))
    return found


def _functional_dependency(table: Table, earlier: _Leaks) -> _Found:
    codes = table.codes
    alone = {column for columns in earlier.get(_SINGLE, ()) for column in columns}
    reported = {frozenset(columns) for columns in earlier.get(_TWICE, ())}
    found: list[_Hint] = []
    for source in table.varied:
        for target in codes:
            told = target not in table.features and source in alone
            if source == target or told or frozenset((source, target)) in reported:
                continue
            repeats = measure.agreeing_repeats(codes[source], codes[target])
            if repeats and _luck(table, source, target) ** repeats < _LUCK:
                reported.add(frozenset((source, target)))
                found.append(_dependency(table, source, target, repeats))
    return found


def _luck(table: Table, source: str, target: str) -> float:
    """How likely two students with one value of the source agree in the target without a leak."""
    by_chance = measure.chance_of_a_match(table.codes[target])
    honest_strength = source in table.numbers and target not in table.features
    return max(by_chance, _HONEST_AGREEMENT) if honest_strength else by_chance


def _dependency(table: Table, source: str, target: str, repeats: int) -> _Hint:
    back = target in table.features and measure.agreeing_repeats(
        table.codes[target], table.codes[source]
    )
    both_ways = ", and the other way round" if back else ""
    text = f"Each value of `{source}` goes with one value of `{target}` only{both_ways}"
    return _leak(
        f"{text} (in all {repeats:,} repetitions): one is made from the other.", source, target
    )


def _rows_twice(table: Table, _: _Leaks) -> _Found:
    if not table.fine or table.inner.sum() < _MIN_KEY_ROWS:
        return None
    name, finest = table.dataset.id_column, table.fine[0]
    rows = table.frame[table.inner]
    twins, expected = twin_shares(
        rows[table.compared].drop(columns=finest),
        rows[finest].to_numpy(copy=True),
        table.places(finest)[table.inner],
    )
    text = (
        f"{twins:.1%} of the rows equal another row in all but `{name}`, where"
        f" {expected:.1%} is to be expected:"
    )
    if twins - expected >= _LEAK_TWINS:
        why = "they are the same students under other identifiers, so they would stand on both"
        return [_leak(f"{text} {why} sides of the split.", name)]
    if twins - expected >= _ODD_TWINS:
        return [_suspicion(f"{text} make sure that no student is in the table twice.", name)]
    return []


CHECKS: dict[str, _Check] = {
    "known after": _known_after,
    "identifier as a feature": _identifier_feature,
    "identifier order": _identifier_order,
    _SINGLE: _single_feature,
    "together": _together,
    _TWICE: _same_twice,
    "adds up": _adds_up,
    "functional dependency": _functional_dependency,
    "rows twice": _rows_twice,
    "constant feature": _constant,
}
