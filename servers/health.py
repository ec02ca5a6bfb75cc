"""Whether a server works, asked from its own container: `python -m servers.health mlflow`."""

import base64
import os
import sys
import urllib.request

_PORTS = {"mlflow": 5000, "zenml": 8080}


def request(service: str) -> urllib.request.Request:
    """A question that a server can answer only if its database and its login work."""
    url = f"http://127.0.0.1:{_PORTS[service]}"
    if service == "zenml":
        return urllib.request.Request(f"{url}/ready")
    user, password = (os.environ[f"MLFLOW_TRACKING_{name}"] for name in ("USERNAME", "PASSWORD"))
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    return urllib.request.Request(
        f"{url}/api/2.0/mlflow/experiments/get?experiment_id=0",
        headers={"Authorization": f"Basic {login}"},
    )


if __name__ == "__main__":
    with urllib.request.urlopen(request(sys.argv[1]), timeout=8) as response:
        sys.exit(0 if response.status == 200 else 1)
