"""What a comparison of new students with those that a model learnt from found."""

from datetime import datetime

from student_performance.drift import FeatureDrift, Level
from student_performance.fairness import AttributeFairness
from student_performance.metrics import Scores
from student_performance.outcomes import LabelCounts
from student_performance.strict import Strict

LEVELS: tuple[Level, ...] = ("no_data", "ok", "warn", "drift")


class BrokenColumn(Strict):
    """Rows that could not be scored because of one column."""

    column: str
    allowed: str
    rows: int


class Change(Strict):
    """A difference between new students and the hold-out.

    Attributes:
        value: The difference; positive is worse.
        low: Lower bound of its interval.
        high: Upper bound.
        p: The chance of such a difference if nothing changed, corrected for their number.
        level: The verdict.
    """

    value: float
    low: float
    high: float
    p: float
    level: Level

    def text(self) -> str:
        """`+0.062 [+0.021, +0.103]`."""
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


class OutcomeReport(Strict):
    """What outcomes that arrived tell about a model.

    Attributes:
        labels: What became of the rows of the table of outcomes.
        scores: The model on students whose outcome is known.
        before: The model on its hold-out.
        observed: Share of them at risk.
        expected: Mean risk that they were given.
        calibration: How much more students were at risk than expected, beyond the hold-out.
        accuracy: How much the accuracy fell below that on the hold-out.
        fairness: Rates by group, for each sensitive column of the table.
        gaps: A sentence for each gap that is proved to be larger than the gate allows.
        level: The verdict; `no_data` with fewer than 30 students.
    """

    labels: LabelCounts
    scores: Scores
    before: Scores
    observed: float
    expected: float
    calibration: Change
    accuracy: Change
    fairness: tuple[AttributeFairness, ...]
    gaps: tuple[str, ...]
    level: Level


class MonitorReport(Strict):
    """New students beside those that a version learnt from.

    Attributes:
        at: When it was computed, in UTC.
        dataset: Name of the data set.
        version: The version that serves.
        data_md5: MD5 of the table.
        labels_md5: MD5 of the table of outcomes; None without one.
        rows: Rows of the table.
        rejected: Rows that break the contract of the version.
        broken: Why, by column; the most rows first.
        broken_level: The verdict about these.
        flagged: Scored rows from the threshold on.
        mean_risk: Of the scored rows; None if there are none.
        risk_before: Mean risk of the hold-out; None for a version of an earlier release.
        features: Each feature beside the training part.
        risk: The risks beside those of the hold-out; None for a version of an earlier release.
        outcomes: None without a table of outcomes.
    """

    at: datetime
    dataset: str
    version: str
    data_md5: str
    labels_md5: str | None
    rows: int
    rejected: int
    broken: tuple[BrokenColumn, ...]
    broken_level: Level
    flagged: int
    mean_risk: float | None
    risk_before: float | None
    features: tuple[FeatureDrift, ...]
    risk: FeatureDrift | None
    outcomes: OutcomeReport | None

    @property
    def scored(self) -> int:
        """Rows with a risk."""
        return self.rows - self.rejected

    @property
    def level(self) -> Level:
        """The worst verdict of all; `no_data` where nothing could be judged."""
        levels: list[Level] = [self.broken_level, *(one.level for one in self.features)]
        if self.risk is not None:
            levels.append(self.risk.level)
        if self.outcomes is not None:
            levels.append(self.outcomes.level)
        judged = [level for level in levels if level != "no_data"]
        return max(judged, key=LEVELS.index) if judged else "no_data"

    def drifted(self) -> tuple[FeatureDrift, ...]:
        """Features that are not distributed as in the training part, the furthest first."""
        moved = [one for one in self.features if one.level in ("warn", "drift")]
        return tuple(sorted(moved, key=lambda one: one.expected - one.psi))

    def findings(self) -> tuple[str, ...]:
        """A sentence for each thing that is not as it was."""
        told = [
            f"{one.level}: {one.feature} is not distributed as in the training part (PSI"
            f" {one.psi:.2f}, by chance about {one.expected:.2f})."
            for one in self.drifted()
        ]
        if self.broken_level in ("warn", "drift"):
            columns = ", ".join(f"{one.column} ({one.rows:,})" for one in self.broken)
            told.append(
                f"{self.broken_level}: {self.rejected:,} of {self.rows:,} rows break the contract:"
                f" {columns}."
            )
        if self.risk is not None and self.risk.level in ("warn", "drift"):
            told.append(
                f"{self.risk.level}: the risks are not distributed as on the hold-out (mean"
                f" {self.mean_risk:.1%}, was {self.risk_before:.1%})."
            )
        return (*told, *self._of_outcomes())

    def _of_outcomes(self) -> tuple[str, ...]:
        found = self.outcomes
        if found is None:
            return ()
        told = list(found.gaps)
        if found.calibration.level in ("warn", "drift"):
            told.append(
                f"{found.calibration.level}: {found.observed:.1%} were at risk and"
                f" {found.expected:.1%} were expected; beyond the hold-out that is"
                f" {found.calibration.text()}."
            )
        if found.accuracy.level in ("warn", "drift"):
            told.append(
                f"{found.accuracy.level}: the accuracy is {found.scores['accuracy'].text()}, on the"
                f" hold-out it was {found.before['accuracy'].text()}."
            )
        return tuple(told)

    def advice(self) -> str:
        """What to do, in a sentence."""
        if self.level == "no_data":
            return "Fewer than 30 students can be judged: wait for more of them."
        if self.level == "ok":
            return "Nothing to do: the model meets the students that it was made for."
        if self.broken_level == "drift":
            return "Mend the table first: many of its rows cannot be read as the contract says."
        if self.outcomes is None or self.outcomes.level == "no_data":
            return (
                "The students changed; whether the model is still right, only outcomes tell: run"
                " this again with --labels when they are known."
            )
        if self.outcomes.level == "ok":
            return "The students changed, and the model is as right as before: keep it, look again."
        return "The model is not as right as it was: retrain it with these students."
