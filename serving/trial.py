"""Experiments in the service: the challenger beside the champion, every decision in the log."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from serving.answers import Answer, StudentRisk, answer
from serving.champion import Serving
from serving.settings import ServiceSettings
from serving.students import Student
from student_performance.contract import DatasetConfig
from student_performance.decision_log import DecisionLog
from student_performance.errors import ProductError
from student_performance.experiment import (
    Decision,
    Experiment,
    Mode,
    assigned,
    named,
    pseudonym,
)

_log = logging.getLogger("serving")


@dataclass(frozen=True)
class Trial:
    """An experiment that runs, and its challenger."""

    experiment: Experiment
    challenger: Serving


class Trials:
    """Follows the log of experiments.

    The champion answers alone, and `trouble` says so, if the log or the challenger cannot be
    reached: nobody is part of an experiment whose decision is not kept.

    Args:
        settings: The service's.
        load: Prepares a version by its number.
    """

    def __init__(self, settings: ServiceSettings, load: Callable[[str], Serving]) -> None:
        self._dataset, self._load = settings.dataset, load
        self._log = DecisionLog()
        self.trial: Trial | None = None
        self.trouble: str | None = None

    def refresh(self) -> None:
        """Look once which experiment runs."""
        try:
            running = self._log.current(self._dataset)
            if running is None:
                self.trial = None
            elif self.trial is None or self.trial.experiment.id != running.id:
                self.trial = Trial(running, self._load(running.challenger))
                _log.warning("Experiment %s: version %s beside %s", running.id[:8],
                             running.challenger, running.champion)  # fmt: skip
            self.trouble = None
        except Exception as error:  # whatever it is, the champion goes on
            told = error.message if isinstance(error, ProductError) else repr(error)
            if told != self.trouble:
                _log.warning("%s The champion answers alone.", told)
            self.trial, self.trouble = None, told

    def answer(self, serving: Serving, students: Sequence[Student], why: bool) -> Answer:
        """Answer as the experiment says, if one runs about the version that serves."""
        trial = self.trial
        if trial is None or trial.experiment.champion != serving.number:
            return answer(serving, students, why)
        names = _names(students, serving.predictor.contract)
        if None in names:
            return answer(serving, students, why)
        known = [str(name) for name in names]
        try:
            found, decisions = _decided(trial, serving, students, known, why)
            if self._log.record(trial.experiment, decisions):
                return found
            self.trial = None  # it was stopped a moment ago
        except Exception as error:  # of the log or the challenger; the champion is not touched
            told = error.message if isinstance(error, ProductError) else repr(error)
            self.trial, self.trouble = None, told
            _log.exception("The experiment is left; the champion answers alone")
        return answer(serving, students, why)


def _names(students: Sequence[Student], contract: DatasetConfig) -> list[str | None]:
    key = contract.row_key
    return [
        named([student[part] for part in key]) if key and all(student.get(k) for k in key) else None
        for student in students
    ]


def _decided(
    trial: Trial, serving: Serving, students: Sequence[Student], names: Sequence[str], why: bool
) -> tuple[Answer, list[Decision]]:
    experiment = trial.experiment
    arms = [assigned(experiment, name) for name in names]
    ours = answer(serving, students, why)
    shadow = experiment.policy.mode is Mode.SHADOW
    if not shadow and "challenger" not in arms:
        theirs = ours.students
    else:  # of whole groups, features are ranks: both see all students of a request
        theirs = answer(trial.challenger, students, why).students
    told: list[StudentRisk] = [
        other if arm == "challenger" else own
        for arm, own, other in zip(arms, ours.students, theirs, strict=True)
    ]
    decisions = [
        Decision(
            student=pseudonym(experiment, name), arm=arm, version=one.version, risk=one.risk,
            flagged=one.flagged, shadow_risk=other.risk if shadow else None,
        )
        for name, arm, one, other in zip(names, arms, told, theirs, strict=True)
    ]  # fmt: skip
    return ours.model_copy(update={"students": tuple(told)}), decisions
