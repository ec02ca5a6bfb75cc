"""What commands import, for the process that `forked.py` forks them from.

No pipeline and no step: importing these asks ZenML's store, which is the command's own.
"""

from importlib import import_module
from pkgutil import iter_modules

from cli.errors import prepare_environment
from cli.speed import fast_imports
from tests.conftest import PROJECT

prepare_environment(debug=False)
with fast_imports():
    for name in (
        *(found.name for found in iter_modules([f"{PROJECT}/student_performance"],
                                               "student_performance.") if not found.ispkg),
        "cli.app", "cli.results", "cli.tables", "cli.train", "stacks.containers",
        "stacks.selection", "steps.mlflow_store", "fairlearn.metrics",
        "matplotlib.backends.backend_agg", "matplotlib.figure", "mlflow.sklearn",
        "mlflow.store.artifact.mlflow_artifacts_repo", "s3fs",
        "zenml.integrations.mlflow.experiment_trackers",
        "zenml.integrations.s3.artifact_stores",
    ):  # fmt: skip
        import_module(name)
# ZenML takes the folder of the file that Python was started with, which a fork does not have.
import_module("zenml.utils.source_utils").set_custom_source_root(str(PROJECT))
if import_module("zenml.config.global_config").GlobalConfiguration.get_instance() is not None:
    raise RuntimeError("ZenML has read a configuration before a command has its own")
