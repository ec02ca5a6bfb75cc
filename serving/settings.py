"""What the service is told when it starts."""

import os

from pydantic import SecretStr

from student_performance.errors import UsageError
from student_performance.settings import local_tracking_uri
from student_performance.strict import Strict

API_KEY_VARIABLE = "STUDENT_PERFORMANCE_API_KEY"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ServiceSettings(Strict):
    """Settings of one service.

    Attributes:
        dataset: The registered model whose champion answers.
        tracking_uri: The MLflow store.
        host: Address to listen on.
        port: Port to listen on.
        refresh_seconds: How often the registry is asked who serves.
        api_key: What a caller must know; None lets everybody ask.
        max_bytes: Largest body of a request.
        max_students: Most students in a request.
    """

    dataset: str
    tracking_uri: str
    host: str = "127.0.0.1"
    port: int = 8600
    refresh_seconds: float = 2.0
    api_key: SecretStr | None = None
    max_bytes: int = 4 << 20
    max_students: int = 10_000


def from_environment(dataset: str, host: str, port: int, refresh_seconds: float) -> ServiceSettings:
    """The settings with the store and the key of the environment.

    Raises:
        UsageError: Other machines could ask, and no key would stop them.
    """
    key = os.environ.get(API_KEY_VARIABLE)
    if host not in _LOOPBACK and not key:
        raise UsageError(
            f"On {host} other machines can ask the service, so {API_KEY_VARIABLE} must hold a key"
            " that callers send as X-API-Key.",
            f"export {API_KEY_VARIABLE}=$(openssl rand -hex 24)",
        )
    return ServiceSettings(
        dataset=dataset,
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or local_tracking_uri(),
        host=host,
        port=port,
        refresh_seconds=refresh_seconds,
        api_key=SecretStr(key) if key else None,
    )
