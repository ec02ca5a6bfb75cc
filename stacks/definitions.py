"""What the stacks are made of. Names of components tell that this project made them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from zenml.enums import StackComponentType as Type

from student_performance.settings import local_tracking_uri

DEFAULT_STACK = "local"


@dataclass(frozen=True)
class Component:
    """A stack component: ZenML's own `default` ones are used as they are, ours are made."""

    name: str
    flavor: str
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StackDefinition:
    """A stack by its components."""

    name: str
    summary: str
    components: Mapping[Type, Component]


def _local() -> StackDefinition:
    tracker = {"tracking_uri": local_tracking_uri()}
    return StackDefinition(
        name="local",
        summary="this machine, MLflow on SQLite, no server",
        components={
            Type.ORCHESTRATOR: Component("default", "local"),
            Type.ARTIFACT_STORE: Component("default", "local"),
            Type.EXPERIMENT_TRACKER: Component("student_performance_local", "mlflow", tracker),
            Type.MODEL_REGISTRY: Component("student_performance_local", "mlflow"),
        },
    )


# Functions, because a definition depends on the settings of the machine it is asked for on.
DEFINITIONS: Mapping[str, Callable[[], StackDefinition]] = {"local": _local}
