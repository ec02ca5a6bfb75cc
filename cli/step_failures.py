"""What a step's container died of, read from what it wrote."""

import re

from student_performance import errors
from student_performance.errors import ProductError

_OURS = re.compile(r"^student_performance\.errors\.(\w+): ", re.MULTILINE)
_NEXT = re.compile(r"\nNext: (?P<command>.*)")
_LAST = re.compile(r"^(?P<kind>[\w.]+(?:Error|Exception|Exit)\w*): (?P<text>.*)", re.MULTILINE)


def output_of(error: BaseException) -> str | None:
    """What a container wrote to stderr before it failed; None if the error is no such failure."""
    written = getattr(error, "stderr", None)
    if type(error).__name__ != "ContainerError" or written is None:
        return None
    return str(written.decode(errors="replace") if isinstance(written, bytes) else written)


def step_failure(output: str) -> ProductError:
    """The failure that a step's container ended with.

    Args:
        output: What it wrote, a traceback at the end.

    Returns:
        Our own error with its exit code if the step raised one, else one with its last words.
    """
    ours = list(_OURS.finditer(output))
    if ours:
        kind = getattr(errors, ours[-1][1], ProductError)
        message = output[ours[-1].end() :].strip().split("\n\n")[0]
        told = _NEXT.search(message)
        message = _NEXT.sub("", message)
        ours_it_is = issubclass(kind, ProductError)
        return (kind if ours_it_is else ProductError)(message, told["command"] if told else None)
    last = list(_LAST.finditer(output))
    words = f"{last[-1]['kind']}: {last[-1]['text']}" if last else output.strip()[-500:]
    return ProductError(f"A step's container failed: {words}", "the same command with --debug")
