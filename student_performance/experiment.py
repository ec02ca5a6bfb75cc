"""Champion beside challenger on the same students: who gets which."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from student_performance.strict import Strict

Arm = Literal["champion", "challenger"]
ARMS: tuple[Arm, Arm] = ("champion", "challenger")


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


class Ending(Strict):
    """How an experiment ended.

    Attributes:
        at: In UTC.
        by: Who stopped it.
        reason: Why.
    """

    at: datetime
    by: str
    reason: str


class ExperimentRecord(Strict):
    """An experiment in the log.

    Attributes:
        experiment: What was started.
        ending: How it ended; None while it runs.
    """

    experiment: Experiment
    ending: Ending | None


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
