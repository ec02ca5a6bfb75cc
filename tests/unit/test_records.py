"""Records keep their content in a file, and cannot be changed."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from student_performance.metrics import Estimate
from student_performance.promotion import ChampionComparison, Decision
from student_performance.records import Provenance, RunSummary, Verdict
from student_performance.strict import Strict
from tests.unit.builders import (
    ceiling,
    decision,
    division,
    estimate,
    leakage,
    one_class_report,
    report,
    setup,
    tracked,
    verdict,
    version,
)

RECORDS = [
    tracked(),
    verdict(),
    verdict(version=None, decision=decision(one_class_report())),
    decision(champion=ChampionComparison(version="1", log_loss_gain=estimate(0.1, 0.05, 0.2))),
    version(),
    division(by="cohort", term="2014J"),
    setup(estimate(0.1, 0.05, 0.2)),
    leakage("a leak"),
    report(ceiling=ceiling()),
    Provenance(data_md5="a", git_commit="b", zenml_run_id="c", code_sha256="d"),
    RunSummary(
        run_id="run",
        experiment_id="1",
        zenml_run_id=None,
        started=datetime(2026, 11, 23, tzinfo=UTC),
        status="FAILED",
        candidate=None,
        accuracy=None,
        baseline_accuracy=None,
        roc_auc=None,
        log_loss=None,
        decision=None,
        summary=None,
        version=None,
    ),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_survives_its_file(record: Strict) -> None:
    assert type(record).model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_is_frozen(record: Strict) -> None:
    name = next(iter(type(record).model_fields))

    with pytest.raises(ValidationError, match="frozen"):
        setattr(record, name, "other")


def test_address_of_a_version_names_model_and_number() -> None:
    assert version("12").uri == "models:/student_performance/12"


def test_decision_read_back_still_says_what_it_decided() -> None:
    text = verdict().model_dump_json()
    again: Decision = Verdict.model_validate_json(text).decision

    assert again.promote
    assert again.summary() == decision().summary()


@pytest.mark.parametrize(
    ("champion", "serves", "meaning"),
    [
        (None, True, "the model serves"),
        (None, False, "but a person let another version serve"),
        (estimate(0.0, -0.1, 0.1), False, "the champion stays; the model is registered as challen"),
        (estimate(0.0, -0.1, 0.1), True, "the model serves all the same: roll back, or let it be"),
    ],
)
def test_verdict_says_what_follows(champion: Estimate | None, serves: bool, meaning: str) -> None:
    beside = ChampionComparison(version="1", log_loss_gain=champion) if champion else None
    found = verdict(decision=decision(champion=beside), serves=serves)

    assert found.meaning().startswith(meaning)


def test_verdict_about_an_unregistered_model_says_so() -> None:
    refused = verdict(version=None, decision=decision(one_class_report()), serves=False)

    assert refused.meaning() == "the model does not serve"
