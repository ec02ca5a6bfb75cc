"""The MLflow store of the active stack."""

from zenml.client import Client

from student_performance.errors import UsageError
from student_performance.registry import Store


def active_store() -> Store:
    """Open the store that the stack's experiment tracker names, with the stack's credentials.

    Raises:
        UsageError: The stack has no MLflow experiment tracker.
    """
    stack = Client().active_stack
    tracker = stack.experiment_tracker
    if tracker is None or tracker.flavor != "mlflow":
        raise UsageError(
            f"The stack `{stack.name}` has no MLflow experiment tracker.",
            "python run.py stack register local",
        )
    tracker.configure_mlflow()
    return Store(tracker.get_tracking_uri())
