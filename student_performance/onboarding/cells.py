"""What the cells of a column look like: kind, decimal sign, limits."""

import pandas as pd

from student_performance.contract import Kind
from student_performance.onboarding.words import is_percent

MAX_CATEGORIES = 12
ROWS_A_CATEGORY = 5  # fewer, and the values may be names of students
_INTEGER = {decimal: rf"[+-]?[0-9]+(?:[{decimal}]0*)?" for decimal in ".,"}
NUMBER = {decimal: rf"[+-]?[0-9]*[{decimal}]?[0-9]+(?:[eE][+-]?[0-9]+)?" for decimal in ".,"}


def decimal_of(frame: pd.DataFrame, separator: str) -> str:
    """What stands before the decimals, by the columns that only then hold numbers."""
    if separator == ",":
        return "."
    votes = {
        sign: sum(
            bool(cells.str.contains(sign, regex=False).any())
            for _, column in frame.items()
            if _all_match(cells := column.dropna().str.strip(), NUMBER[sign])
        )
        for sign in ".,"
    }
    return max(votes, key=lambda sign: votes[sign])


def decimal_commas(frame: pd.DataFrame) -> list[str]:
    """The columns whose numbers have a comma before their decimals."""
    return [
        str(name)
        for name, column in frame.items()
        if _all_match(cells := column.dropna().str.strip(), NUMBER[","])
        and cells.str.contains(",", regex=False).any()
    ]


def without_blanks(frame: pd.DataFrame) -> pd.DataFrame:
    """The cells with those of blanks only as empty ones, as the contract reads them."""
    return frame.mask(frame.apply(lambda column: column.str.strip() == ""))


def _all_match(cells: pd.Series, pattern: str) -> bool:
    return len(cells) > 0 and bool(cells.str.fullmatch(pattern).all())


def kind_of(column: pd.Series, decimal: str) -> Kind:
    """What the cells of a column are."""
    cells = column.dropna().str.strip()
    zeros = cells.str.match("0[0-9]").any()  # `007` is a name, not a number
    if not zeros and _all_match(cells, _INTEGER[decimal]):
        return Kind.INTEGER
    if not zeros and _all_match(cells, NUMBER[decimal]):
        return Kind.NUMBER
    few = 0 < cells.nunique() <= min(MAX_CATEGORIES, len(cells) / ROWS_A_CATEGORY)
    return Kind.CATEGORY if few else Kind.TEXT


def limits_of(name: str, numbers: pd.Series) -> dict[str, object]:
    """Only what the meaning gives: the extremes of a table are those of single students."""
    if (numbers < 0).any():
        return {}
    if is_percent(name) and (numbers <= 100).all():
        return {"minimum": 0.0, "maximum": 100.0}
    return {"minimum": 0.0}


def numbers_of(cells: pd.Series, decimal: str) -> pd.Series:
    """Text as numbers."""
    return cells.str.strip().str.replace(decimal, ".", regex=False).astype("float64")
