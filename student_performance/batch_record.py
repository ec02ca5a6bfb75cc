"""What is kept of a scored table, to be compared with others later."""

from datetime import datetime

from student_performance.drift import FeatureDrift
from student_performance.strict import Strict

RISK_BINS = 20


class BatchRecord(Strict):
    """What is kept of a scored table: counts, and nothing about one student.

    Attributes:
        at: When it was scored, in UTC.
        dataset: Name of the data set.
        version: Version of the model that scored it.
        data_md5: MD5 of the table.
        out: Where the risks are.
        rejects: Where it says which rows were not scored, and why.
        rows: Rows of the table.
        rejected: Rows that were not scored.
        flagged: Scored rows from the threshold on.
        threshold: Risk from which on a student is flagged.
        mean_risk: Mean predicted risk of the scored rows.
        risks: Scored rows in each of 20 bins of the risk, of equal width.
        drift: The scored rows beside the training part of the model.
    """

    at: datetime
    dataset: str
    version: str
    data_md5: str
    out: str
    rejects: str
    rows: int
    rejected: int
    flagged: int
    threshold: float
    mean_risk: float
    risks: tuple[int, ...]
    drift: tuple[FeatureDrift, ...]

    @property
    def scored(self) -> int:
        """Rows with a risk."""
        return self.rows - self.rejected

    def drifted(self) -> tuple[str, ...]:
        """Features that are not distributed as in the training part."""
        return tuple(found.feature for found in self.drift if found.level in ("warn", "drift"))
