"""How steps run where each is a container of our image."""

import os
from pathlib import Path
from typing import Any

from zenml.config import DockerSettings
from zenml.config.global_config import GlobalConfiguration

from student_performance.provenance import COMMIT_VARIABLE, git_commit
from student_performance.settings import actor, said_of_workers

_USER_OF_IMAGE = 10_001


def step_image() -> str:
    """The image that steps run in: `STUDENT_PERFORMANCE_IMAGE`, else the one Compose builds."""
    return os.environ.get("STUDENT_PERFORMANCE_IMAGE") or "student-performance:latest"


def compose_network() -> str:
    """The network of the servers that Compose started."""
    return f"{os.environ.get('COMPOSE_PROJECT_NAME') or 'student-performance'}_default"


def container_arguments() -> dict[str, Any]:
    """How the engine runs the container of a step."""
    arguments = {
        "network": compose_network(),
        "remove": True,
        "mem_limit": "4g",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        # ZenML unpacks the code of a run in /app, as the user of this machine.
        "tmpfs": {"/app": "mode=1777", "/tmp": "mode=1777"},
    }
    # ZenML runs steps as the user of this machine, who may be root. Where nothing of this machine
    # is written to, they are nobody in particular.
    with_server = GlobalConfiguration().store_configuration.url.startswith("http")
    return arguments | ({"user": _USER_OF_IMAGE} if with_server and os.getuid() == 0 else {})


def run_settings() -> dict[str, Any]:
    """Settings of one run: our image as it is, the code of today, who asked, and with what help.

    Nothing is built for a run. None of this is an environment of the pipeline, since ZenML has
    that in the key of its cache, and the result is the same.
    """
    told = said_of_workers() | {
        "STUDENT_PERFORMANCE_ACTOR": actor(),
        COMMIT_VARIABLE: git_commit(Path(__file__).parent),
    }
    return {
        "docker": DockerSettings(parent_image=step_image(), skip_build=True),
        "orchestrator": {"run_args": container_arguments() | {"environment": told}},
    }
