"""load -> split -> train -> evaluate -> decide."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from steps.decide import decide
from steps.evaluate import evaluate
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
    table, leakage = load(path=path, md5=md5, dataset=dataset)
    learn, validation, test, division = split(
        table,
        leakage,
        dataset=dataset,
        config=config.split,
        folds=config.cross_validation.folds,
        min_test_rows=config.gate.min_test_rows,
    )
    model, comparison, setup = train(learn, validation, dataset=dataset, config=config.learning)
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
