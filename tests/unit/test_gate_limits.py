"""The gate's limits on leaks, cost, calibration and groups."""

import pytest

from student_performance.config import Capacity, GatePolicy
from student_performance.errors import LeakageError
from student_performance.evaluation import EvaluationReport
from student_performance.leakage import Severity
from student_performance.promotion import Decision, Outcome, Reason, decide, refuse_leaks
from tests.unit.builders import (
    ceiling,
    estimate,
    gap,
    gender,
    leakage,
    report,
    scores,
    setup,
    threshold,
)

POLICY = GatePolicy()
TINY = 1e-12


def judge(of: EvaluationReport) -> Decision:
    return decide(of, None, POLICY)


def reasons(of: EvaluationReport, check: str) -> list[Reason]:
    return [reason for reason in judge(of).reasons if reason.check == check]


def refused_for(of: EvaluationReport) -> list[str]:
    decision = judge(of)
    assert decision.promote or decision.outcome is Outcome.REFUSED
    assert decision.registered == decision.promote
    return [reason.check for reason in decision.reasons if not reason.passed]


def calibrated(value: float, low: float) -> EvaluationReport:
    error = {"calibration_error": estimate(value, low, value + 0.05)}
    return report(scores=scores(0.79, 0.45) | error)


def test_model_below_the_known_ceiling_passes() -> None:
    below = report(ceiling=ceiling())

    assert refused_for(below) == []
    assert reasons(below, "below the ceiling")[0].text == (
        "log loss is 0.0050 [-0.0100, 0.0200] higher than that of the known truth,"
        " which no honest model can beat"
    )
    assert [r.check for r in judge(below).reasons][:2] == ["valid", "below the ceiling"]


def test_model_above_the_known_ceiling_leaks_and_is_refused() -> None:
    above = report(ceiling=ceiling(exceeded=True, log_loss_excess=estimate(-0.1, -0.15, -0.05)))

    assert refused_for(above) == ["below the ceiling"]
    assert reasons(above, "below the ceiling")[0].text == (
        "log loss is 0.1000 [0.0500, 0.1500] lower than that of the known truth, which no honest"
        " model can beat (accuracy bound 0.871): something leaks"
    )


def test_unknown_ceiling_is_no_reason() -> None:
    assert reasons(report(ceiling=None), "below the ceiling") == []


def test_equal_costs_are_said_as_accuracy() -> None:
    assert reasons(report(), "cost")[0].text == (
        "accuracy is 0.1300 [0.1100, 0.1500] higher than the majority's"
    )


@pytest.mark.parametrize(
    "policy",
    [{"missed": 5.0}, {"false_alarm": 2.0}, {"capacity": Capacity(students=1, of=9)}],
    ids=["missed", "false alarm", "capacity"],
)
@pytest.mark.parametrize(("sign", "word"), [(1, "lower"), (-1, "higher")])
def test_other_costs_are_said_as_cost(policy: dict[str, object], sign: int, word: str) -> None:
    before = setup(threshold=threshold(0.3, **policy))
    gain = estimate(sign * 0.2, min(sign * 0.1, sign * 0.3), max(sign * 0.1, sign * 0.3))
    unequal = report(setup=before, cost_gain=gain)

    assert reasons(unequal, "cost")[0].text == (
        f"the cost per student is 0.2000 [0.1000, 0.3000] {word} than that of treating all"
        " students alike"
    )
    assert refused_for(unequal) == ([] if sign > 0 else ["cost"])


@pytest.mark.parametrize(
    ("value", "low", "passes"),
    [
        (0.02, 0.0, True),
        (0.15, 0.1, True),
        (0.3, 0.0999, True),
        (0.15, 0.1 + TINY, False),
        (0.3, 0.2, False),
    ],
    ids=["good", "at the limit", "unproved", "just beyond", "beyond"],
)
def test_calibration_error_counts_as_far_as_its_lower_bound_shows_it(
    value: float, low: float, passes: bool
) -> None:
    judged = calibrated(value, low)

    assert refused_for(judged) == ([] if passes else ["calibration"])


def test_calibration_is_told_with_its_interval_and_the_limit() -> None:
    assert reasons(calibrated(0.15, 0.12), "calibration")[0].text == (
        "predicted and observed risk differ by 0.150 [0.120, 0.200] on average; 0.1 is allowed"
    )


@pytest.mark.parametrize(
    ("value", "low", "sufficient", "passes"),
    [
        (0.03, 0.0, True, True),
        (0.2, 0.05, True, True),
        (0.2, 0.05 + TINY, True, False),
        (0.4, 0.3, False, True),
    ],
    ids=["small", "proved up to the limit", "proved beyond the limit", "too few to judge"],
)
def test_gap_between_groups_counts_as_far_as_it_is_proved(
    value: float, low: float, sufficient: bool, passes: bool
) -> None:
    judged = report(fairness=(gender(gap(value, low, sufficient)),))

    assert refused_for(judged) == ([] if passes else ["fairness"])


def test_each_broken_gap_is_a_reason_with_its_evidence() -> None:
    tpr = gap(0.2, 0.1)
    fpr = tpr.model_copy(update={"rate": "false_positive_rate"})
    found = reasons(report(fairness=(gender(tpr, fpr),)), "fairness")

    assert [reason.passed for reason in found] == [False, False]
    assert "of the students at risk, 63.0% of Female and 60.0% of Male" in found[0].text
    assert "0.200 [0.100, 0.300]" in found[0].text
    assert "of the students who pass" in found[1].text


def test_groups_within_the_limit_are_said_to_be() -> None:
    (found,) = reasons(report(), "fairness")

    assert found.text == "no gap between groups of gender is shown to be above 0.05"


def test_groups_that_are_too_small_are_said_to_be() -> None:
    (found,) = reasons(report(fairness=(gender(gap(0.4, 0.3, sufficient=False)),)), "fairness")

    assert found.passed
    assert found.text == (
        "the groups of gender are too small to judge gaps between them (insufficient n)"
    )


def test_data_without_sensitive_columns_have_no_reason_about_groups() -> None:
    assert reasons(report(fairness=()), "fairness") == []


def test_limits_come_from_the_policy() -> None:
    judged = report(fairness=(gender(gap(0.2, 0.1)),), scores=calibrated(0.3, 0.2).scores)
    lenient = GatePolicy(max_group_gap=0.15, max_calibration_error=0.25)

    assert refused_for(judged) == ["calibration", "fairness"]
    assert decide(judged, None, lenient).promote


def test_table_without_leaks_may_be_trained_on() -> None:
    suspicious = leakage("odd", severity=Severity.SUSPICION, rows=5)

    for harmless in (leakage(rows=5), suspicious):
        assert refuse_leaks(harmless, 0.2, 300) is None  # or it would raise


def test_leaks_are_refused_with_every_reason_and_the_size() -> None:
    with pytest.raises(LeakageError) as refusal:
        refuse_leaks(leakage("first leak", "second leak", rows=50, dataset="report"), 0.2, 300)

    assert refusal.value.exit_code == 3
    assert refusal.value.message == (
        "Refused before a model was trained, since its score would mean nothing:\n"
        "  ✗ first leak\n"
        "  ✗ second leak\n"
        "  ✗ The table has 50 rows: about 10 would judge a model, and 300 are needed to prove"
        " anything."
    )
    assert refusal.value.next_command == "python run.py dataset check FILE --dataset report"


@pytest.mark.parametrize(("rows", "told"), [(1_499, False), (1_000, True), (1_500, False)])
def test_size_is_a_reason_only_where_it_is_too_small(rows: int, told: bool) -> None:
    with pytest.raises(LeakageError) as refusal:
        refuse_leaks(leakage("a leak", rows=rows), 0.2, 300)

    assert ("are needed to prove" in refusal.value.message) == told


def test_suspicions_are_no_reasons_of_a_refusal() -> None:
    both = leakage("a leak")
    odd = leakage("odd", severity=Severity.SUSPICION)
    with pytest.raises(LeakageError) as refusal:
        refuse_leaks(both.model_copy(update={"findings": both.findings + odd.findings}), 0.2, 1)

    assert "odd" not in refusal.value.message


def test_size_is_no_reason_where_cohorts_are_divided() -> None:
    with pytest.raises(LeakageError) as refusal:
        refuse_leaks(leakage("a leak", rows=50), None, 300)

    assert "are needed to prove" not in refusal.value.message
