"""The product on real enrolments of the Open University, where the file is at hand."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

OULAD = os.environ.get("OULAD_CSV")


@pytest.mark.skipif(OULAD is None, reason="OULAD_CSV does not name the six-column OULAD table")
def test_real_enrolments_score_as_published(cli: Callable[..., Outcome]) -> None:
    outcome = cli("train", "--json", "--dataset", "oulad", "--data", Path(str(OULAD)))

    assert outcome.code == 0, outcome.err
    report = outcome.json["report"]
    assert 0.74 <= report["scores"]["accuracy"]["value"] <= 0.80
    assert 0.77 <= report["scores"]["roc_auc"]["value"] <= 0.83
    baseline = report["baseline"]["accuracy"]
    assert baseline["low"] <= 0.63 <= baseline["high"]
