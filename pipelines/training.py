"""load -> split -> train -> evaluate -> decide."""

from typing import Any

from zenml import pipeline
from zenml.enums import ExecutionMode

from steps.decide import decide
from steps.evaluate import evaluate
from steps.in_parts import load_in_parts, split_in_parts, train_in_parts
from steps.load import load
from steps.split import split
from steps.train import train
from student_performance.config import TrainConfig
from student_performance.contract import DatasetConfig


@pipeline(execution_mode=ExecutionMode.FAIL_FAST)
def training(
    path: str, md5: str, dataset: DatasetConfig, config: TrainConfig, tracker: str
) -> None:
    """Train, judge and register a model.

    Args:
        path: The raw table.
        md5: MD5 of its bytes.
        dataset: What the table means.
        config: How to learn and when the result may serve.
        tracker: Identity of the MLflow experiment.
    """
    learnt = _in_parts if config.engine == "dask" else _in_memory
    model, comparison, setup, leakage, division, test = learnt(path, md5, dataset, config)
    record = evaluate.with_options(
        settings={"experiment_tracker": {"experiment_name": dataset.name}}
    )
    report, tracked = record(
        model,
        comparison,
        setup,
        leakage,
        division,
        test,
        dataset=dataset,
        config=config.learning,
        md5=md5,
        tracker=tracker,
    )
    decide(model, tracked, report, test, dataset=dataset, config=config)


def _in_memory(path: str, md5: str, dataset: DatasetConfig, config: TrainConfig) -> tuple[Any, ...]:
    table, leakage = load(path=path, md5=md5, dataset=dataset)
    learn, validation, test, division = split(
        table,
        leakage,
        dataset=dataset,
        config=config.split,
        folds=config.cross_validation.folds,
        min_test_rows=config.gate.min_test_rows,
    )
    trained = train(learn, validation, dataset=dataset, config=config.learning)
    return *trained, leakage, division, test


def _in_parts(path: str, md5: str, dataset: DatasetConfig, config: TrainConfig) -> tuple[Any, ...]:
    table, leakage = load_in_parts(path=path, md5=md5, dataset=dataset, key=config.split.key)
    validation, test, division = split_in_parts(
        table,
        leakage,
        dataset=dataset,
        config=config.split,
        folds=config.cross_validation.folds,
        min_test_rows=config.gate.min_test_rows,
    )
    trained = train_in_parts(table, division, validation, dataset=dataset, config=config.learning)
    return *trained, leakage, division, test
