"""Stands before every request: asks for the key, and counts."""

import secrets
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.metrics import Metrics
from serving.problems import Problem, as_response
from serving.settings import ServiceSettings

_OPEN = ("/health", "/ready")  # an engine that looks after the service has no key
_COUNTED = (*_OPEN, "/predict", "/predict/batch", "/version", "/metrics")


class Guard:
    """A middleware of plain ASGI: the class that Starlette offers costs more than an answer."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it, and count it by what came of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def counting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await (self._app if self._may_ask(scope) else _REFUSAL)(scope, receive, counting)
        finally:
            path = scope["path"] if scope["path"] in _COUNTED else "other"
            self._metrics.requests.labels(path, status).inc()
            self._metrics.seconds.labels(path).observe(time.perf_counter() - began)

    def _may_ask(self, scope: Scope) -> bool:
        key = self._settings.api_key
        if key is None or scope["path"] in _OPEN:
            return True
        given = Headers(scope=scope).get("x-api-key", "").encode()
        return secrets.compare_digest(given, key.get_secret_value().encode())


_REFUSAL = as_response(
    Problem(title="Unauthorized", status=401, detail="Send the key of the service as X-API-Key.")
)
