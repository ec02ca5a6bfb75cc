"""A headless Chromium; where there is none, the tests say so and are skipped."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_HERE = ("127.0.0.1", "localhost")
_SLOW = 60_000  # milliseconds, on a busy machine


@pytest.fixture
def page() -> Iterator["Page"]:
    from playwright.sync_api import sync_playwright

    executable = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if executable is None:
        pytest.skip("no Chromium on the PATH: install the package `chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[
                "--no-sandbox", "--disable-background-networking", "--no-first-run",
                "--disable-3d-apis",  # without a GPU, ZenML's login page would hang in WebGL
            ],
        )  # fmt: skip
        try:
            with window(browser, viewport={"width": 1440, "height": 900}) as opened:
                yield opened
        finally:
            browser.close()


@contextmanager
def window(browser: "Browser", **options: Any) -> Iterator["Page"]:
    """A page of its own context, which loads what is on this machine and nothing else."""
    context = browser.new_context(permissions=["local-network-access"], **options)
    context.route("**/*", _from_here)
    yield context.new_page()
    context.unroute_all(behavior="ignoreErrors")
    context.close()


def _from_here(route: "Route") -> None:
    """Load without the browser's own network.

    Chromium gives up all that it is loading (`ERR_NETWORK_CHANGED`) when a network interface comes
    or goes, as each container that starts beside it makes one do.
    """
    if urlsplit(route.request.url).hostname not in _HERE:
        route.abort()
    elif "multipart/" in route.request.headers.get("content-type", ""):
        route.continue_()  # a file on its way up is known to the browser only
    else:
        # A server may end a connection that is kept alive just when it is used again.
        again = 2 if route.request.method == "GET" else 0
        route.fulfill(response=route.fetch(timeout=_SLOW, max_retries=again))
