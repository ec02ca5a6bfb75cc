"""The contract of a table: what each column holds, may be used for, and when it is known."""

import re
from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from student_performance.errors import nearest
from student_performance.strict import Strict
from student_performance.target import Target
from student_performance.world import HABITS, World

ROW_NUMBER = "row_number"  # names the student where a table has no identifier
RETURNING = "returning_student"  # in a hold-out by cohort: was in an earlier cohort too


Redundancy = Literal["same column twice", "adds up", "functional dependency"]


class Role(StrEnum):
    """What a column may be used for."""

    ID = "id"
    COHORT = "cohort"
    FEATURE = "feature"
    SENSITIVE = "sensitive"
    CONTEXT = "context"
    OUTCOME = "outcome"


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    CATEGORY = "category"
    INTEGER = "integer"
    NUMBER = "number"


class Column(Strict):
    """One column of the contract.

    Attributes:
        role: What the column may be used for; only `feature` columns reach a model. `context` is
            read, but only serves to derive features, or is left unused.
        kind: What its cells hold.
        known: Whether a feature is known `before` the prediction is made; `after` is a leak.
        minimum: Smallest allowed value of a number.
        maximum: Largest allowed value of a number.
        categories: All allowed values of a category.
        nullable: Whether a cell may be empty.
        label: The column in plain words, with its unit.
        risk: Whether the risk `falls` or `rises` with the value, where that is certain.
        share_of: Column to divide by, so that the model sees a share.
        share_of_largest_in: Column whose groups give the divisor: their largest value.
        rank_within: Column within whose groups the model sees the rank, from 0 to 1.
        term: Regular expression whose first group is what orders a cohort in time.
    """

    role: Role
    kind: Kind
    known: Literal["before", "after"] | None = None
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | None = None
    nullable: bool = False
    label: str = ""
    risk: Literal["falls", "rises"] | None = None
    share_of: str | None = None
    share_of_largest_in: str | None = None
    rank_within: str | None = None
    term: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether the cells are numbers."""
        return self.kind in (Kind.INTEGER, Kind.NUMBER)

    @property
    def derivation(self) -> str:
        """How the model's value is derived from the cell; empty if it is the cell."""
        ways = {
            "share_of": self.share_of,
            "share_of_largest_in": self.share_of_largest_in,
            "rank_within": self.rank_within,
        }
        return "".join(f" {way} {column}" for way, column in ways.items() if column)

    @model_validator(mode="after")
    def _limits_fit_kind(self) -> "Column":
        if (self.kind is Kind.CATEGORY) != (self.categories is not None):
            raise ValueError("`categories` belongs to kind `category`, and to no other")
        if not self.is_number and (self.minimum, self.maximum) != (None, None):
            raise ValueError("`minimum` and `maximum` belong to kinds `integer` and `number`")
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            raise ValueError(f"`minimum` {self.minimum:g} is not below `maximum` {self.maximum:g}")
        return self

    @model_validator(mode="after")
    def _use_fits_role(self) -> "Column":
        if self.role is Role.FEATURE and self.kind is Kind.TEXT:
            raise ValueError("a feature is a `number`, an `integer` or a `category`, not `text`")
        if self.role is Role.FEATURE and self.known is None:
            raise ValueError(
                "a feature says when it is known: `known: before` if it is known before the"
                " prediction is made, `known: after` if it is not (then it is a leak)"
            )
        derived = [self.share_of, self.share_of_largest_in, self.rank_within]
        if any(derived) and (self.role is not Role.FEATURE or not self.is_number):
            raise ValueError("only a feature that is a number can be a share or a rank")
        if sum(way is not None for way in derived) > 1:
            raise ValueError("a feature is a share or a rank, not both")
        if self.risk and not (self.role is Role.FEATURE and self.is_number):
            raise ValueError("`risk` belongs to a feature that is a number")
        if self.term is not None:
            self._check_term()
        return self

    def _check_term(self) -> None:
        if self.role is not Role.COHORT:
            raise ValueError("`term` belongs to the role `cohort`")
        try:
            groups = re.compile(str(self.term)).groups
        except re.error as error:
            raise ValueError(f"`term` is no regular expression: {error}") from None
        if groups != 1:
            raise ValueError("`term` needs exactly one group: the part that orders the cohorts")

    def allowed(self) -> str:
        """The allowed values in words."""
        if self.categories is not None:
            return "one of " + ", ".join(self.categories)
        if not self.is_number:
            return "any text"
        noun = "a whole number" if self.kind is Kind.INTEGER else "a number"
        if self.minimum is not None and self.maximum is not None:
            return f"{noun} from {self.minimum:g} to {self.maximum:g}"
        if self.minimum is not None:
            return f"{noun} of at least {self.minimum:g}"
        return f"{noun} of at most {self.maximum:g}" if self.maximum is not None else noun


class DatasetConfig(Strict):
    """What a table means. Feature lists are derived from the roles, never written by hand.

    Attributes:
        name: Name of the data set, and of its experiment and registered model.
        description: One sentence about where the rows come from.
        file: Path from the project's folder, or an `s3://` address.
        separator: What stands between two cells.
        decimal: What stands before the decimals.
        encoding: How the text is encoded.
        columns: The contract, by column name.
        target: The rule that tells a pass.
        accepted: Kinds of redundancy between features that somebody has looked into: they are shown
            as suspicions and do not stop a training.
        world: The process that made the rows, where they are simulated; it gives the best score
            that any model can reach.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str
    file: str
    separator: str = Field(default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"
    columns: dict[str, Column]
    target: Target
    accepted: tuple[Redundancy, ...] = ()
    world: World | None = None

    def with_role(self, role: Role) -> tuple[str, ...]:
        """Names of the columns with a role, in the order of the contract."""
        return tuple(name for name, column in self.columns.items() if column.role is role)

    @property
    def id_column(self) -> str:
        """The column that names the student; the row number where the table has none."""
        return (*self.with_role(Role.ID), ROW_NUMBER)[0]

    @property
    def cohort_column(self) -> str | None:
        """The column that says when a student took part; None if there is none."""
        return next(iter(self.with_role(Role.COHORT)), None)

    @property
    def row_key(self) -> tuple[str, ...]:
        """The columns that together name a row: the student, within a cohort where there is one."""
        key = self.with_role(Role.ID)
        return key + self.with_role(Role.COHORT) if key else ()

    @property
    def features(self) -> dict[str, Column]:
        """The columns that a model may see."""
        return {name: self.columns[name] for name in self.with_role(Role.FEATURE)}

    @model_validator(mode="after")
    def _roles_are_complete(self) -> "DatasetConfig":
        for role in (Role.ID, Role.COHORT):
            if len(self.with_role(role)) > 1:
                raise ValueError(f"at most one column has the role `{role}`")
        for name in self.with_role(Role.ID):
            identifier = self.columns[name]
            if identifier.kind is not Kind.TEXT or identifier.nullable:
                # A number may be written in several ways, and the split hashes what is written.
                raise ValueError("the `id` column has the kind `text` and no empty cell")
        for name in self.with_role(Role.COHORT):
            if self.columns[name].nullable:
                raise ValueError("the `cohort` column has no empty cell")
        for name in self.with_role(Role.SENSITIVE):
            if self.columns[name].kind is not Kind.CATEGORY:
                raise ValueError(
                    f"columns.{name} is `sensitive`, so it is a `category`: groups are compared"
                )
        if not self.features:
            raise ValueError("at least one column has the role `feature`")
        if self.decimal == self.separator:
            raise ValueError("`decimal` and `separator` cannot be the same character")
        for name, column in self.features.items():
            for other in (column.share_of, column.share_of_largest_in, column.rank_within):
                if other is not None:
                    self._check_source(name, other, divisor=other == column.share_of)
        self._check_target()
        self._check_world()
        return self

    def _check_world(self) -> None:
        """The truth about a simulated student is computed from these columns of the hold-out."""
        if self.world is None:
            return
        kept = [name for name, column in self.features.items() if not column.derivation]
        missing = sorted({*HABITS} - {*kept})
        if "gender" not in (*kept, *self.with_role(Role.SENSITIVE)):
            missing.append("gender")
        if missing:
            raise ValueError(
                f"a simulated `world` needs the columns as they were made: {', '.join(missing)}"
                " cannot be told"
            )

    def _check_source(self, name: str, other: str, divisor: bool) -> None:
        """What a share or rank needs must be there, and must not be an outcome."""
        source = self.columns.get(other)
        if source is None:
            raise ValueError(
                f"columns.{name} is derived from `{other}`, which is not among the columns."
                f"{nearest(other, list(self.columns))}"
            )
        if source.role in (Role.OUTCOME, Role.ID):
            raise ValueError(f"columns.{name} cannot be derived from the {source.role} `{other}`")
        if divisor and not source.is_number:
            raise ValueError(f"columns.{name} cannot be divided by `{other}`, which is no number")

    def _check_target(self) -> None:
        target = self.columns.get(self.target.column)
        if target is None:
            outcomes = self.with_role(Role.OUTCOME)
            raise ValueError(
                f"target.column `{self.target.column}` is not among the columns; outcomes are:"
                f" {', '.join(outcomes) or 'none'}.{nearest(self.target.column, outcomes)}"
            )
        if target.role is not Role.OUTCOME:
            raise ValueError(f"target.column `{self.target.column}` needs the role `outcome`")
        named = self.target.passing or self.target.at_risk or ()
        if target.is_number == bool(named):
            raise ValueError(
                f"target.column `{self.target.column}` is of kind `{target.kind}`: a number needs"
                " `pass_mark` or `pass_at_most`, text and categories need `passing` or `at_risk`"
            )
        unknown = [value for value in named if target.categories and value not in target.categories]
        if unknown:
            raise ValueError(
                f"target names `{unknown[0]}`, which is not a category of"
                f" `{self.target.column}`.{nearest(unknown[0], target.categories or ())}"
            )
