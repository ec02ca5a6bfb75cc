"""The commands that an error names as the next one to type."""

import shlex

from student_performance.contract import DatasetConfig


def train_command(path: str, dataset: DatasetConfig) -> str:
    """Train on a file; settings can be added at its end."""
    return f"python run.py train --dataset {dataset.name} --data {shlex.quote(path)}"


def check_command(path: str, dataset: DatasetConfig) -> str:
    """Show everything that is wrong with a file."""
    return f"python run.py dataset check {shlex.quote(path)} --dataset {dataset.name}"
