"""One thing that `run.py doctor` looked at."""

from collections.abc import Callable
from dataclasses import dataclass

from cli.traps import known_trap


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `mend` is what to do if it is not well."""

    name: str
    well: bool
    found: str
    mend: str = ""


def looked_at(name: str, look: Callable[[], str]) -> Check:
    """A look at a service: whatever it raises is what was found, in our words if they are known."""
    from student_performance.errors import ProductError

    try:
        return Check(name, True, look())
    except Exception as error:
        trap = known_trap(f"{type(error).__name__}: {error}")
        if trap is not None:
            return Check(name, False, trap.sentence(), trap.mend)
        if isinstance(error, ProductError):
            return Check(name, False, error.message, error.next_command or "see the message")
        return Check(
            name, False, f"{type(error).__name__}: {error}", "python run.py doctor --debug"
        )
