"""The version that answers, and how it is swapped when another one serves."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from serving.matrix import without_frames
from serving.settings import ServiceSettings
from serving.students import Students
from student_performance.audit import Alias
from student_performance.dataset import features_of
from student_performance.errors import ProductError
from student_performance.models import risk
from student_performance.predictor import Predictor, load_predictor, load_version
from student_performance.registry import Registry, Store, answering

_log = logging.getLogger("serving")


@dataclass(frozen=True)
class Serving:
    """One version and the requests that it can answer. A request takes it once and keeps it."""

    predictor: Predictor
    students: Students

    @property
    def number(self) -> str:
        """Number of the version."""
        return self.predictor.version.number


def _prepared(predictor: Predictor, most: int) -> Serving:
    """Try a version on an example, so that no caller waits for what a first answer prepares."""
    students = Students(predictor.contract, predictor.reference, most)
    example = features_of(students.example(), predictor.contract)
    ready = replace(predictor, model=without_frames(predictor.model, example))
    risk(ready.model, example)
    return Serving(ready, students)


class Champion:
    """Follows the alias `champion` of a model.

    A new version is loaded, checked and tried aside, and then takes the place of the old one in one
    assignment. If that fails, or the registry is away, the old one goes on, and `trouble` says so.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self.also: Callable[[], None] = lambda: None  # done after each look
        self._thread = threading.Thread(target=self._follow, name="champion", daemon=True)
        self.serving: Serving | None = None
        self.trouble: str | None = "The registry was not asked yet."
        self.settled = False  # a version is loaded, and what is done after a look was done

    def start(self) -> None:
        """Begin to follow the alias, in a thread of its own: the first look is part of it."""
        self._thread.start()

    def stop(self) -> None:
        """Follow it no longer; a look that waits for the registry is not waited for."""
        self._stop.set()

    def refresh(self) -> None:
        """Ask the registry once, and swap if it names another version."""
        before = self.trouble
        try:
            self.trouble = self._look()
        except ProductError as error:
            self.trouble = error.message
        except Exception as error:  # whatever it is, the version that is loaded goes on
            self.trouble = f"{type(error).__name__}: {error}"
            _log.exception("The champion cannot be followed")
        if self.trouble and self.trouble != before:
            _log.warning("%s %s", self.trouble, self._goes_on())
        self.also()
        self.settled = self.serving is not None

    def load(self, number: str) -> Serving:
        """Another version of the model, checked and tried as the champion is."""
        with answering(self._store):
            predictor = load_version(self._store, self._settings.dataset, number)
        return _prepared(predictor, self._settings.max_students)

    def _look(self) -> str | None:
        name = self._settings.dataset
        with answering(self._store):
            number = Registry(self._store).aliases(name).get(Alias.CHAMPION)
            if self.serving is not None and number in (None, self.serving.number):
                return None if number else f"No version of {name} is the champion any more."
            predictor = load_predictor(self._store, name)
        self.serving = _prepared(predictor, self._settings.max_students)
        _log.warning("Version %s of %s serves now", predictor.version.number, name)
        return None

    def _goes_on(self) -> str:
        return f"Version {self.serving.number} goes on." if self.serving else ""

    @cached_property
    def _store(self) -> Store:
        return Store(self._settings.tracking_uri)

    def _follow(self) -> None:
        self.refresh()
        while not self._stop.wait(self._settings.refresh_seconds):
            self.refresh()
