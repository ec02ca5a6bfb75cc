"""The MLflow store of the active stack."""

import os

from zenml.client import Client

from student_performance.errors import UsageError
from student_performance.registry import Store

_URI = "MLFLOW_TRACKING_URI"


def active_store() -> Store:
    """Open the store that the stack's experiment tracker names, with the stack's credentials.

    Where steps run in containers the stack has the address that these see. A process outside of
    their network sees the same server at the address of its own environment.

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
    here = os.environ.get(_URI)
    tracker.configure_mlflow()  # overwrites the variable
    if here is None or not in_containers():
        return Store(tracker.get_tracking_uri())
    os.environ[_URI] = here
    return Store(here)


def in_containers() -> bool:
    """Whether the steps of the active stack run elsewhere than this process."""
    return bool(Client().active_stack.orchestrator.flavor == "local_docker")


def tracker_identity(experiment: str) -> str:
    """What tells one experiment of one tracker from all others, wherever it is seen from."""
    tracker = Client().active_stack.experiment_tracker
    return f"{tracker.get_tracking_uri()}#{active_store().identity(experiment)}"
