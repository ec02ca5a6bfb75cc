"""Small shared material: contracts, simulated students and one training."""

from pathlib import Path

import hypothesis
import pandas as pd
import pytest

from student_performance.config import DatasetConfig, IntervalConfig, LearningConfig
from student_performance.config_files import load_configs
from student_performance.dataset import load_table
from student_performance.evaluation import evaluate
from student_performance.simulate import simulate, to_csv
from student_performance.splitting import split
from student_performance.training import compare, fit
from tests.unit.builders import CONFIGS, HEADER, Training, WriteCsv

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
        "candidates.report_forest.n_estimators=10",
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
    train, test = split(students, dataset, learning.split, learning.cross_validation.folds)
    comparison = compare(train, dataset, learning)
    model = fit(comparison.chosen, train, dataset, learning)
    report = evaluate(model, test, dataset, comparison, learning.intervals)
    return Training(train, test, comparison, model, report)


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """Write lines as a CSV file; the default header is that of the default data set."""

    def write(*rows: str, header: str = HEADER, end: str = "\n") -> Path:
        path = tmp_path / "table.csv"
        path.write_bytes("".join(f"{line}{end}" for line in (header, *rows)).encode())
        return path

    return write
