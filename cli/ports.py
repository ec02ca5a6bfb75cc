"""Whether a port is free for a server that a command is about to become."""

import socket


def refuse_taken(host: str, port: int, command: str) -> None:
    """Refuse a port where something listens already.

    Args:
        host: Where the server would listen.
        port: The port.
        command: The command that would start it, without the port.

    Raises:
        UsageError: It is taken.
    """
    from student_performance.errors import UsageError

    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return
    raise UsageError(f"Port {port} is taken.", f"{command} --port {port + 1}")
