"""Free ports for the servers of a test."""

import os
import socket
from itertools import islice

# Below those that systems hand out by themselves; none is given twice.
_candidates = iter(range(11_000 + (os.getpid() * 37) % 9_000, 32_000))


def free_port(span: int = 1) -> int:
    """The first of `span` free ports in a row."""
    while len(ports := list(islice(_candidates, span))) == span:
        if all(map(_is_free, ports)):
            return ports[0]
    raise OSError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
