"""The gate: a pure function from evidence and a policy to a decision with reasons."""

from enum import StrEnum

from student_performance.ceiling import Ceiling
from student_performance.config import GatePolicy
from student_performance.errors import LeakageError
from student_performance.evaluation import EvaluationReport
from student_performance.gaps import violations
from student_performance.leakage import LeakageReport
from student_performance.metrics import Estimate
from student_performance.strict import Strict


class Outcome(StrEnum):
    """What the gate decided about a candidate."""

    PROMOTED = "promoted"
    KEPT = "kept"
    REFUSED = "refused"


class Reason(Strict):
    """One check of the gate, in a sentence."""

    check: str
    passed: bool
    text: str


class ChampionComparison(Strict):
    """The candidate beside the champion on rows that neither was trained on.

    Attributes:
        version: Version of the champion.
        log_loss_gain: Log loss of the champion minus that of the candidate, row by row; None if
            they cannot be compared.
        obstacle: Why they cannot be compared.
        same_model: Whether the candidate is the champion itself, judged once more.
    """

    version: str
    log_loss_gain: Estimate | None = None
    obstacle: str = ""
    same_model: bool = False


class Decision(Strict):
    """What was decided, why, and on what evidence.

    Attributes:
        outcome: Promoted, champion kept, or candidate refused.
        registered: Whether the candidate becomes a version: it does unless it failed on its own.
        reasons: Every check with its result.
        champion: The comparison with the champion, if there was one.
        policy: The policy that was applied.
    """

    outcome: Outcome
    registered: bool
    reasons: tuple[Reason, ...]
    champion: ChampionComparison | None
    policy: GatePolicy

    @property
    def promote(self) -> bool:
        """Whether the candidate shall serve."""
        return self.outcome is Outcome.PROMOTED

    def summary(self) -> str:
        """What decided, in one line: the failed checks, or the last one."""
        failed = [reason.text for reason in self.reasons if not reason.passed]
        return f"{self.outcome}: {'; '.join(failed or [self.reasons[-1].text])}"


def decide(
    report: EvaluationReport, champion: ChampionComparison | None, policy: GatePolicy
) -> Decision:
    """Judge a candidate.

    It must stand on its own first: a hold-out that can judge, no score above the known ceiling,
    enough rows, a log loss below the baseline's beyond the interval, a cost that is not above the
    baseline's beyond it, and calibration and gaps between groups within their limits. Then it must
    beat the champion, if there is one, beyond the interval on the same rows; a tie keeps the
    champion.

    Args:
        report: The candidate on the hold-out.
        champion: The champion on the same rows; None if nothing serves yet.
        policy: The limits.

    Returns:
        The decision. Refused: the candidate failed on its own or is worse than the champion.
        Kept: it is sound, but not shown to be better.
    """
    own = _own_merits(report, policy)
    if not all(reason.passed for reason in own):
        return Decision(
            outcome=Outcome.REFUSED, registered=False, reasons=own, champion=champion, policy=policy
        )
    outcome, reason = _against(champion)
    return Decision(
        outcome=outcome, registered=True, reasons=(*own, reason), champion=champion, policy=policy
    )


def refuse_leaks(leakage: LeakageReport, test_share: float | None, min_test_rows: int) -> None:
    """Stop before anything is trained on a table that gives the outcome away.

    Args:
        leakage: What the guard found.
        test_share: Share of the rows that will be held out; None if cohorts are divided.
        min_test_rows: Rows of the hold-out that the gate wants.

    Raises:
        LeakageError: The guard found a leak; the message has every reason against the table.
    """
    if not leakage.leaks:
        return
    reasons = [finding.text for finding in leakage.leaks]
    held_out = round(leakage.rows * (test_share or 0))
    if test_share is not None and held_out < min_test_rows:
        reasons.append(
            f"The table has {leakage.rows:,} rows: about {held_out:,} would judge a model, and"
            f" {min_test_rows:,} are needed to prove anything."
        )
    listed = "\n".join(f"  ✗ {reason}" for reason in reasons)
    raise LeakageError(
        f"Refused before a model was trained, since its score would mean nothing:\n{listed}",
        f"python run.py dataset check FILE --dataset {leakage.dataset}",
    )


def _own_merits(report: EvaluationReport, policy: GatePolicy) -> tuple[Reason, ...]:
    ceiling = (_below_ceiling(report.ceiling),) if report.ceiling else ()
    return (
        Reason(
            check="valid",
            passed=not report.problems,
            text="; ".join(report.problems) or "the data keep their contract and no leak was found",
        ),
        *ceiling,
        Reason(
            check="enough rows",
            passed=report.n_test >= policy.min_test_rows,
            text=f"the hold-out has {report.n_test:,} rows, {policy.min_test_rows:,} are needed",
        ),
        Reason(
            check="beats the baseline",
            passed=report.log_loss_gain.low > 0,
            text=f"log loss is {_by(report.log_loss_gain)} than always saying the average risk",
        ),
        _cost(report),
        _calibration(report.scores["calibration_error"], policy.max_calibration_error),
        *_fairness(report, policy.max_group_gap),
    )


def _below_ceiling(ceiling: Ceiling) -> Reason:
    excess = _by(ceiling.log_loss_excess, "higher", "lower")
    text = f"log loss is {excess} than that of the known truth, which no honest model can beat"
    if ceiling.exceeded:
        text += f" (accuracy bound {ceiling.accuracy_bound:.3f}): something leaks"
    return Reason(check="below the ceiling", passed=not ceiling.exceeded, text=text)


def _cost(report: EvaluationReport) -> Reason:
    gain, policy = report.cost_gain, report.setup.threshold.policy
    if (policy.missed, policy.false_alarm, policy.capacity) == (1, 1, None):
        text = f"accuracy is {_by(gain, 'higher', 'lower')} than the majority's"
    else:
        text = f"the cost per student is {_by(gain)} than that of treating all students alike"
    return Reason(check="cost", passed=gain.high >= 0, text=text)


def _calibration(error: Estimate, limit: float) -> Reason:
    text = f"predicted and observed risk differ by {error.text()} on average; {limit:g} is allowed"
    return Reason(check="calibration", passed=error.low <= limit, text=text)


def _fairness(report: EvaluationReport, limit: float) -> tuple[Reason, ...]:
    if not report.fairness:
        return ()
    broken = violations(report.fairness, limit)
    if broken:
        return tuple(Reason(check="fairness", passed=False, text=text) for text in broken)
    gaps = [gap for audit in report.fairness for gap in audit.gaps]
    names = " and ".join(audit.attribute for audit in report.fairness)
    text = f"no gap between groups of {names} is shown to be above {limit:g}"
    if not any(gap.sufficient for gap in gaps):
        text = f"the groups of {names} are too small to judge gaps between them (insufficient n)"
    elif small := [gap.rate.replace("_", " ") for gap in gaps if not gap.sufficient]:
        text += f"; too few students to judge the {' and the '.join(small)} (insufficient n)"
    return (Reason(check="fairness", passed=True, text=text),)


def _against(champion: ChampionComparison | None) -> tuple[Outcome, Reason]:
    check = "beats the champion"
    if champion is None:
        text = "there is no champion yet, so the first sound model serves"
        return Outcome.PROMOTED, Reason(check=check, passed=True, text=text)
    name = f"champion (version {champion.version})"
    if champion.same_model:
        text = f"this model is the {name} already"
        return Outcome.PROMOTED, Reason(check=check, passed=True, text=text)
    if champion.log_loss_gain is None:
        text = f"the {name} stays until a person decides: {champion.obstacle}"
        return Outcome.KEPT, Reason(check=check, passed=False, text=text)
    gain = champion.log_loss_gain
    text = f"log loss is {_by(gain)} than that of the {name} on the same {gain.n:,} rows"
    if gain.low > 0:
        return Outcome.PROMOTED, Reason(check=check, passed=True, text=text)
    if gain.high < 0:
        return Outcome.REFUSED, Reason(check=check, passed=False, text=text)
    text = f"{text}: no difference is shown, and a tie keeps the champion"
    return Outcome.KEPT, Reason(check=check, passed=False, text=text)


def _by(gain: Estimate, better: str = "lower", worse: str = "higher") -> str:
    """`0.197 [0.175, 0.221] lower`; the interval keeps its sign where it holds zero."""
    word, sign = (better, 1) if gain.value >= 0 else (worse, -1)
    low, high = sorted((sign * gain.low, sign * gain.high))
    return f"{abs(gain.value):.4f} [{low:.4f}, {high:.4f}] {word}"
