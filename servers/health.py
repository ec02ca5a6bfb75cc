"""Whether a server works, asked from its own container: `python -m servers.health mlflow`."""

import base64
import os
import sys
import urllib.request

_PORTS = {"mlflow": 5000, "zenml": 8080, "dashboard": 8501, "serving": 8600}
_READY = {"zenml": "/ready", "dashboard": "/_stcore/health", "serving": "/health"}


def request(service: str) -> urllib.request.Request:
    """A question that a server can answer only if it works, with its database and its login."""
    url = f"http://127.0.0.1:{_PORTS[service]}"
    if service in _READY:
        return urllib.request.Request(f"{url}{_READY[service]}")
    user, password = (os.environ[f"MLFLOW_TRACKING_{name}"] for name in ("USERNAME", "PASSWORD"))
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    return urllib.request.Request(
        f"{url}/api/2.0/mlflow/experiments/get?experiment_id=0",
        headers={"Authorization": f"Basic {login}"},
    )


if __name__ == "__main__":
    with urllib.request.urlopen(request(sys.argv[1]), timeout=8) as response:
        sys.exit(0 if response.status == 200 else 1)
