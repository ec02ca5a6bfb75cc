"""Makes ZenML's local database whole or not at all.

ZenML migrates its SQLite file in place, so a run that is killed during the first seconds of its
life would leave a half-made store that every later run stumbles over.
"""

from pathlib import Path

from zenml.client import Client
from zenml.config.global_config import GlobalConfiguration
from zenml.config.store_config import StoreConfiguration
from zenml.enums import StoreType
from zenml.login.credentials_store import CredentialsStore
from zenml.stack.stack import _STACK_CACHE
from zenml.zen_stores.sql_zen_store import SqlZenStore, SqlZenStoreConfiguration

from student_performance.store_files import make_once

_SCHEME = "sqlite:///"


def ensure_zenml_store() -> bool:
    """Create ZenML's SQLite store if the configuration names one that is not there.

    Returns:
        Whether it was made now.
    """
    file = local_store_file()
    return file is not None and make_once(file, _make)


def local_store_file() -> Path | None:
    """The database file of the configured store; None if ZenML works with a server."""
    config: StoreConfiguration = GlobalConfiguration().store_configuration
    if config.type != StoreType.SQL or not config.url.startswith(_SCHEME):
        return None
    return Path(config.url.removeprefix(_SCHEME))


def forget_store() -> None:
    """Let this process read ZenML's configuration and store anew, as if it had just started."""
    config = GlobalConfiguration.get_instance()
    store = config._zen_store if config else None
    if isinstance(store, SqlZenStore):
        store.engine.dispose()
    GlobalConfiguration._reset_instance()
    Client._reset_instance()
    CredentialsStore.reset_instance()
    _STACK_CACHE.clear()


def _make(path: Path) -> None:
    config = SqlZenStoreConfiguration(url=f"{_SCHEME}{path}")
    store = SqlZenStore(config=config)
    store.engine.dispose()
