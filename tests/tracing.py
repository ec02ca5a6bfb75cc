"""Which tests `make coverage` counts the lines of.

Up to Python 3.11, counting the lines that run makes a test slower by half. Long ones that run
hardly a line that others do not run as well are left out of the count.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

# Of the pipelines' tests, those that reach what needs a registry.
_IN_PIPELINES = {
    "test_dataset_commands", "test_inference", "test_monitoring_command", "test_registry_commands",
    "test_tracking",
}  # fmt: skip
# Tests of numbers over many tables, and of other processes.
_NOT_IN_UNIT = {
    "test_architecture", "test_ceiling", "test_curves", "test_drift", "test_fairness",
    "test_figures", "test_leakage_properties", "test_metrics", "test_metrics_students",
    "test_model_files", "test_schedule", "test_schema", "test_simulate", "test_splitting",
    "test_threads", "test_training",
}  # fmt: skip


def is_traced(test: Path) -> bool:
    """Whether the coverage counts the lines that the tests of a file run."""
    match test.parent.name:
        case "unit":
            return test.stem not in _NOT_IN_UNIT
        case "pipelines":
            return test.stem in _IN_PIPELINES
    return False


@contextmanager
def untraced() -> Iterator[None]:
    """Without counting."""
    here, in_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(here)
        threading.settrace(in_threads)


@contextmanager
def tracing_own_imports() -> Iterator[None]:
    """Count the lines that importing the project's domain runs, and no others."""
    counting, load = sys.gettrace(), SourceFileLoader.exec_module

    def exec_module(loader: SourceFileLoader, module: ModuleType) -> None:
        before = sys.gettrace()
        sys.settrace(counting if module.__name__.startswith("student_performance") else None)
        try:
            load(loader, module)
        finally:
            sys.settrace(before)

    with pytest.MonkeyPatch.context() as patch, untraced():
        patch.setattr(SourceFileLoader, "exec_module", exec_module)
        yield
