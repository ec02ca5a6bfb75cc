"""What a request holds: a model of the students that the contract of a version describes."""

from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from student_performance.contract import Column, DatasetConfig, Role
from student_performance.dataset import features_of
from student_performance.derive import derived
from student_performance.drift import FeatureReference
from student_performance.models import risk
from student_performance.predictor import Predictor
from student_performance.scoring import typical, unlabelled

_EXACT = 2**53  # from here on a float no longer tells two whole numbers apart


class Students:
    """The requests that a version can answer.

    Args:
        contract: The contract of the version.
        reference: Its training part, which the example in the documentation is from.
        most: Students in a request.
    """

    def __init__(
        self, contract: DatasetConfig, reference: tuple[FeatureReference, ...], most: int
    ) -> None:
        self._contract = unlabelled(contract)
        middle = typical(reference)
        self._example: dict[str, Any] = {
            n: _example(n, c, middle) for n, c in self._contract.columns.items()
        }
        # A name of a column may be none that Python allows, so it is an alias.
        fields: dict[str, Any] = {
            f"column_{place}": _field(name, column)
            for place, (name, column) in enumerate(self._contract.columns.items())
        }
        config = ConfigDict(
            extra="forbid", strict=True, json_schema_extra={"example": self._example}
        )
        self.student: type[BaseModel] = create_model("Student", __config__=config, **fields)
        listed = Annotated[list[self.student], Field(min_length=1, max_length=most)]  # type: ignore[name-defined]
        self.batch: type[BaseModel] = create_model(
            "Students", __config__=ConfigDict(extra="forbid", strict=True), students=(listed, ...)
        )
        self._names = {f"column_{i}": name for i, name in enumerate(self._contract.columns)}

    @cached_property
    def one(self) -> TypeAdapter[Any]:
        """Reads one student from JSON."""
        return TypeAdapter(self.student)

    @cached_property
    def many(self) -> TypeAdapter[Any]:
        """Reads a list of students from JSON."""
        return TypeAdapter(self.batch)

    @property
    def of_groups(self) -> tuple[str, ...]:
        """Features that only a complete group has: no student can be asked about alone."""
        features = self._contract.features.items()
        return tuple(n for n, c in features if c.rank_within or c.share_of_largest_in)

    def table(self, students: list[Any]) -> pd.DataFrame:
        """Students as the model sees them, in their order.

        Args:
            students: Instances of `student`.
        """
        cells = {
            name: _column([getattr(student, place) for student in students], column)
            for (place, name), column in zip(
                self._names.items(), self._contract.columns.values(), strict=True
            )
        }
        if any(column.derivation for column in self._contract.features.values()):
            return derived(pd.DataFrame(cells), self._contract)
        return pd.DataFrame(cells)

    def try_out(self, predictor: Predictor) -> None:
        """Ask about the example, so that no caller waits for what the first answer prepares."""
        student = self.one.validate_python(self._example)
        risk(predictor.model, features_of(self.table([student]), predictor.contract))

    @property
    def fields(self) -> tuple[str, ...]:
        """What a student of a request has."""
        return tuple(self._contract.columns)

    def identifiers(self, students: list[Any]) -> list[str | None]:
        """Who the students are; nobody, where the contract names none."""
        id_column = self._contract.id_column
        place = next((place for place, name in self._names.items() if name == id_column), None)
        return [getattr(student, place) if place else None for student in students]


def _field(name: str, column: Column) -> Any:
    kind: Any
    limits: dict[str, Any] = {}
    if column.categories is not None:
        kind = Literal[column.categories]
    elif not column.is_number:
        kind, limits = str, {"min_length": 1, "max_length": 200}
        if column.role is Role.ID:
            limits["pattern"] = r"^\S(.*\S)?$"  # ` S1` and `S1` would be two students
    else:
        whole = column.kind == "integer"
        kind = int if whole else float
        limits = {"gt": -_EXACT, "lt": _EXACT} if whole else {"allow_inf_nan": False}
        limits |= {} if column.minimum is None else {"ge": column.minimum}
        limits |= {} if column.maximum is None else {"le": column.maximum}
    described = Field(alias=name, description=column.label or None, **limits)
    if column.nullable:
        return Annotated[kind | None, described], None
    return Annotated[kind, described], ...


def _column(cells: list[Any], column: Column) -> Any:
    """Cells as numbers, empty ones too, or as they are."""
    return np.array(cells, dtype=np.float64) if column.is_number else cells


def _example(name: str, column: Column, middle: dict[str, float | str]) -> float | str:
    if column.role is Role.ID:
        return "S1"
    if column.categories is not None:
        return middle.get(name, column.categories[0])
    if not column.is_number:
        return "A"
    known = 0.0 if column.derivation else float(middle.get(name, column.minimum or 0.0))
    return int(known) if column.kind == "integer" else known
