"""Where the servers of the stacks `minio` and `container` are, and with which keys."""

import os
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import SecretStr

from student_performance.errors import UsageError
from student_performance.settings import local_servers_file
from student_performance.strict import Strict

# The settings of a server by the beginning of their names, and those that tell where they are from.
_GROUPS = {
    "AWS_": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"),
    "ARTIFACTS_BUCKET": ("ARTIFACTS_BUCKET",),
    "MLFLOW_TRACKING_": ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_PASSWORD"),
}
_NEEDED = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ServerSettings(Strict):
    """Addresses as this process sees them, and keys.

    Attributes:
        endpoint: Address of the object store; None for AWS itself.
        region: Its region.
        access_key: Who asks it.
        secret_key: With which secret.
        session_token: What comes with temporary keys; None with lasting ones.
        artifacts: The bucket of ZenML's artifacts.
        mlflow: Address of the MLflow server.
        mlflow_user: Who asks it.
        mlflow_password: With which password.
    """

    endpoint: str | None
    region: str
    access_key: str
    secret_key: SecretStr
    session_token: SecretStr | None
    artifacts: str
    mlflow: str
    mlflow_user: str
    mlflow_password: SecretStr

    def s3_keys(self) -> dict[str, str]:
        """The keys of the object store by the names that ZenML's secrets have for them."""
        keys = {
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key.get_secret_value(),
        }
        if self.session_token is not None:
            keys["aws_session_token"] = self.session_token.get_secret_value()
        return keys


def server_settings(started_here: bool = True) -> ServerSettings:
    """The settings of the environment; what is not there, of the servers started on this machine.

    Args:
        started_here: Whether servers that `run.py stack up` started count.

    Raises:
        UsageError: A setting is in neither.
    """
    known = known_settings(started_here)
    missing = [name for name in _NEEDED if not known.get(name)]
    if missing:
        raise UsageError(
            f"This stack needs servers, and the environment does not say where: {missing[0]} is"
            " not set. Start them with `python run.py stack up minio`, or take the settings of"
            " those that Compose started into this shell.",
            "set -a; . ./.env; set +a",
        )
    token = known.get("AWS_SESSION_TOKEN")
    return ServerSettings(
        endpoint=known.get("AWS_ENDPOINT_URL") or None,
        region=known.get("AWS_DEFAULT_REGION") or "us-east-1",
        access_key=known["AWS_ACCESS_KEY_ID"],
        secret_key=SecretStr(known["AWS_SECRET_ACCESS_KEY"]),
        session_token=SecretStr(token) if token else None,
        artifacts=known.get("ARTIFACTS_BUCKET") or "artifacts",
        mlflow=known["MLFLOW_TRACKING_URI"],
        mlflow_user=known["MLFLOW_TRACKING_USERNAME"],
        mlflow_password=SecretStr(known["MLFLOW_TRACKING_PASSWORD"]),
    )


def known_settings(started_here: bool = True) -> dict[str, str]:
    """The settings of the servers, under the names that boto3, s3fs and MLflow read them by.

    Each server's are taken whole from one place: the keys of one store are wrong at another.
    """
    file = local_servers_file()
    local = dotenv_values(file) if started_here and file.exists() else {}
    known: dict[str, str] = {}
    for beginning, telling in _GROUPS.items():
        here = any(os.environ.get(name) for name in telling)
        source = os.environ if here else local
        known |= {k: v for k, v in source.items() if v and k.startswith(beginning)}
    return known


def share_settings(started_here: bool = True) -> None:
    """Put the settings where boto3, s3fs and MLflow of this process look for them."""
    for name, value in known_settings(started_here).items():
        os.environ.setdefault(name, value)


def seen_from_containers(address: str, service: str) -> str:
    """An address as the containers of the Compose network have it.

    Args:
        address: As this process has it; on loopback it is the port that Compose publishes.
        service: The service and its own port: `NAME:PORT`.
    """
    return f"http://{service}" if urlsplit(address).hostname in _LOOPBACK else address
