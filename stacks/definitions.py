"""What the stacks are made of. Names of components tell that this project made them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zenml.config.global_config import GlobalConfiguration
from zenml.enums import StackComponentType as Type

from stacks.containers import container_arguments
from student_performance.server_settings import (
    ServerSettings,
    seen_from_containers,
    server_settings,
)
from student_performance.settings import local_tracking_uri

DEFAULT_STACK = "local"
_PREFIX = "student_performance"
# What `run.py` sets for the libraries of its own process, and the steps need as well.
_HANDED_ON = (
    "MLFLOW_DISABLE_TELEMETRY",
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD",
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES",
)
_DEFAULT = {Type.ORCHESTRATOR: "local", Type.ARTIFACT_STORE: "local"}


@dataclass(frozen=True)
class Component:
    """A stack component: ZenML's own `default` ones are used as they are, ours are made."""

    name: str
    flavor: str
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StackDefinition:
    """A stack by its components.

    Attributes:
        name: As it is registered.
        summary: In a line.
        components: What it is made of.
        secrets: ZenML secrets that the components, or the environment of the steps, take keys from.
        environment: Variables of the steps, where these run elsewhere than this process.
        secret_environment: The secret whose values are variables of the steps.
    """

    name: str
    summary: str
    components: Mapping[Type, Component]
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    secret_environment: str | None = None


def _local() -> StackDefinition:
    tracker = {"tracking_uri": local_tracking_uri()}
    return StackDefinition(
        name="local",
        summary=SUMMARIES["local"],
        components={
            **{kind: Component("default", flavor) for kind, flavor in _DEFAULT.items()},
            **_mlflow("local", tracker),
        },
    )


def _minio() -> StackDefinition:
    servers = server_settings()
    return StackDefinition(
        name="minio",
        summary=SUMMARIES["minio"],
        components={
            Type.ORCHESTRATOR: Component("default", "local"),
            **_on_servers("minio", servers, servers.mlflow),
        },
        secrets=_secrets("minio", servers),
    )


def _container() -> StackDefinition:
    servers = server_settings(started_here=False)
    mlflow = seen_from_containers(servers.mlflow, "mlflow:5000")
    variables = f"{_PREFIX}_container_variables"
    return StackDefinition(
        name="container",
        summary=SUMMARIES["container"],
        components={
            Type.ORCHESTRATOR: Component(
                f"{_PREFIX}_container", "local_docker", {"run_args": container_arguments()}
            ),
            Type.IMAGE_BUILDER: Component(f"{_PREFIX}_container", "local"),
            **_on_servers("container", servers, mlflow),
        },
        secrets={
            **_secrets("container", servers),
            variables: {name.upper(): value for name, value in servers.s3_keys().items()},
        },
        environment=_variables_of_steps(servers, mlflow),
        secret_environment=variables,
    )


def _variables_of_steps(servers: ServerSettings, mlflow: str) -> dict[str, str]:
    """The same servers as this process has, by the names of the Compose network."""
    variables = {
        "AWS_DEFAULT_REGION": servers.region,
        "MLFLOW_TRACKING_URI": mlflow,
        **{name: os.environ[name] for name in _HANDED_ON if name in os.environ},
        "HOME": "/tmp",  # the user of this machine has no home in the image
        "ZENML_CONFIG_PATH": "/tmp/zenml-config",
        "ZENML_ENABLE_RICH_TRACEBACK": "false",
    }
    if servers.endpoint is not None:
        variables["AWS_ENDPOINT_URL"] = seen_from_containers(servers.endpoint, "object-store:9000")
    zenml = GlobalConfiguration().store_configuration.url
    if zenml.startswith("http"):
        variables["ZENML_STORE_URL"] = seen_from_containers(zenml, "zenml:8080")
    return variables


def _on_servers(stack: str, servers: ServerSettings, mlflow: str) -> dict[Type, Component]:
    """Artifact store, tracker and registry; keys by reference to secrets.

    The store says nothing of its address: AWS_ENDPOINT_URL does, wherever the code runs, since the
    address differs between this machine, a step's container and the ZenML server.
    """
    store = {
        "path": f"s3://{servers.artifacts}",
        "authentication_secret": f"{_PREFIX}_{stack}_s3",
    }
    secret = f"{_PREFIX}_{stack}_mlflow"
    tracker = {
        "tracking_uri": mlflow,
        "tracking_username": f"{{{{{secret}.username}}}}",
        "tracking_password": f"{{{{{secret}.password}}}}",
    }
    return {
        Type.ARTIFACT_STORE: Component(f"{_PREFIX}_{stack}", "s3", store),
        **_mlflow(stack, tracker),
    }


def _mlflow(stack: str, tracker: Mapping[str, str]) -> dict[Type, Component]:
    return {
        Type.EXPERIMENT_TRACKER: Component(f"{_PREFIX}_{stack}", "mlflow", tracker),
        Type.MODEL_REGISTRY: Component(f"{_PREFIX}_{stack}", "mlflow"),
    }


def _secrets(stack: str, servers: ServerSettings) -> dict[str, dict[str, str]]:
    return {
        f"{_PREFIX}_{stack}_s3": servers.s3_keys(),
        f"{_PREFIX}_{stack}_mlflow": {
            "username": servers.mlflow_user,
            "password": servers.mlflow_password.get_secret_value(),
        },
    }


SUMMARIES: Mapping[str, str] = {
    "local": "this machine, MLflow on SQLite, no server",
    "minio": "this machine, artifacts in an object store, MLflow server",
    "container": "each step in a container, artifacts in an object store, MLflow server",
}
# Functions, because a definition depends on the settings of the machine it is asked for on.
DEFINITIONS: Mapping[str, Callable[[], StackDefinition]] = {
    "local": _local,
    "minio": _minio,
    "container": _container,
}
WITH_SERVERS = ("minio", "container")
