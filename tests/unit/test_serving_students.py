"""What a request to the prediction service may hold."""

import json
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pydantic import ValidationError

from serving.matrix import MatrixModel, without_frames
from serving.problems import not_valid
from serving.settings import API_KEY_VARIABLE, from_environment
from serving.students import Students
from student_performance.contract import Column, DatasetConfig, Kind, Role
from student_performance.dataset import features_of
from student_performance.errors import UsageError
from student_performance.models import risk
from student_performance.simulate import simulate
from tests.unit.trainings import FixedRisk, Training

STUDENT = {
    "student_id": "S1", "hours_studied": 4, "attendance_percent": 60.5, "assignments_completed": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def requests(training: Training, dataset: DatasetConfig) -> Students:
    return Students(dataset, training.setup.reference, most=3)


def refused(requests: Students, **changes: Any) -> dict[str, str]:
    body = json.dumps({k: v for k, v in (STUDENT | changes).items() if v != "left out"})
    with pytest.raises(ValidationError) as caught:
        requests.one.validate_json(body)
    problem = not_valid(caught.value, requests.fields).problem
    assert problem.status == 422
    return {error.field: error.problem for error in problem.errors}


def test_student_of_the_contract_is_what_the_model_would_see(
    requests: Students, training: Training, dataset: DatasetConfig
) -> None:
    rows = simulate(50, seed=3)[list(STUDENT)]
    asked = [requests.one.validate_json(json.dumps(row)) for row in rows.to_dict("records")]
    table = requests.table(asked)

    assert requests.identifiers(asked) == list(rows["student_id"])
    assert_allclose(
        risk(training.model, features_of(table, dataset)),
        risk(training.model, features_of(rows, dataset)),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hours_studied", "4"),
        ("hours_studied", True),
        ("hours_studied", 169),
        ("hours_studied", -1),
        ("hours_studied", None),
        ("attendance_percent", "left out"),
        ("assignments_completed", 3.5),
        ("assignments_completed", 11),
        ("student_id", ""),
        ("student_id", " S1"),
        ("student_id", 7),
    ],
)
def test_field_that_breaks_the_contract_is_named(
    requests: Students, name: str, value: object
) -> None:
    assert list(refused(requests, **{name: value})) == [name]


def test_unknown_field_is_named_with_the_nearest_one(requests: Students) -> None:
    assert "`hours_studied`" in refused(requests, hours_studid=4)["hours_studid"]


def test_outcome_and_sensitive_column_are_not_taken(requests: Students) -> None:
    assert refused(requests, gender="Female", test_score=80).keys() == {"gender", "test_score"}


def test_place_in_a_batch_is_named(requests: Students) -> None:
    body = json.dumps({"students": [STUDENT, STUDENT | {"hours_studied": 999}]})
    with pytest.raises(ValidationError) as caught:
        requests.many.validate_json(body)

    errors = not_valid(caught.value, requests.fields).problem.errors
    assert [(e.field, e.found) for e in errors] == [("students[1].hours_studied", "999")]


@pytest.mark.parametrize("count", [0, 4])
def test_batch_is_bounded(requests: Students, count: int) -> None:
    with pytest.raises(ValidationError):
        requests.many.validate_json(json.dumps({"students": [STUDENT] * count}))


def test_what_is_no_json_is_a_problem_of_its_own(requests: Students) -> None:
    with pytest.raises(ValidationError) as caught:
        requests.one.validate_json("{")

    assert not_valid(caught.value, requests.fields).problem.status == 400


def test_any_name_kind_and_empty_cell_of_a_contract_is_taken(dataset: DatasetConfig) -> None:
    columns = {
        "_id": Column(role=Role.ID, kind=Kind.TEXT),
        "class": Column(
            role=Role.FEATURE, kind=Kind.CATEGORY, known="before", categories=("a", "b")
        ),
        "per cent": Column(role=Role.FEATURE, kind=Kind.INTEGER, known="before", nullable=True),
        "test_score": dataset.columns["test_score"],
    }
    contract = DatasetConfig(**(dataset.model_dump() | {"columns": columns, "world": None}))
    requests = Students(contract, (), most=1)
    asked = requests.one.validate_json('{"_id": "1", "class": "b"}')
    table = requests.table([asked])

    assert list(table.columns) == ["_id", "class", "per cent"]
    assert table["per cent"].isna().all()
    with pytest.raises(ValidationError):
        requests.one.validate_json('{"_id": "1", "class": "c"}')


def test_rank_within_a_course_needs_the_course(oulad: DatasetConfig) -> None:
    assert Students(oulad, (), most=9).of_groups == ("hours_studied", "assignments_completed")


def test_example_of_the_documentation_is_answered(
    requests: Students, training: Training, dataset: DatasetConfig
) -> None:
    example = requests.one.json_schema()["example"]
    requests.one.validate_json(json.dumps(example))
    features = features_of(requests.example(), dataset)
    fast = without_frames(training.model, features)

    assert risk(fast, features) == risk(training.model, features)


def test_other_machines_need_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(API_KEY_VARIABLE, raising=False)
    with pytest.raises(UsageError, match=API_KEY_VARIABLE):
        from_environment("student_performance", "0.0.0.0", 8600, 2)
    monkeypatch.setenv(API_KEY_VARIABLE, "secret")

    found = from_environment("student_performance", "0.0.0.0", 8600, 2)
    assert found.api_key is not None
    assert "secret" not in repr(found)


def test_pipeline_over_numbers_is_asked_without_frames(
    training: Training, dataset: DatasetConfig
) -> None:
    rows = simulate(500, seed=6)[list(dataset.features)]
    rows.loc[:9, "hours_studied"] = np.nan
    fast = without_frames(training.model, rows.iloc[:1])

    assert isinstance(fast, MatrixModel)
    assert np.array_equal(fast.predict_proba(rows), training.model.predict_proba(rows))


def test_what_would_answer_otherwise_is_left_alone(
    training: Training, dataset: DatasetConfig
) -> None:
    rows = simulate(5, seed=6)[list(dataset.features)]
    other = FixedRisk(np.array([0.5]))
    uncentred = deepcopy(training.model)
    scaler = (
        uncentred.named_steps["preprocessing"].transformers_[0][1].named_steps["standardscaler"]
    )
    scaler.with_mean = False  # it has a mean, and does not take it away

    assert without_frames(other, rows) is other
    assert without_frames(uncentred, rows) is uncentred
    assert without_frames(training.model, rows[list(rows)[::-1]]) is training.model
