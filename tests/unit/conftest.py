"""Small shared material: contracts, simulated students and one training."""

from pathlib import Path

import hypothesis
import pandas as pd
import pytest

from student_performance.config import IntervalConfig, LearningConfig
from student_performance.config_files import load_configs
from student_performance.contract import DatasetConfig
from student_performance.dataset import load_table
from student_performance.simulate import simulate, to_csv
from tests.unit.builders import CONFIGS, HEADER, WriteCsv
from tests.unit.trainings import Training, trained

# The same examples on every machine: a red test shall mean a change, not luck.
hypothesis.settings.register_profile("unit", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("unit")


@pytest.fixture(scope="session")
def dataset() -> DatasetConfig:
    return load_configs(CONFIGS, "student_performance")[1]


@pytest.fixture(scope="session")
def oulad() -> DatasetConfig:
    return load_configs(CONFIGS, "oulad")[1]


@pytest.fixture(scope="session")
def intervals() -> IntervalConfig:
    return IntervalConfig(resamples=100)


@pytest.fixture(scope="session")
def learning() -> LearningConfig:
    overrides = (
        "cross_validation.folds=3",
        "cross_validation.repeats=1",
        "candidates.report_forest.n_estimators=10",
        "candidates.tuned_forest.n_estimators=10",
        "candidates.tuned_forest.min_samples_leaf=[5, 50]",
        "candidates.monotone_boosting.max_iter=10",
        "intervals.resamples=100",
    )
    return load_configs(CONFIGS, "student_performance", overrides)[0].learning


@pytest.fixture(scope="session")
def students(tmp_path_factory: pytest.TempPathFactory, dataset: DatasetConfig) -> pd.DataFrame:
    path = tmp_path_factory.mktemp("students") / "students.csv"
    path.write_bytes(to_csv(simulate(2_000, seed=1)))
    return load_table(str(path), dataset)


@pytest.fixture(scope="session")
def training(students: pd.DataFrame, dataset: DatasetConfig, learning: LearningConfig) -> Training:
    return trained(students, dataset, learning)


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """Write lines as a CSV file; the default header is that of the default data set."""

    def write(*rows: str, header: str = HEADER, end: str = "\n") -> Path:
        path = tmp_path / "table.csv"
        path.write_bytes("".join(f"{line}{end}" for line in (header, *rows)).encode())
        return path

    return write
