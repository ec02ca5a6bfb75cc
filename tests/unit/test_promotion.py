"""The gate, at and around each of its limits."""

import pytest

from student_performance.config import GatePolicy
from student_performance.evaluation import EvaluationReport
from student_performance.metrics import Estimate
from student_performance.promotion import ChampionComparison, Decision, Outcome, decide
from tests.unit.builders import estimate, report

POLICY = GatePolicy(min_test_rows=300)
OWN_CHECKS = ["valid", "enough rows", "beats the baseline", "cost", "calibration", "fairness"]
TINY = 1e-12


def judge(of: EvaluationReport, champion: ChampionComparison | None = None) -> Decision:
    return decide(of, champion, POLICY)


def beside_champion(gain: Estimate) -> Decision:
    return judge(report(), ChampionComparison(version="3", log_loss_gain=gain))


def failed(decision: Decision) -> list[str]:
    return [reason.check for reason in decision.reasons if not reason.passed]


def text_of(decision: Decision, check: str) -> str:
    return next(reason.text for reason in decision.reasons if reason.check == check)


def test_first_sound_model_is_promoted_with_every_check_as_a_reason() -> None:
    decision = judge(report())

    assert decision.outcome is Outcome.PROMOTED
    assert decision.promote
    assert decision.registered
    assert [reason.check for reason in decision.reasons] == [*OWN_CHECKS, "beats the champion"]
    assert failed(decision) == []
    assert decision.champion is None
    assert decision.policy == POLICY
    assert decision.summary() == (
        "promoted: there is no champion yet, so the first sound model serves"
    )


def test_model_that_is_better_by_the_least_amount_is_promoted() -> None:
    decision = beside_champion(estimate(0.1, TINY, 0.2, n=1_234))

    assert decision.outcome is Outcome.PROMOTED
    assert decision.promote
    assert decision.registered
    assert failed(decision) == []
    assert text_of(decision, "beats the champion") == (
        "log loss is 0.1000 [0.0000, 0.2000] lower than that of the champion (version 3)"
        " on the same 1,234 rows"
    )


def test_model_that_is_worse_by_the_least_amount_is_refused_but_registered() -> None:
    decision = beside_champion(estimate(-0.1, -0.2, -TINY))

    assert decision.outcome is Outcome.REFUSED
    assert not decision.promote
    assert decision.registered
    assert failed(decision) == ["beats the champion"]
    assert "0.1000 [0.0000, 0.2000] higher than" in decision.summary()
    assert "tie" not in decision.summary()


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.0, 0.2), (-0.2, 0.0), (-0.1, 0.1), (0.0, 0.0)],
    ids=["low end at zero", "high end at zero", "around zero", "nothing but zero"],
)
def test_tie_keeps_the_champion_and_registers_the_candidate(low: float, high: float) -> None:
    decision = beside_champion(estimate((low + high) / 2, low, high))

    assert decision.outcome is Outcome.KEPT
    assert not decision.promote
    assert decision.registered
    assert failed(decision) == ["beats the champion"]
    assert decision.summary().endswith(
        " on the same 400 rows: no difference is shown, and a tie keeps the champion"
    )


@pytest.mark.parametrize("low", [0.0, -TINY, -0.5])
def test_model_that_does_not_beat_the_baseline_beyond_the_interval_is_refused(low: float) -> None:
    decision = judge(report(log_loss_gain=estimate(0.1, low, 0.2)))

    assert decision.outcome is Outcome.REFUSED
    assert not decision.registered
    assert failed(decision) == ["beats the baseline"]


def test_model_that_beats_the_baseline_by_the_least_amount_passes() -> None:
    assert failed(judge(report(log_loss_gain=estimate(0.1, TINY, 0.2)))) == []


@pytest.mark.parametrize("high", [0.0, TINY, 0.2])
def test_cost_that_may_equal_that_of_the_majority_passes(high: float) -> None:
    decision = judge(report(cost_gain=estimate(-0.1, -0.3, high)))

    assert decision.outcome is Outcome.PROMOTED
    assert failed(decision) == []


def test_accuracy_significantly_below_that_of_the_majority_is_refused() -> None:
    decision = judge(report(cost_gain=estimate(-0.1, -0.3, -TINY)))

    assert decision.outcome is Outcome.REFUSED
    assert not decision.registered
    assert failed(decision) == ["cost"]
    assert text_of(decision, "cost") == (
        "accuracy is 0.1000 [0.0000, 0.3000] lower than the majority's"
    )


@pytest.mark.parametrize(("rows", "refused"), [(299, True), (300, False), (301, False)])
def test_hold_out_needs_exactly_as_many_rows_as_the_policy_says(rows: int, refused: bool) -> None:
    decision = judge(report(n_test=rows))

    assert (decision.outcome is Outcome.REFUSED) == refused
    assert decision.registered != refused
    assert failed(decision) == (["enough rows"] if refused else [])
    assert text_of(decision, "enough rows") == f"the hold-out has {rows} rows, 300 are needed"


def test_limit_on_rows_comes_from_the_policy() -> None:
    assert decide(report(n_test=10), None, GatePolicy(min_test_rows=10)).promote


def test_problems_of_the_hold_out_refuse_a_model_and_are_named() -> None:
    decision = judge(report(problems=("nobody passed", "and more")))

    assert decision.outcome is Outcome.REFUSED
    assert not decision.registered
    assert failed(decision) == ["valid"]
    assert decision.summary() == "refused: nobody passed; and more"


def test_summary_of_a_refusal_names_every_failed_check() -> None:
    decision = judge(report(problems=("nobody passed",), n_test=1))

    assert failed(decision) == ["valid", "enough rows"]
    assert decision.summary() == ("refused: nobody passed; the hold-out has 1 rows, 300 are needed")


def test_champion_is_not_consulted_about_a_model_that_fails_on_its_own() -> None:
    champion = ChampionComparison(version="3", log_loss_gain=estimate(0.5, 0.4, 0.6))
    decision = judge(report(n_test=299), champion)

    assert decision.outcome is Outcome.REFUSED
    assert not decision.registered
    assert [reason.check for reason in decision.reasons] == OWN_CHECKS
    assert decision.champion == champion


def test_champion_that_cannot_be_compared_stays_and_the_obstacle_is_named() -> None:
    champion = ChampionComparison(version="3", obstacle="it answers another question")
    decision = judge(report(), champion)

    assert decision.outcome is Outcome.KEPT
    assert not decision.promote
    assert decision.registered
    assert failed(decision) == ["beats the champion"]
    assert decision.champion == champion
    assert decision.summary() == (
        "kept: the champion (version 3) stays until a person decides: it answers another question"
    )


def test_champion_that_is_judged_again_stays_promoted() -> None:
    champion = ChampionComparison(version="3", same_model=True)
    decision = judge(report(), champion)

    assert decision.outcome is Outcome.PROMOTED
    assert decision.registered
    assert failed(decision) == []
    assert decision.champion == champion
    assert decision.summary() == "promoted: this model is the champion (version 3) already"


@pytest.mark.parametrize(
    ("gain", "loss_text", "accuracy_text"),
    [
        (estimate(0.0, -0.1, 0.2), "0.0000 [-0.1000, 0.2000] lower", "higher"),
        (estimate(0.1, -0.1, 0.3), "0.1000 [-0.1000, 0.3000] lower", "higher"),
        (estimate(-0.1, -0.3, 0.1), "0.1000 [-0.1000, 0.3000] higher", "lower"),
        (estimate(-0.2, -0.3, -0.1), "0.2000 [0.1000, 0.3000] higher", "lower"),
    ],
    ids=["zero", "better", "worse", "surely worse"],
)
def test_sentences_give_the_size_and_the_direction_of_a_difference(
    gain: Estimate, loss_text: str, accuracy_text: str
) -> None:
    decision = judge(report(log_loss_gain=gain, cost_gain=gain))

    assert text_of(decision, "beats the baseline") == (
        f"log loss is {loss_text} than always saying the average risk"
    )
    assert text_of(decision, "cost").endswith(f"] {accuracy_text} than the majority's")


def test_valid_data_are_said_to_be_valid() -> None:
    assert text_of(judge(report()), "valid") == (
        "the data keep their contract and no leak was found"
    )
