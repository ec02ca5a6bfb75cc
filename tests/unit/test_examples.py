"""Made-up students: typical numbers, and parts that add up to their risk."""

import numpy as np
import pandas as pd
import pytest

from student_performance.contract import DatasetConfig
from student_performance.drift import FeatureReference
from student_performance.examples import examples
from student_performance.models import risk
from tests.unit.trainings import FixedRisk, Training


def test_report_has_a_student_with_low_middle_and_high_numbers(
    training: Training, dataset: DatasetConfig
) -> None:
    found = training.report.examples
    tenths = training.train[list(dataset.features)].quantile([0.1, 0.5, 0.9])

    assert [example.name for example in found] == ["low", "middle", "high"]
    for example, expected in zip(found, tenths.to_dict("records"), strict=True):
        assert example.values == pytest.approx(expected, abs=0.1)
    assert found[0].risk > 0.5 > found[1].risk > found[2].risk


def test_parts_of_a_linear_model_add_up_to_the_risk(training: Training) -> None:
    for example in training.report.examples:
        log_odds = sum(example.contributions.values())
        assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(example.risk)
        assert set(example.contributions) == {*example.values, "base"}
        given = pd.DataFrame([example.values])
        assert risk(training.model, given)[0] == pytest.approx(example.risk)


def test_category_is_the_commonest_and_an_empty_number_is_0() -> None:
    references = [
        FeatureReference(
            feature="course", edges=(), categories=("a", "b"), shares=(0.3, 0.6), missing=0.1, n=10
        ),
        FeatureReference(
            feature="nothing", edges=(), categories=(), shares=(0.0,), missing=1, n=10
        ),
    ]
    found = examples(FixedRisk(np.array([0.1, 0.2, 0.3])), references)

    assert [example.values for example in found] == [{"course": "b", "nothing": 0.0}] * 3
    assert [example.risk for example in found] == [0.1, 0.2, 0.3]
    assert [example.contributions for example in found] == [{}] * 3
