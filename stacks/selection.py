"""Chooses the stack of this process without changing the user's active one."""

import os
from dataclasses import dataclass

from zenml.client import Client
from zenml.constants import ENV_ZENML_ACTIVE_STACK_ID
from zenml.enums import StackComponentType
from zenml.models import StackResponse

from stacks.definitions import DEFAULT_STACK, DEFINITIONS, WITH_SERVERS
from stacks.registration import ensure_stack
from stacks.zenml_store import ensure_zenml_store
from student_performance.errors import UsageError, nearest
from student_performance.server_settings import share_settings


@dataclass(frozen=True)
class Selection:
    """The stack of this process, and why it is this one."""

    name: str
    why: str


def select_stack(name: str | None) -> Selection:
    """Choose the stack for this process only.

    Args:
        name: The stack that was asked for; None takes the active one of ZenML if it can track
            experiments, else the project's default.

    Raises:
        UsageError: There is no such stack.
    """
    ensure_zenml_store()
    stack, why = _find(name)
    if stack.name in WITH_SERVERS:
        share_settings(started_here=stack.name == "minio")
    os.environ[ENV_ZENML_ACTIVE_STACK_ID] = str(stack.id)
    return Selection(stack.name, why)


def _find(name: str | None) -> tuple[StackResponse, str]:
    if name in DEFINITIONS:
        return ensure_stack(str(name)), "asked for by --stack"
    if name is not None:
        return _existing(name), "asked for by --stack"
    active = Client().active_stack_model
    if active.name in DEFINITIONS:
        return ensure_stack(active.name), "ZenML's active stack"
    if active.components.get(StackComponentType.EXPERIMENT_TRACKER):
        return active, "ZenML's active stack"
    why = f"ZenML's active stack `{active.name}` has no experiment tracker"
    return ensure_stack(DEFAULT_STACK), why


def _existing(name: str) -> StackResponse:
    try:
        return Client().get_stack(name, allow_name_prefix_match=False)
    except KeyError:
        known = sorted({stack.name for stack in Client().list_stacks()} | set(DEFINITIONS))
        raise UsageError(
            f"There is no stack `{name}`.{nearest(name, known)} Stacks: {', '.join(known)}.",
            "python run.py stack list",
        ) from None
