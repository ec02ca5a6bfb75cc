"""What a request holds: a model of the students that the contract of a version describes."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NotRequired

import numpy as np
import pandas as pd
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from student_performance.contract import Column, DatasetConfig, Role
from student_performance.derive import derived, of_groups
from student_performance.drift import FeatureReference
from student_performance.scoring import typical, unlabelled

_EXACT = 2**53  # from here on a float no longer tells two whole numbers apart
Student = Mapping[str, Any]
Batch = Mapping[str, Sequence[Student]]


class Students:
    """The requests that a version can answer.

    Attributes:
        one: Reads one student from JSON, `many` a list of them.

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
        self._columns = self._contract.columns
        self._example = {n: _example(n, c, middle) for n, c in self._columns.items()}
        fields = {name: _field(column) for name, column in self._columns.items()}
        student = _read_as("Student", fields, json_schema_extra={"example": self._example})
        listed = Annotated[list[student], Field(min_length=1, max_length=most)]  # type: ignore[valid-type]
        self.one: TypeAdapter[Student] = TypeAdapter(student)
        self.many: TypeAdapter[Batch] = TypeAdapter(_read_as("Students", {"students": listed}))

    @property
    def of_groups(self) -> tuple[str, ...]:
        """Features that only a complete group has: no student can be asked about alone."""
        return of_groups(self._contract)

    def table(self, students: Sequence[Student]) -> pd.DataFrame:
        """Students as the model sees them, in their order."""
        frame = pd.DataFrame(
            {name: _cells(students, name, column) for name, column in self._columns.items()}
        )
        derivations = any(column.derivation for column in self._contract.features.values())
        return derived(frame, self._contract) if derivations else frame

    def example(self) -> pd.DataFrame:
        """A made-up student as the model sees it, shape (1, columns)."""
        return self.table([self.one.validate_python(self._example)])

    @property
    def fields(self) -> tuple[str, ...]:
        """What a student of a request has."""
        return tuple(self._columns)

    def identifiers(self, students: Sequence[Student]) -> list[str | None]:
        """Who the students are; nobody, where the contract names none."""
        return [student.get(self._contract.id_column) for student in students]


def _read_as(name: str, fields: dict[str, Any], **config: Any) -> Any:
    """What JSON is read as: dictionaries, in less time than objects of a class; any name goes."""
    make: Any = TypedDict  # whose fields a type checker wants to see written out
    made = make(name, fields)
    made.__pydantic_config__ = {"extra": "forbid", "strict": True} | config
    return made


def _field(column: Column) -> Any:
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
    described = Field(description=column.label or None, **limits)
    if column.nullable:
        return NotRequired[Annotated[kind | None, described]]
    return Annotated[kind, described]


def _cells(students: Sequence[Student], name: str, column: Column) -> Any:
    """Cells as numbers, empty ones too, or as they are."""
    cells = [student.get(name) for student in students]
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
