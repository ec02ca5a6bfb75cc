"""Shares and ranks: what a model sees in place of a cell."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_performance.contract import DatasetConfig
from student_performance.derive import derived

FRAME = pd.DataFrame(
    {
        "x": [2.0, 4.0, 4.0, 0.0, 5.0, np.nan],
        "whole": [4.0, 0.0, 8.0, 0.0, np.nan, 1.0],
        "group": ["a", "a", "a", "b", "c", "c"],
        "score": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    }
)


def contract(**derivation: Any) -> DatasetConfig:
    feature = {"role": "feature", "kind": "number", "known": "before"}
    return DatasetConfig.model_validate(
        {
            "name": "school",
            "description": "A school.",
            "file": "school.csv",
            "columns": {
                "x": feature | derivation,
                "whole": feature,
                "group": {"role": "context", "kind": "text", "nullable": True},
                "score": {"role": "outcome", "kind": "number"},
            },
            "target": {"column": "score", "pass_mark": 3},
        }
    )


@pytest.mark.parametrize(
    ("derivation", "expected"),
    [
        ({"share_of": "whole"}, [0.5, np.nan, 0.5, np.nan, np.nan, np.nan]),
        ({"share_of_largest_in": "group"}, [0.5, 1.0, 1.0, np.nan, 1.0, np.nan]),
        ({"rank_within": "group"}, [1 / 3, 2.5 / 3, 2.5 / 3, 1.0, 1.0, np.nan]),
    ],
)
def test_feature_is_what_the_contract_says_and_other_columns_stay(
    derivation: dict[str, str], expected: list[float]
) -> None:
    before = FRAME.copy()
    after = derived(FRAME, contract(**derivation))

    np.testing.assert_allclose(after["x"], expected)
    pd.testing.assert_frame_equal(after.drop(columns="x"), FRAME.drop(columns="x"))
    pd.testing.assert_frame_equal(FRAME, before)


def test_nothing_changes_where_nothing_is_derived() -> None:
    pd.testing.assert_frame_equal(derived(FRAME, contract()), FRAME)


def test_group_without_a_positive_value_has_no_share_of_its_largest() -> None:
    frame = FRAME.assign(x=[-1.0, 0.0, 0.0, -2.0, 1.0, 2.0])
    shares = derived(frame, contract(share_of_largest_in="group"))["x"]

    assert shares.isna().tolist() == [True, True, True, True, False, False]


def test_whole_numbers_become_floats() -> None:
    frame = FRAME.assign(x=[1, 2, 3, 4, 5, 6])

    assert derived(frame, contract(rank_within="group"))["x"].dtype == "float64"


def test_students_without_a_group_are_compared_with_each_other() -> None:
    frame = FRAME.assign(group=pd.Series(["a", "a", None, None, None, None], dtype="str"))

    assert derived(frame, contract(rank_within="group"))["x"].tolist()[:5] == pytest.approx(
        [0.5, 1.0, 2 / 3, 1 / 3, 1.0]
    )


def test_cells_of_the_file_are_used_also_if_the_other_column_is_derived_too() -> None:
    both = contract(share_of="whole")
    whole = both.columns["whole"].model_copy(update={"rank_within": "group"})
    changed = both.model_copy(update={"columns": {**both.columns, "whole": whole}})

    assert derived(FRAME, changed)["x"].tolist()[0] == 0.5


@given(st.lists(st.tuples(st.floats(0, 1e6), st.sampled_from("abc")), min_size=1, max_size=30))
def test_shares_and_ranks_stay_between_0_and_1(rows: list[tuple[float, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["x", "group"]).assign(whole=1.0, score=1.0)
    rank = derived(frame, contract(rank_within="group"))["x"]
    share = derived(frame, contract(share_of_largest_in="group"))["x"].dropna()

    assert ((rank > 0) & (rank <= 1)).all()
    assert ((share >= 0) & (share <= 1)).all()
