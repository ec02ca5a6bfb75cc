"""Registers stacks, only what is missing, and never touches what the project did not make."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.exceptions import EntityExistsError
from zenml.models import StackResponse

from stacks.definitions import DEFINITIONS, Component, StackDefinition
from student_performance.errors import UsageError, nearest

T = TypeVar("T")


def ensure_stack(name: str) -> StackResponse:
    """Register a stack of this project if it is not there.

    Raises:
        UsageError: The project has no such stack, a foreign one has its name, or its servers are
            not known.
    """
    definition = define(name)
    client = Client()
    for secret, values in definition.secrets.items():
        _ensure_secret(client, secret, values)
    wanted = {
        kind: [_ensure_component(client, kind, component)]
        for kind, component in definition.components.items()
    }
    secrets = [definition.secret_environment] if definition.secret_environment else None
    stack = _found_or_made(
        lambda: client.get_stack(name, allow_name_prefix_match=False),
        lambda: client.create_stack(
            name, {kind: ids[0] for kind, ids in wanted.items()}, secrets=secrets
        ),
    )
    if not _is_ours(stack, definition):
        raise UsageError(
            f"There is a ZenML stack `{name}` that this project did not make; it is left alone.",
            f"zenml stack rename {name} my_{name}",
        )
    if {kind: [part.id for part in parts] for kind, parts in stack.components.items()} != wanted:
        stack = client.update_stack(name, component_updates=wanted)
    if stack.environment != dict(definition.environment):
        gone = dict.fromkeys(stack.environment)  # ZenML merges; only None removes
        stack = client.update_stack(name, environment=gone | dict(definition.environment))
    return stack


def define(name: str) -> StackDefinition:
    """The definition of a stack of this project."""
    if name not in DEFINITIONS:
        raise UsageError(
            f"There is no stack `{name}` in this project.{nearest(name, list(DEFINITIONS))}"
            f" It has: {', '.join(DEFINITIONS)}.",
            "python run.py stack list",
        )
    return DEFINITIONS[name]()


def _is_ours(stack: StackResponse, definition: StackDefinition) -> bool:
    """Ours are told by the name of the experiment tracker, which nobody else would choose."""
    kind = StackComponentType.EXPERIMENT_TRACKER
    ours = definition.components[kind].name
    return any(part.name == ours for part in stack.components.get(kind, []))


def _found_or_made(find: Callable[[], T], make: Callable[[], T]) -> T:
    """What is there, or is made; another process may be making it right now."""
    try:
        return find()
    except KeyError:
        pass
    try:
        return make()
    except EntityExistsError:
        return find()


def _ensure_secret(client: Client, name: str, values: Mapping[str, str]) -> None:
    """A secret with these values: keys that were rotated are replaced."""
    known = _found_or_made(
        lambda: client.get_secret(name, allow_partial_name_match=False),
        lambda: client.create_secret(name, dict(values)),
    )
    if known.secret_values != dict(values):
        client.update_secret(
            known.id,
            add_or_update_values=dict(values),
            remove_values=[key for key in known.secret_values if key not in values],
        )


def _ensure_component(client: Client, kind: StackComponentType, wanted: Component) -> UUID:
    """Identifier of a component, made if missing and updated if our own settings changed."""
    known = _found_or_made(
        lambda: client.get_stack_component(kind, wanted.name, allow_name_prefix_match=False),
        lambda: client.create_stack_component(
            wanted.name, wanted.flavor, kind, configuration=dict(wanted.config)
        ),
    )
    settings: dict[str, Any] = {key: known.configuration.get(key) for key in wanted.config}
    if settings != dict(wanted.config):
        client.update_stack_component(known.id, kind, configuration=dict(wanted.config))
    return UUID(str(known.id))
