"""Champion beside challenger on the same students: who gets which, and what came of it."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field
from scipy import stats

from student_performance.config import IntervalConfig
from student_performance.dataset import AT_RISK
from student_performance.metrics import Estimate, Floats, log_losses, paired_gain
from student_performance.strict import Strict

Arm = Literal["champion", "challenger"]
_BROKEN = 0.001  # p-value below which the shares of the arms are no chance (Fabijan et al. 2019)


class Mode(StrEnum):
    """What the challenger may do."""

    SHADOW = "shadow"  # it is asked about every student, and nobody is told
    SPLIT = "split"  # it answers for its share of the students


class ExperimentPolicy(Strict):
    """How an experiment is run.

    Attributes:
        mode: What the challenger may do.
        share: Share of the students for whom it answers, in the mode `split`.
        min_students: Students with an outcome that a verdict needs, in each arm.
        level: Confidence level of the interval.
    """

    mode: Mode = Mode.SHADOW
    share: float = Field(default=0.5, gt=0, lt=1)
    min_students: int = Field(default=500, ge=30)
    level: float = Field(default=0.95, gt=0.5, lt=1)


class Experiment(Strict):
    """One experiment, from its start; nothing of it changes.

    Attributes:
        id: Names it; also the key of the assignment.
        dataset: The registered model.
        champion: Version that serves.
        challenger: Version that is tried.
        policy: How it is run.
        started: In UTC.
        by: Who started it.
    """

    id: str
    dataset: str
    champion: str
    challenger: str
    policy: ExperimentPolicy
    started: datetime
    by: str


class Decision(Strict):
    """What one student was told in an experiment, and by which version.

    Attributes:
        student: Pseudonym of the student, within the experiment.
        arm: Whose answer it was.
        version: The version behind the arm.
        risk: What it said.
        flagged: Whether that reached its threshold.
        shadow_risk: What the challenger would have said, in the mode `shadow`.
    """

    student: str
    arm: Arm
    version: str
    risk: float
    flagged: bool
    shadow_risk: float | None = None


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


def named(key: Sequence[object]) -> str:
    """One text for what names a row: a student, or a student in a cohort."""
    return "\x1f".join(map(str, key))


def assigned(experiment: Experiment, student: str) -> Arm:
    """Who answers for a student: always the same in one experiment, and nobody can foresee it.

    A keyed hash (HMAC-SHA256) is a coin that needs no memory: services that know the experiment
    agree without asking each other.
    """
    if experiment.policy.mode is Mode.SHADOW:
        return "champion"
    digest = hmac.new(experiment.id.encode(), b"arm:" + student.encode(), hashlib.sha256).digest()
    drawn = int.from_bytes(digest[:8], "big") / 2**64
    return "challenger" if drawn < experiment.policy.share else "champion"


def pseudonym(experiment: Experiment, student: str) -> str:
    """Names a student in the log of one experiment, and only there.

    The key is in the log beside it: it keeps identifiers out of a table that is looked at, and does
    not protect against somebody who has both the log and a list of all students.
    """
    key = experiment.id.encode()
    return hmac.new(key, b"student:" + student.encode(), hashlib.sha256).hexdigest()[:20]


def compare(
    experiment: Experiment, decisions: pd.DataFrame, outcomes: pd.DataFrame | None
) -> Comparison:
    """What the decisions of an experiment and the outcomes say so far.

    Of a student who was asked about several times, the first decision counts: later ones may
    know more. In the mode `shadow` both versions are compared on the same students (paired
    bootstrap), in the mode `split` the means of both arms (normal interval, Welch).

    Args:
        experiment: The experiment.
        decisions: The fields of `Decision`, in the order in which they were made.
        outcomes: `student` (the pseudonym) and `at_risk`; None before any are known.
    """
    first = decisions.drop_duplicates("student")
    known = first.iloc[:0].assign(**{AT_RISK: 0})
    if outcomes is not None:
        known = first.merge(outcomes, on="student", how="inner")
    shadow = experiment.policy.mode is Mode.SHADOW
    students, labelled = _sizes(first, shadow), _sizes(known, shadow)
    mismatch = None if shadow else _mismatch(students, experiment.policy.share)
    gain = (_paired if shadow else _between)(known, experiment.policy.level)
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


def _sizes(rows: pd.DataFrame, shadow: bool) -> dict[Arm, int]:
    if shadow:
        return {"champion": len(rows), "challenger": int(rows["shadow_risk"].notna().sum())}
    return {arm: int((rows["arm"] == arm).sum()) for arm in ("champion", "challenger")}


def _mismatch(students: dict[Arm, int], share: float) -> float:
    total = sum(students.values())
    if not total:
        return 1.0
    return float(stats.binomtest(students["challenger"], total, share).pvalue)


def _paired(known: pd.DataFrame, level: float) -> Estimate | None:
    both = known[known["shadow_risk"].notna()]
    if len(both) < 2:
        return None
    y = both[AT_RISK].to_numpy(copy=True)
    ours = log_losses(y, both["shadow_risk"].to_numpy(dtype=np.float64))
    theirs = log_losses(y, both["risk"].to_numpy(copy=True))
    return paired_gain(ours, theirs, IntervalConfig(level=level))


def _between(known: pd.DataFrame, level: float) -> Estimate | None:
    losses: dict[str, Floats] = {
        str(arm): log_losses(rows[AT_RISK].to_numpy(copy=True), rows["risk"].to_numpy(copy=True))
        for arm, rows in known.groupby("arm")
    }
    if len(losses) < 2 or min(map(len, losses.values())) < 2:
        return None
    theirs, ours = losses["champion"], losses["challenger"]
    found = stats.ttest_ind(theirs, ours, equal_var=False).confidence_interval(level)
    value = float(theirs.mean() - ours.mean())
    return Estimate(value=value, low=float(found.low), high=float(found.high), n=len(known))


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
    difference = f"log loss differs by {gain.text(4)} in favour of the challenger"
    if gain.low > 0:
        return "challenger", f"The challenger is better: {difference}."
    if gain.high < 0:
        return "champion", f"The champion is better: {difference}."
    return "no difference", f"No difference is shown ({difference}); a tie keeps the champion."
