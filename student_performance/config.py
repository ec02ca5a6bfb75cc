"""How a training is run and judged: strict, frozen and complete."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from student_performance.strict import Strict

LeafSize = Annotated[int, Field(ge=1)]


class LogisticRegressionConfig(Strict):
    """Logistic regression on scaled numbers; `C` is the inverse strength of the L2 penalty."""

    kind: Literal["logistic_regression"]
    C: float = Field(default=1.0, gt=0)


class RandomForestConfig(Strict):
    """A random forest; several leaf sizes are tried and the best one takes part."""

    kind: Literal["random_forest"]
    n_estimators: int = Field(default=100, ge=1)
    min_samples_leaf: LeafSize | tuple[LeafSize, ...] = 1
    random_state: int = 42

    def variants(self) -> tuple["RandomForestConfig", ...]:
        """One forest for each leaf size."""
        sizes = self.min_samples_leaf
        listed = sizes if isinstance(sizes, tuple) else (sizes,)
        return tuple(self.model_copy(update={"min_samples_leaf": size}) for size in listed)

    @model_validator(mode="after")
    def _has_a_size(self) -> "RandomForestConfig":
        if self.min_samples_leaf == ():
            raise ValueError("`min_samples_leaf` needs at least one number")
        return self


class GradientBoostingConfig(Strict):
    """Boosted trees on histograms; they keep the direction that the contract says is certain."""

    kind: Literal["gradient_boosting"]
    learning_rate: float = Field(default=0.05, gt=0)
    max_iter: int = Field(default=120, ge=1)
    max_leaf_nodes: int = Field(default=8, ge=2)
    random_state: int = 42


CandidateConfig = Annotated[
    LogisticRegressionConfig | RandomForestConfig | GradientBoostingConfig,
    Field(discriminator="kind"),
]


CandidateName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class SplitConfig(Strict):
    """Three parts: one to learn from, one to calibrate and set the threshold, one to judge with.

    Attributes:
        by: `cohort` judges on the last cohort and learns from the earlier ones; `student` lets a
            keyed hash of the student decide. `auto` is `cohort` where there are several.
        validation_share: Expected share of students in the validation part.
        test_share: Expected share of students in the hold-out of a split by student.
        most: Expected students in either part at most: more of them would make no interval
            noticeably narrower, and are of more use to learn from.
        key: Key of the hash; another key is another split.
    """

    by: Literal["auto", "cohort", "student"] = "auto"
    validation_share: float = Field(default=0.2, gt=0, lt=1)
    test_share: float = Field(default=0.2, gt=0, lt=1)
    most: int = Field(default=200_000, ge=1_000)
    key: str = "student-performance"

    @model_validator(mode="after")
    def _leaves_something_to_learn_from(self) -> "SplitConfig":
        if self.validation_share + self.test_share >= 1:
            raise ValueError("`validation_share` and `test_share` together are below 1")
        return self


class CrossValidationConfig(Strict):
    """Repeated stratified folds in which the candidates are compared, grouped by student."""

    folds: int = Field(default=5, ge=2)
    repeats: int = Field(default=2, ge=1)
    seed: int = 42


class Capacity(Strict):
    """How many students can be helped, out of how many."""

    students: int = Field(ge=1)
    of: int = Field(ge=1)

    @model_validator(mode="after")
    def _is_a_share(self) -> "Capacity":
        if self.students > self.of:
            raise ValueError(f"`students` {self.students} is more than `of` {self.of}")
        return self


class ThresholdPolicy(Strict):
    """From which risk on a student is flagged.

    Attributes:
        missed: Cost of not flagging a student at risk.
        false_alarm: Cost of flagging a student who passes.
        capacity: An upper limit on how many are flagged; the riskiest come first.
    """

    missed: float = Field(default=1.0, gt=0)
    false_alarm: float = Field(default=1.0, gt=0)
    capacity: Capacity | None = None


class IntervalConfig(Strict):
    """Confidence level and number of bootstrap resamples of every interval."""

    level: float = Field(default=0.95, gt=0.5, lt=1)
    resamples: int = Field(default=1000, ge=100)
    seed: int = 42


class AuditConfig(Strict):
    """How groups are compared; a group needs `min_group` students in an outcome to be judged."""

    min_group: int = Field(default=100, ge=10)


class GatePolicy(Strict):
    """When a model may serve. A limit is broken as far as the lower bound of an interval shows it.

    Attributes:
        min_test_rows: Rows of the hold-out.
        max_calibration_error: Mean difference of predicted and observed risk.
        max_group_gap: Difference between groups in the rate of flagged students, among those at
            risk and among those who pass.
    """

    min_test_rows: int = Field(default=300, ge=1)
    max_calibration_error: float = Field(default=0.1, ge=0, le=1)
    max_group_gap: float = Field(default=0.05, ge=0, le=1)


class LearningConfig(Strict):
    """What decides which model comes out of a training.

    The candidates stand in order, the simplest first: where several are equally good, it is chosen.

    Attributes:
        split: What is learnt from, and what judges.
        cross_validation: Folds in which the candidates are compared.
        engine: `memory` holds the table; `dask` goes through it in parts, on several processes or
            machines, and compares the candidates that can learn so.
        candidates: By name.
        threshold: From which risk on a student is flagged.
        intervals: Confidence level and resamples.
        audit: How groups are compared.
    """

    split: SplitConfig = SplitConfig()
    cross_validation: CrossValidationConfig = CrossValidationConfig()
    engine: Literal["memory", "dask"] = "memory"
    candidates: dict[CandidateName, CandidateConfig] = Field(min_length=1)
    threshold: ThresholdPolicy = ThresholdPolicy()
    intervals: IntervalConfig = IntervalConfig()
    audit: AuditConfig = AuditConfig()

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
