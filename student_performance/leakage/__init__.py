"""The leakage guard: does a table give the outcome away before anything is learnt from it?"""

from student_performance.leakage.checks import Severity
from student_performance.leakage.report import Finding, LeakageReport, inspect

__all__ = ["Finding", "LeakageReport", "Severity", "inspect"]
