"""How steps run where each is a container of our image."""

import os
from pathlib import Path

from zenml.config import DockerSettings

from student_performance.provenance import COMMIT_VARIABLE, git_commit
from student_performance.settings import actor


def docker_settings() -> DockerSettings:
    """Our image as it is: nothing is built for a run, and the code of today is sent to it."""
    return DockerSettings(parent_image=step_image(), skip_build=True)


def step_image() -> str:
    """The image that steps run in: `STUDENT_PERFORMANCE_IMAGE`, else the one Compose builds."""
    return os.environ.get("STUDENT_PERFORMANCE_IMAGE") or "student-performance:latest"


def step_environment() -> dict[str, str]:
    """Variables of this run's steps: who asked for it, and what a container cannot know."""
    return {
        "STUDENT_PERFORMANCE_ACTOR": actor(),
        COMMIT_VARIABLE: git_commit(Path(__file__).parent),
    }
