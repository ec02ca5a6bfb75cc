"""What goes wrong with servers and containers: symptom, cause and mend, each met once for real.

Errors are explained from here, `run.py doctor` tells the mends of here, and the README's table is
written from here.
"""

import os
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Trap:
    """A failure that a library tells in its own words.

    Attributes:
        symptom: The words to look for in the error, as a regular expression.
        shown: The symptom for people.
        cause: What it means, in a sentence.
        mend: The command to type, or what to set.
    """

    symptom: str
    shown: str
    cause: str
    mend: str

    def sentence(self) -> str:
        """The cause, with the value of each setting that it names."""
        named = [name for name in _ADDRESSES if name in self.cause and name in os.environ]
        values = " ".join(f"{name} is {os.environ[name]}." for name in named)
        return f"{self.cause} {values}".rstrip()


_ADDRESSES = ("AWS_ENDPOINT_URL", "MLFLOW_TRACKING_URI", "ZENML_STORE_URL")
_ENV = "set -a; . ./.env; set +a"
TRAPS = (
    Trap(
        r"RequestTimeTooSkewed|request time and the (current|server)",
        "`RequestTimeTooSkewed`",
        "The clocks of this machine and of the object store differ by more than 15 minutes.",
        "timedatectl set-ntp true",
    ),
    Trap(
        r"ExpiredToken|token has expired|security token.*expired",
        "`ExpiredToken`",
        "The keys of the object store are temporary ones and have run out; take new ones.",
        _ENV,
    ),
    Trap(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|access key ID you provided does not exist",
        "`InvalidAccessKeyId`, `SignatureDoesNotMatch`",
        "The object store does not know AWS_ACCESS_KEY_ID or its secret: they are those of another"
        " store, or were rotated.",
        _ENV,
    ),
    Trap(
        r"NoSuchBucket|specified bucket does not exist|bucket .*does not exist"
        r"|\(404\) when calling the HeadBucket",
        "`NoSuchBucket`",
        "The object store at AWS_ENDPOINT_URL has no such bucket.",
        "python -m servers.buckets",
    ),
    Trap(
        r"XMinioStorageFull|[Nn]o free volumes|No writable volumes|minimum free drive threshold"
        r"|not enough (free )?space",
        "`XMinioStorageFull`, `no free volumes`",
        "The disk of the object store at AWS_ENDPOINT_URL is full.",
        "docker system df -v",
    ),
    Trap(
        r"\((AccessDenied|403)\) when calling|Access Denied\.",
        "`AccessDenied`, `403` from `HeadObject`",
        "The object store at AWS_ENDPOINT_URL refuses this: the keys are wrong or may not write to"
        " the bucket, or the clocks differ by more than 15 minutes.",
        "python run.py doctor",
    ),
    Trap(
        r"Invalid Host header|DNS rebinding",
        "MLflow: `403 Invalid Host header`",
        "The MLflow server is asked by a name that it does not answer to; add it to"
        " MLFLOW_SERVER_ALLOWED_HOSTS in docker-compose.yml.",
        "docker compose up -d --wait mlflow",
    ),
    Trap(
        r"You are not authenticated|401.{0,40}mlflow|mlflow.{0,200}error code 401",
        "MLflow: `401 You are not authenticated`",
        "The MLflow server does not know this user or password.",
        _ENV,
    ),
    Trap(
        r"remote backend requires exactly one authentication method",
        "`requires exactly one authentication method`",
        "ZenML wants a user and a password for every MLflow server, also for an open one: set"
        " MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
        "python run.py stack register minio",
    ),
    Trap(
        r"Logged model with ID .* not found",
        "`Logged model with ID 'm-…' not found`",
        "The model is in another MLflow store than the one that is asked: MLFLOW_TRACKING_URI"
        " names a store of another stack.",
        "python run.py doctor",
    ),
    Trap(
        r"Untrusted types found in the file",
        "`Untrusted types found in the file`",
        "The model file holds types that this project does not load.",
        "python run.py train --no-cache",
    ),
    Trap(
        r"pull access denied|manifest unknown|repository does not exist",
        "`pull access denied for minio/minio` or `student-performance`",
        "An image is not on this machine and in no registry: both are built here.",
        "docker compose build",
    ),
    Trap(
        r"No such image|ImageNotFound",
        "`No such image: student-performance:latest`",
        "The image of the steps is not built yet.",
        "docker compose build",
    ),
    Trap(
        r"network \S+ not found|could not find network",
        "`network student-performance_default not found`",
        "The servers of the stack `container` are not up.",
        "docker compose up -d --wait",
    ),
    Trap(
        r"docker\.sock|Error while fetching server API version|Cannot connect to the Docker daemon",
        "`Cannot connect to the Docker daemon`",
        "The stack `container` needs a container engine, and none answers this user.",
        "docker info",
    ),
    Trap(
        r"Cannot connect to the ZenML server|Error connecting to URL '",
        "`Cannot connect to the ZenML server`",
        "The ZenML server that was used last does not answer. To work without it, start a shell"
        " without ZENML_STORE_URL and type `zenml logout`.",
        "docker compose up -d --wait zenml",
    ),
    Trap(
        r"No valid credentials found|CredentialsNotValid",
        "`No valid credentials found`",
        "ZenML remembers the server that was used last, and this shell has no user and password"
        " for it. Take the settings of that server into the shell, or go back to the stores of"
        " this machine with `zenml logout`.",
        "set -a; . ./.env; set +a",
    ),
    Trap(
        r"/mlflow-artifacts/.*(too many 50\d error responses|error code 50\d)",
        "`/api/2.0/mlflow-artifacts/… too many 500 error responses`",
        "The MLflow server answers, and the object store behind it at AWS_ENDPOINT_URL does not"
        " answer it; nothing is lost, and the same command goes on when it is back.",
        "python run.py doctor",
    ),
    Trap(
        r"API request to http\S+ failed with exception"
        r"|Max retries exceeded with url: /api/2\.0/mlflow",
        "`API request to http://…/api/2.0/mlflow/… failed`",
        "The MLflow server does not answer at MLFLOW_TRACKING_URI; what it has logged by now stays,"
        " and the same command goes on from there.",
        "python run.py doctor",
    ),
    Trap(
        r"Could not connect to the endpoint URL|Connect timeout on endpoint URL",
        "`Could not connect to the endpoint URL`",
        "The object store does not answer at AWS_ENDPOINT_URL; what was stored by now stays, and"
        " the same command goes on from there. In a container 127.0.0.1 is the container itself:"
        " there its name is http://object-store:9000.",
        "python run.py doctor",
    ),
)


def known_trap(text: str) -> Trap | None:
    """The trap whose symptom is in a text; None if it is none of them."""
    return next((trap for trap in TRAPS if re.search(trap.symptom, text)), None)


def table() -> str:
    """All traps as a Markdown table, for the README."""
    rows = [f"| {t.shown} | {t.cause} | `{t.mend}` |" for t in TRAPS]
    return "\n".join(["| you see | it means | then |", "|---|---|---|", *rows])
