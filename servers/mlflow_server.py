"""Starts an MLflow server that asks who you are: `python -m servers.mlflow_server`.

Everything is in its environment, in MLflow's own names, but the database of its users, which MLflow
reads from a file only: `MLFLOW_USERS_URI` is written to `MLFLOW_AUTH_CONFIG_PATH`.
"""

import os
import sys
from pathlib import Path

_USERS = """[mlflow]
default_permission = NO_PERMISSIONS
database_uri = {uri}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 60
"""
# A password is compared in 0.1 s on purpose; with the cache, not once a request. The price: a user
# who is deleted in the database itself is let in for another minute.
_COMMAND = [sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth", "--workers", "1"]


def main() -> None:
    """Become the server."""
    file = Path(os.environ["MLFLOW_AUTH_CONFIG_PATH"])
    file.write_text(_USERS.format(uri=os.environ["MLFLOW_USERS_URI"].replace("%", "%%")))
    mine = {
        "MLFLOW_AUTH_ADMIN_USERNAME": os.environ["MLFLOW_TRACKING_USERNAME"],
        "MLFLOW_AUTH_ADMIN_PASSWORD": os.environ["MLFLOW_TRACKING_PASSWORD"],
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # seven more processes that nobody asks
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    os.execve(sys.executable, _COMMAND, os.environ | mine)


if __name__ == "__main__":
    main()
