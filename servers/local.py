"""What runs on a laptop for the stack `minio`: object store, MLflow server, and a ZenML server."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from servers.environment import make_environment, read_environment
from servers.processes import Processes, Server
from student_performance.errors import UsageError
from student_performance.settings import local_servers_file

NAMES = ("object-store", "mlflow", "zenml")
_PORTS = ("OBJECT_STORE_PORT", "MLFLOW_PORT", "ZENML_PORT")
_HOST = "127.0.0.1"


def processes() -> Processes:
    """The servers of this user."""
    return Processes(local_servers_file().parent)


def settings() -> dict[str, str]:
    """Their settings, made with random secrets if they are not there yet."""
    chosen = {name: os.environ[name] for name in _PORTS if name in os.environ}
    make_environment(local_servers_file(), chosen)
    return read_environment(local_servers_file())


def object_store(values: Mapping[str, str]) -> Server:
    """MinIO if it is on the PATH, else SeaweedFS from its package.

    Raises:
        UsageError: Neither is there.
    """
    port = int(values["OBJECT_STORE_PORT"])
    beside = Path(sys.executable).parent / "weed"
    weed = shutil.which("weed") or (str(beside) if beside.exists() else None)
    minio = shutil.which("minio")
    if minio is not None:
        command = [minio, "server", str(_folder("objects-minio")), "--address", f"{_HOST}:{port}"]
        return Server(
            "object-store",
            command,
            {
                "MINIO_ROOT_USER": values["AWS_ACCESS_KEY_ID"],
                "MINIO_ROOT_PASSWORD": values["AWS_SECRET_ACCESS_KEY"],
                "MINIO_BROWSER": "off",
            },
            f"http://{_HOST}:{port}",
            "/minio/health/ready",
            "OBJECT_STORE_PORT",
        )
    if weed is None:
        raise UsageError("There is no object store here: neither `minio` nor `weed`.", "make store")
    return Server(
        "object-store",
        [
            weed,
            "mini",
            f"-dir={_folder('objects-seaweedfs')}",
            f"-ip={_HOST}",
            f"-ip.bind={_HOST}",
            *seaweed_ports(port),
        ],
        {name: values[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")},
        f"http://{_HOST}:{port}",
        "/healthz",
        "OBJECT_STORE_PORT",
    )


def seaweed_ports(port: int) -> list[str]:
    """Options of `weed mini` that keep it to S3, with its own servers on the ports after."""
    return [
        f"-s3.port={port}", f"-master.port={port + 1}", f"-volume.port={port + 2}",
        f"-filer.port={port + 3}", "-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0",
        "-s3.port.lance=0", "-s3.allowDeleteBucketNotEmpty=false", "-s3.autoCreateBucket=false",
    ]  # fmt: skip


def mlflow(values: Mapping[str, str]) -> Server:
    """The MLflow server, its models in the object store, its records in SQLite."""
    port, folder = values["MLFLOW_PORT"], _folder("mlflow")
    return Server(
        "mlflow",
        [sys.executable, "-m", "servers.mlflow_server"],
        {
            **_of(values, "AWS_", "MLFLOW_TRACKING_", "MLFLOW_FLASK_"),
            "MLFLOW_HOST": _HOST,
            "MLFLOW_PORT": port,
            "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{folder}/mlflow.db",
            "MLFLOW_USERS_URI": f"sqlite:///{folder}/users.db",
            "MLFLOW_AUTH_CONFIG_PATH": str(folder / "users.ini"),
            "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{values['MLFLOW_BUCKET']}",
            "MLFLOW_SERVER_ALLOWED_HOSTS": f"{_HOST}:{port},localhost:{port}",
            "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        },
        f"http://{_HOST}:{port}",
        "/health",
        "MLFLOW_PORT",
    )


def zenml(values: Mapping[str, str]) -> Server:
    """The ZenML server with its dashboard, its records in SQLite."""
    port, folder = values["ZENML_PORT"], _folder("zenml")
    return Server(
        "zenml",
        [
            sys.executable, "-m", "uvicorn", "zenml.zen_server.zen_server_api:app",
            "--host", _HOST, "--port", port, "--no-server-header",
        ],
        {
            **_of(values, "AWS_", "ZENML_SERVER_", "ZENML_SECRETS_"),
            "ZENML_SERVER": "true",
            "ZENML_SERVER_AUTO_ACTIVATE": "true",
            "ZENML_SERVER_DEPLOYMENT_TYPE": "local",
            "ZENML_DEFAULT_USER_NAME": values["ZENML_STORE_USERNAME"],
            "ZENML_DEFAULT_USER_PASSWORD": values["ZENML_STORE_PASSWORD"],
            "ZENML_CONFIG_PATH": str(folder),
            "ZENML_STORE_URL": f"sqlite:///{folder}/zenml.db",
            "ZENML_STORE_TYPE": "sql",
            "ZENML_SECRETS_STORE_TYPE": "sql",
            "ZENML_ANALYTICS_OPT_IN": "false",
        },
        f"http://{_HOST}:{port}",
        "/ready",
        "ZENML_PORT",
    )  # fmt: skip


def _folder(name: str) -> Path:
    folder = local_servers_file().parent / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _of(values: Mapping[str, str], *beginnings: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if name.startswith(beginnings)}
