"""Strict, frozen configuration: what a table means, and how a training is run and judged."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from student_performance.errors import nearest


class Strict(BaseModel):
    """A frozen model that knows every one of its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Role(StrEnum):
    """What a column may be used for."""

    ID = "id"
    COHORT = "cohort"
    FEATURE = "feature"
    SENSITIVE = "sensitive"
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
        role: What the column may be used for; only `feature` columns reach a model.
        kind: What its cells hold.
        minimum: Smallest allowed value of a number.
        maximum: Largest allowed value of a number.
        categories: All allowed values of a category.
        nullable: Whether a cell may be empty.
        label: The column in plain words, with its unit.
    """

    role: Role
    kind: Kind
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | None = None
    nullable: bool = False
    label: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the cells are numbers."""
        return self.kind in (Kind.INTEGER, Kind.NUMBER)

    @model_validator(mode="after")
    def _limits_fit_kind(self) -> "Column":
        if (self.kind is Kind.CATEGORY) != (self.categories is not None):
            raise ValueError("`categories` belongs to kind `category`, and to no other")
        if not self.is_number and (self.minimum, self.maximum) != (None, None):
            raise ValueError("`minimum` and `maximum` belong to kinds `integer` and `number`")
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            raise ValueError(f"`minimum` {self.minimum:g} is not below `maximum` {self.maximum:g}")
        if self.role is Role.FEATURE and self.kind is Kind.TEXT:
            raise ValueError("a feature is a `number`, an `integer` or a `category`, not `text`")
        return self

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


class Target(Strict):
    """A student passes with at least `pass_mark` in `column`; everyone else is at risk."""

    column: str
    pass_mark: float


class DatasetConfig(Strict):
    """What a table means. Feature lists are derived from the roles, never written by hand.

    Attributes:
        name: Name of the data set, and of its experiment and registered model.
        description: One sentence about where the rows come from.
        file: Path from the project's folder, or an `s3://` address.
        separator: What stands between two cells.
        columns: The contract, by column name.
        target: The rule that tells a pass.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str
    file: str
    separator: str = Field(default=",", min_length=1, max_length=1)
    columns: dict[str, Column]
    target: Target

    def with_role(self, role: Role) -> tuple[str, ...]:
        """Names of the columns with a role, in the order of the contract."""
        return tuple(name for name, column in self.columns.items() if column.role is role)

    @property
    def id_column(self) -> str:
        """The column that names the student."""
        return self.with_role(Role.ID)[0]

    @property
    def row_key(self) -> tuple[str, ...]:
        """The columns that together name a row: the student, within a cohort where there is one."""
        return self.with_role(Role.ID) + self.with_role(Role.COHORT)

    @property
    def features(self) -> dict[str, Column]:
        """The columns that a model may see."""
        return {name: self.columns[name] for name in self.with_role(Role.FEATURE)}

    @model_validator(mode="after")
    def _roles_are_complete(self) -> "DatasetConfig":
        if len(self.with_role(Role.ID)) != 1:
            raise ValueError("exactly one column has the role `id`")
        identifier = self.columns[self.id_column]
        if identifier.kind is not Kind.TEXT or identifier.nullable:
            # A number may be written in several ways, and the split hashes what is written.
            raise ValueError("the `id` column has the kind `text` and no empty cell")
        if not self.features:
            raise ValueError("at least one column has the role `feature`")
        target = self.columns.get(self.target.column)
        if target is None:
            outcomes = self.with_role(Role.OUTCOME)
            raise ValueError(
                f"target.column `{self.target.column}` is not among the columns; outcomes are:"
                f" {', '.join(outcomes) or 'none'}.{nearest(self.target.column, outcomes)}"
            )
        if target.role is not Role.OUTCOME or not target.is_number:
            raise ValueError(
                f"target.column `{self.target.column}` needs the role `outcome` and a number"
            )
        return self


class LogisticRegressionConfig(Strict):
    """Logistic regression on scaled numbers; `C` is the inverse strength of the L2 penalty."""

    kind: Literal["logistic_regression"]
    C: float = Field(default=1.0, gt=0)


class RandomForestConfig(Strict):
    """A random forest as scikit-learn makes it by default."""

    kind: Literal["random_forest"]
    n_estimators: int = Field(default=100, ge=1)
    random_state: int = 42


CandidateConfig = Annotated[
    LogisticRegressionConfig | RandomForestConfig, Field(discriminator="kind")
]


CandidateName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class SplitConfig(Strict):
    """A keyed hash of the student decides the part, so that a student never changes sides.

    Attributes:
        test_share: Expected share of students in the hold-out.
        key: Key of the hash; another key is another split.
    """

    test_share: float = Field(default=0.2, gt=0, lt=1)
    key: str = "student-performance"


class CrossValidationConfig(Strict):
    """Stratified folds in which the candidates are compared, grouped by student."""

    folds: int = Field(default=5, ge=2)
    seed: int = 42


class IntervalConfig(Strict):
    """Confidence level and number of bootstrap resamples of every interval."""

    level: float = Field(default=0.95, gt=0.5, lt=1)
    resamples: int = Field(default=1000, ge=100)
    seed: int = 42


class GatePolicy(Strict):
    """When a model may serve."""

    min_test_rows: int = Field(default=300, ge=1)


class LearningConfig(Strict):
    """What decides which model comes out of a training: split, folds, candidates, intervals."""

    split: SplitConfig = SplitConfig()
    cross_validation: CrossValidationConfig = CrossValidationConfig()
    candidates: dict[CandidateName, CandidateConfig] = Field(min_length=1)
    intervals: IntervalConfig = IntervalConfig()

    @model_validator(mode="after")
    def _names_are_free(self) -> "LearningConfig":
        if "majority" in self.candidates:
            raise ValueError("`majority` is the baseline and always takes part; name it otherwise")
        return self


class TrainConfig(LearningConfig):
    """One training: how to learn, and when the result may serve."""

    gate: GatePolicy = GatePolicy()

    @property
    def learning(self) -> LearningConfig:
        """Without the gate: another policy judges the same model again, and trains none."""
        return LearningConfig(**{name: getattr(self, name) for name in LearningConfig.model_fields})
