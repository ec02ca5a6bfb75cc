"""The ZenML server for one person on one machine."""

from typing import Any

_LOOPBACK = ["127.0.0.1", "localhost"]


def create() -> Any:
    """ZenML's application, answering only to names of this machine.

    It has no login, so a foreign page must not reach it under a name of its own (DNS rebinding).
    """
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from zenml.zen_server.zen_server_api import app

    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_LOOPBACK)
    return app
