"""What the service answers, and how it comes to it."""

from collections.abc import Sequence

import numpy as np

from serving.champion import Serving
from serving.students import Student
from student_performance.dataset import features_of
from student_performance.models import risk
from student_performance.scoring import reasons
from student_performance.strict import Strict


class StudentRisk(Strict):
    """The risk of a student.

    Attributes:
        student: Who it is, as it was asked; None where the contract names nobody.
        risk: Chance of being at risk, from 0 to 1.
        flagged: Whether the risk reaches the threshold.
        reasons: What moves the risk most, in points of percent; only if it was asked for.
        version: The version that gave the risk: in an experiment, maybe not the champion.
    """

    student: str | None
    risk: float
    flagged: bool
    reasons: str | None
    version: str


class Answer(Strict):
    """Risks, each from one version.

    Attributes:
        model: Name of the registered model.
        version: The version that serves.
        threshold: Risk from which on it flags a student.
        students: The students in the order in which they were asked about.
    """

    model: str
    version: str
    threshold: float
    students: tuple[StudentRisk, ...]


def answer(serving: Serving, students: Sequence[Student], why: bool) -> Answer:
    """Score the students of a request.

    Args:
        serving: The version that answers.
        students: What its adapters have read.
        why: Whether reasons are asked for.
    """
    predictor = serving.predictor
    table, limit = serving.students.table(students), predictor.version.threshold.value
    features = features_of(table, predictor.contract)
    risks = risk(predictor.model, features)
    texts = (
        reasons(predictor.model, features, risks, predictor.reference).tolist()
        if why
        else [None] * len(risks)
    )
    who = serving.students.identifiers(students)
    told = zip(who, risks.tolist(), np.asarray(risks >= limit).tolist(), texts, strict=True)
    return Answer(
        model=predictor.version.name,
        version=serving.number,
        threshold=limit,
        students=tuple(
            StudentRisk.model_construct(
                student=s, risk=r, flagged=f, reasons=t, version=serving.number
            )
            for s, r, f, t in told
        ),
    )
