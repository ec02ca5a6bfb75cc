"""watch."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from steps.watch import watch
from student_performance.config import TrainConfig


@pipeline(enable_cache=False, execution_mode=ExecutionMode.FAIL_FAST)
def monitoring(path: str, labels: str | None, name: str, config: TrainConfig) -> None:
    """Hold new students against those that the version that serves has learnt from.

    Args:
        path: The table.
        labels: The table of outcomes, if there is one.
        name: The registered model.
        config: Intervals and the gate's limits.
    """
    watch(path=path, labels=labels, name=name, config=config)
