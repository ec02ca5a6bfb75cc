"""What ZenML and MLflow keep in a process, between the commands of tests and from test to test."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event


def forget_singletons() -> None:
    """Let the next command find ZenML and MLflow as a process of its own would."""
    from stacks.zenml_store import forget_store  # ZenML is imported where a test needs it

    forget_store()
    _close_files_of_mlflow()


def _close_files_of_mlflow() -> None:
    """MLflow has an engine for each path as long as the process lives."""
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as RegistryStore
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as TrackingStore

    for known in (TrackingStore, RegistryStore):
        for engine in known._engine_map.values():
            engine.dispose()


def keep_engine_of_zenml(patch: pytest.MonkeyPatch) -> None:
    """Look through ZenML's migrations and compile its statements once, not at every command."""
    from zenml.zen_stores.base_zen_store import BaseZenStore

    create, made = BaseZenStore.create_store, dict[str, BaseZenStore]()

    def known(config: Any, *args: Any, **kwargs: Any) -> BaseZenStore:
        if config.url not in made or not Path(config.url.removeprefix("sqlite:///")).exists():
            made[config.url] = create(config, *args, **kwargs)
        return made[config.url]

    patch.setattr(BaseZenStore, "create_store", staticmethod(known))


def do_not_wait_for_the_disk() -> None:
    """A test's store need not outlive the machine; a killed process loses nothing by it."""
    event.listen(Engine, "connect", _without_waiting)


def _without_waiting(connection: Any, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")
