"""Free ports for the servers of a test."""

import os
import socket


def free_port(span: int = 1) -> int:
    """The first of `span` free ports in a row, below those that systems hand out by themselves."""
    start = 11_000 + (os.getpid() * 37) % 9_000
    for port in range(start, start + 10_000):
        if all(_is_free(port + step) for step in range(span)):
            return port
    raise OSError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
