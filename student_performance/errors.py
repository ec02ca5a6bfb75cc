"""Errors that a user meets: a sentence, the next command, and an exit code that means something."""

import difflib
from collections.abc import Sequence


def nearest_word(word: str, known: Sequence[str]) -> str | None:
    """The known word that is most like `word`, whatever the case; None if none is near."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    matches = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[matches[0]] if matches else None


def nearest(word: str, known: Sequence[str]) -> str:
    """` Did you mean `x`?` if a known word is near, else nothing."""
    match = nearest_word(word, known)
    return f" Did you mean `{match}`?" if match else ""


class ProductError(Exception):
    """A failure the user can mend.

    `message` is for the user who runs the command. The text of the exception itself is kept by
    ZenML with the failed step, where others read it: it is `public`, if that is given.

    Args:
        message: One or more plain sentences: what was found, where, and what is allowed.
        next_command: The command to type next, if there is one.
        public: The message without what a student's cells hold.
    """

    exit_code = 1

    def __init__(
        self, message: str, next_command: str | None = None, *, public: str | None = None
    ) -> None:
        super().__init__(message if public is None else public)
        self.message = message
        self.next_command = next_command
        if next_command:
            # A traceback shows it: all that is left of a step that failed in a container.
            self.add_note(f"Next: {next_command}")


class UsageError(ProductError):
    """A wrong option, key or value."""

    exit_code = 2


class LeakageError(ProductError):
    """The table gives the outcome away, or cannot prove anything; nothing is trained."""

    exit_code = 3


class RefusedError(ProductError):
    """What was asked for is not done, for a good reason."""

    exit_code = 3


class InvalidDataError(ProductError):
    """The table breaks its contract or is too small to learn from."""

    exit_code = 4


class UnreachableError(ProductError):
    """A store or server that the stack needs does not answer."""

    exit_code = 5


class RegistryError(ProductError):
    """The registry has no such version, or the model behind it is not what it should be."""

    exit_code = 2
