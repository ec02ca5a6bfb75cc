"""score."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from steps.score import score


@pipeline(enable_cache=False, execution_mode=ExecutionMode.FAIL_FAST)
def inference(path: str, out: str, name: str) -> None:
    """Score a table with the version that serves.

    Args:
        path: The table.
        out: Where the risks go.
        name: The registered model.
    """
    score(path=path, out=out, name=name)
