"""Servers of a test on ports of their own."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import PROJECT


@contextmanager
def serving(command: list[str], url: str, variables: dict[str, str]) -> Iterator[str]:
    """A server of this test, from when it answers until the test is over."""
    log = Path(variables["HOME"]) / f"{url.split(':')[2].split('/')[0]}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=PROJECT, env=variables, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        for _ in range(240):
            try:
                with opener.open(url, timeout=2):
                    break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, log.read_text()
                time.sleep(0.5)
        else:
            pytest.fail(f"{url} does not answer: {log.read_text()}")
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
