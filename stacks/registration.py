"""Registers stacks, only what is missing, and never touches what the project did not make."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.exceptions import EntityExistsError
from zenml.models import ComponentResponse, StackResponse

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
    try:
        there = _find_ours(client, definition)
    except KeyError:
        there = None
    secrets = {
        name: _ensure_secret(client, name, values) for name, values in definition.secrets.items()
    }
    linked = [secrets[definition.secret_environment]] if definition.secret_environment else []
    # One question finds them all; of each that has settings these are asked for.
    parts = [part for kind in there.components.values() for part in kind] if there else []
    known = {(part.type, part.name): part for part in parts}
    wanted = {
        kind: [_ensure_component(client, kind, component, known.get((kind, component.name)))]
        for kind, component in definition.components.items()
    }
    stack = there or _found_or_made(
        lambda: _find_ours(client, definition),
        lambda: client.create_stack(
            name, {kind: ids[0] for kind, ids in wanted.items()}, secrets=linked
        ),
    )
    if {kind: [part.id for part in parts] for kind, parts in stack.components.items()} != wanted:
        stack = client.update_stack(name, component_updates=wanted)
    if not set(linked) <= set(stack.secrets):  # one that was deleted and is made anew is not linked
        stack = client.update_stack(name, add_secrets=linked)
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


def _find_ours(client: Client, definition: StackDefinition) -> StackResponse:
    """The stack of this name, told by its experiment tracker's name, which nobody else chooses.

    Raises:
        KeyError: There is no stack of this name.
        UsageError: It is a foreign one.
    """
    stack = client.get_stack(definition.name, allow_name_prefix_match=False)
    kind = StackComponentType.EXPERIMENT_TRACKER
    ours = definition.components[kind].name
    if any(part.name == ours for part in stack.components.get(kind, [])):
        return stack
    raise UsageError(
        f"There is a ZenML stack `{stack.name}` that this project did not make; it is left alone.",
        f"zenml stack rename {stack.name} my_{stack.name}",
    )


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


def _ensure_secret(client: Client, name: str, values: Mapping[str, str]) -> UUID:
    """Identifier of a secret with these values: keys that were rotated are replaced."""
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
    return UUID(str(known.id))


def _ensure_component(
    client: Client,
    kind: StackComponentType,
    wanted: Component,
    of_the_stack: ComponentResponse | None,
) -> UUID:
    """Identifier of a component, made if missing and updated if our own settings changed."""
    known = of_the_stack or _found_or_made(
        lambda: client.get_stack_component(kind, wanted.name, allow_name_prefix_match=False),
        lambda: client.create_stack_component(
            wanted.name, wanted.flavor, kind, configuration=dict(wanted.config)
        ),
    )
    settings: dict[str, Any] = {key: known.configuration.get(key) for key in wanted.config}
    if settings != dict(wanted.config):
        client.update_stack_component(known.id, kind, configuration=dict(wanted.config))
    return UUID(str(known.id))
