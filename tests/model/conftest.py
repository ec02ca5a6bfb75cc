"""Simulated students, and the default contract they keep."""

import pandas as pd
import pytest

from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK
from student_performance.simulate import PASS_MARK, simulate
from tests.conftest import PROJECT


def simulated(rows: int, seed: int) -> pd.DataFrame:
    """Students with their label, as the pipeline has it."""
    frame = simulate(rows, seed)
    return frame.assign(**{AT_RISK: (frame["test_score"] < PASS_MARK).astype("int8")})


@pytest.fixture(scope="session")
def dataset() -> DatasetConfig:
    return load_configs(PROJECT / "configs", "student_performance")[1]


@pytest.fixture(scope="session")
def students() -> pd.DataFrame:
    """20,000 students that no model learns from."""
    return simulated(20_000, seed=2)
