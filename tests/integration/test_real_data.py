"""The product on real enrolments of the Open University, where the file is at hand."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

FOLDER = os.environ.get("REAL_DATA")
OULAD = next(Path(FOLDER).rglob("oulad_six_column_day120.csv"), None) if FOLDER else None


@pytest.mark.skipif(
    OULAD is None, reason="REAL_DATA names no folder with the six-column OULAD table"
)
def test_real_enrolments_score_as_published(cli: Callable[..., Outcome]) -> None:
    outcome = cli("train", "--json", "--dataset", "oulad", "--data", Path(str(OULAD)))

    assert outcome.code == 0, outcome.err
    report = outcome.json["report"]
    assert report["division"]["by"] == "cohort"
    assert report["ceiling"] is None
    assert 0.74 <= report["scores"]["accuracy"]["value"] <= 0.82
    assert 0.73 <= report["scores"]["roc_auc"]["value"] <= 0.80
    # The last term has fewer students at risk, so the majority alone is right that often, too.
    assert report["log_loss_gain"]["low"] > 0
