"""Keeps what trainings have left, so that several tests can begin after them."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Trainings = tuple[tuple[str, ...], ...]


@dataclass
class Shelf:
    """Folders of a user as trainings have left them, by the options of these trainings."""

    folder: Path
    outcomes: dict[Trainings, Any] = field(default_factory=dict)

    def longest(self, trainings: Trainings) -> Trainings:
        """The first ones of these trainings that are kept."""
        kept = (trainings[:end] for end in range(len(trainings), 0, -1))
        return next((first for first in kept if first in self.outcomes), ())

    def keep(self, trainings: Trainings, last: Any, user: Path) -> None:
        self.outcomes[trainings] = last
        shutil.copytree(user, self._place(trainings))

    def put_back(self, trainings: Trainings, user: Path) -> None:
        shutil.rmtree(user)
        shutil.copytree(self._place(trainings), user)

    def _place(self, trainings: Trainings) -> Path:
        return self.folder / str(list(self.outcomes).index(trainings))
