"""The leakage guard: looks at a table before training for what would make a score too good.

The contract already keeps identifiers and outcomes out of the features. The guard looks for what a
contract cannot know: an outcome under another name, identifiers given by result, students twice.
"""

import pandas as pd

from student_performance.contract import DatasetConfig
from student_performance.leakage.checks import CHECKS, Severity
from student_performance.leakage.measures import Table
from student_performance.strict import Strict

__all__ = ["Finding", "LeakageReport", "Severity", "inspect"]


class Finding(Strict):
    """What one check found.

    Attributes:
        check: Name of the check.
        columns: The columns it is about.
        severity: A `leak` stops the training, a `suspicion` is for a person to judge.
        text: One sentence with the evidence; never a student's cell.
    """

    check: str
    columns: tuple[str, ...]
    severity: Severity
    text: str


class LeakageReport(Strict):
    """What the guard found in a table.

    Attributes:
        dataset: Name of the contract.
        rows: Rows of the table.
        checks: The checks that could be made; some need more rows or finer numbers.
        findings: What they found, in their order.
    """

    dataset: str
    rows: int
    checks: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def leaks(self) -> tuple[Finding, ...]:
        """The findings that forbid a training."""
        return tuple(f for f in self.findings if f.severity is Severity.LEAK)

    @property
    def suspicions(self) -> tuple[Finding, ...]:
        """The findings that a person should look at."""
        return tuple(f for f in self.findings if f.severity is Severity.SUSPICION)


def inspect(frame: pd.DataFrame, dataset: DatasetConfig) -> LeakageReport:
    """Look for leaks in a table before anything is trained on it.

    Args:
        frame: Identifier, features as the model sees them, the other columns of the contract with
            the outcomes, and the label `at_risk`.
        dataset: The contract.

    Returns:
        The checks that were made and their findings.
    """
    table = Table(frame, dataset)
    leaks: dict[str, list[tuple[str, ...]]] = {}
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        found = check(table, leaks)
        if found is None:
            continue
        leaks[name] = [columns for severity, columns, _ in found if severity is Severity.LEAK]
        findings += [
            _accepted(Finding(check=name, columns=columns, severity=severity, text=text), dataset)
            for severity, columns, text in found
        ]
    return LeakageReport(
        dataset=dataset.name, rows=len(frame), checks=tuple(leaks), findings=tuple(findings)
    )


def _accepted(finding: Finding, dataset: DatasetConfig) -> Finding:
    """A suspicion instead of a leak where the contract accepts columns that say the same.

    Only among features: what rebuilds the outcome is never accepted.
    """
    accepted = finding.check in dataset.accepted and set(finding.columns) <= set(dataset.features)
    return finding.model_copy(update={"severity": Severity.SUSPICION}) if accepted else finding
