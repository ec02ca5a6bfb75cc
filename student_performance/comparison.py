"""What an experiment says: which of two versions foretold better, and how sure that is."""

from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from student_performance.dataset import AT_RISK
from student_performance.experiment import ARMS, Arm, Experiment, ExperimentRecord, Mode
from student_performance.metrics import Estimate, log_losses
from student_performance.resampling import Floats
from student_performance.strict import Strict

_BROKEN = 0.001  # p-value below which the shares of the arms are no chance (Fabijan et al. 2019)
_STEPS = 20
_FIRST = 30  # students with an outcome before an interval is drawn


class Comparison(Strict):
    """Champion and challenger by what came true.

    Attributes:
        students: Students in each arm, by name; in the mode `shadow` all are in both.
        labelled: Those of them whose outcome is known.
        flagged: Share of flagged students in each arm.
        mismatch: P-value of the shares of the arms; None in the mode `shadow`.
        gain: Log loss of the champion minus that of the challenger; None below 2 students.
        verdict: In a word.
        text: In a sentence.
    """

    students: dict[Arm, int]
    labelled: dict[Arm, int]
    flagged: dict[Arm, float]
    mismatch: float | None
    gain: Estimate | None
    verdict: Literal["insufficient data", "broken", "challenger", "champion", "no difference"]
    text: str


class Step(Strict):
    """What the comparison said after some of the students.

    Attributes:
        students: Students with an outcome, in the order in which they were asked about.
        gain: As in `Comparison`.
    """

    students: int
    gain: Estimate


def compare(experiment: Experiment, decisions: pd.DataFrame, outcomes: pd.DataFrame) -> Comparison:
    """What the decisions of an experiment and the outcomes say so far.

    Of a student who was asked about several times, the first decision counts: later ones may
    know more. In the mode `shadow` both versions are compared on the same students (paired t
    interval), in the mode `split` the means of both arms (Welch's t interval).

    Args:
        experiment: The experiment.
        decisions: The fields of `Decision`, in the order in which they were made.
        outcomes: `student` (the pseudonym) and `at_risk`; no rows before any are known.
    """
    first = decisions.drop_duplicates("student")
    known = first.merge(outcomes, on="student", how="inner")
    shadow = experiment.policy.mode is Mode.SHADOW
    students, labelled = _sizes(first, shadow), _sizes(known, shadow)
    mismatch = None if shadow else _mismatch(students, experiment.policy.share)
    gain = _gain(experiment, known)
    verdict, text = _verdict(experiment, labelled, mismatch, gain)
    return Comparison(
        students=students,
        labelled=labelled,
        flagged={
            arm: float(rows["flagged"].mean()) for arm, rows in first.groupby("arm", sort=True)
        },
        mismatch=mismatch,
        gain=gain,
        verdict=verdict,
        text=text,
    )


def progress(
    experiment: Experiment, decisions: pd.DataFrame, outcomes: pd.DataFrame
) -> tuple[Step, ...]:
    """The interval as it was after fewer students; the last step is that of `compare`."""
    known = decisions.drop_duplicates("student").merge(outcomes, on="student", how="inner")
    if len(known) < _FIRST:
        return ()
    sizes = np.unique(np.linspace(_FIRST, len(known), _STEPS).astype(int))
    found = ((int(size), _gain(experiment, known[:size])) for size in sizes)
    return tuple(Step(students=size, gain=gain) for size, gain in found if gain is not None)


def next_command(
    record: ExperimentRecord, comparison: Comparison, serves: str | None = None
) -> str | None:
    """The command that follows from a verdict, if one does; `serves` is the champion by now."""
    experiment, verdict = record.experiment, comparison.verdict
    if verdict == "challenger" and serves == experiment.challenger:
        if record.ending is not None:
            return None
        command = 'experiment stop --reason "the challenger serves"'
    elif verdict == "challenger":
        reason = f"experiment {experiment.id[:8]}"
        command = f'promote {experiment.challenger} --reason "{reason}"'
    elif record.ending is not None:
        return None
    elif verdict == "broken":
        command = 'experiment stop --reason "the arms are not as large as they should be"'
    elif verdict == "champion":
        command = 'experiment stop --reason "the champion is better"'
    else:
        command = "experiment status --labels FILE"
    return f"python run.py {command} --dataset {experiment.dataset}"


def _sizes(rows: pd.DataFrame, shadow: bool) -> dict[Arm, int]:
    if shadow:
        return {"champion": len(rows), "challenger": int(rows["shadow_risk"].notna().sum())}
    return {arm: int((rows["arm"] == arm).sum()) for arm in ARMS}


def _mismatch(students: dict[Arm, int], share: float) -> float:
    total = sum(students.values())
    if not total:
        return 1.0
    return float(stats.binomtest(students["challenger"], total, share).pvalue)


def _gain(experiment: Experiment, known: pd.DataFrame) -> Estimate | None:
    level, y = experiment.policy.level, known[AT_RISK].to_numpy(dtype=np.int8)
    losses = log_losses(y, known["risk"].to_numpy(dtype=np.float64))
    if experiment.policy.mode is Mode.SHADOW:
        both = known["shadow_risk"].notna().to_numpy()
        others = log_losses(y[both], known["shadow_risk"][both].to_numpy(dtype=np.float64))
        return _estimate(losses[both] - others, level)
    theirs, ours = (losses[(known["arm"] == arm).to_numpy()] for arm in ARMS)
    return _estimate_between(theirs, ours, level)


def _estimate(gains: Floats, level: float) -> Estimate | None:
    """Mean of paired differences with Student's t interval."""
    if len(gains) < 2:
        return None
    value = low = high = float(gains.mean())
    if gains.std() > 0:
        found = stats.ttest_1samp(gains, 0.0).confidence_interval(level)
        low, high = float(found.low), float(found.high)
    return Estimate(value=value, low=low, high=high, n=len(gains))


def _estimate_between(theirs: Floats, ours: Floats, level: float) -> Estimate | None:
    """Difference of two means with Welch's t interval."""
    if min(len(theirs), len(ours)) < 2 or not theirs.var() + ours.var():
        return None
    found = stats.ttest_ind(theirs, ours, equal_var=False).confidence_interval(level)
    return Estimate(
        value=float(theirs.mean() - ours.mean()), low=float(found.low), high=float(found.high),
        n=len(theirs) + len(ours),
    )  # fmt: skip


def _verdict(
    experiment: Experiment, labelled: dict[Arm, int], mismatch: float | None, gain: Estimate | None
) -> tuple[str, str]:
    needed = experiment.policy.min_students
    if mismatch is not None and mismatch < _BROKEN:
        return "broken", (
            f"The arms are not as large as they should be (p = {mismatch:.1g}): something else than"
            " the assignment decided who is in which, so nothing can be concluded."
        )
    if gain is None or min(labelled.values()) < needed:
        return "insufficient data", (
            f"{min(labelled.values()):,} students of the smaller arm have an outcome,"
            f" {needed:,} are needed before anything is concluded."
        )
    if gain.low > 0:
        return "challenger", f"The challenger is better: its log loss is lower by {gain.text(4)}."
    if gain.high < 0:
        less = gain.model_copy(update={"value": -gain.value, "low": -gain.high, "high": -gain.low})
        return "champion", f"The champion is better: its log loss is lower by {less.text(4)}."
    return "no difference", (
        f"No difference is shown: the challenger's log loss is lower by {gain.text(4)}, which may"
        " be nothing; a tie keeps the champion."
    )
