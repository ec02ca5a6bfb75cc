"""Makes the settings of the servers: `.env.example` with its empty values filled in at random."""

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from filelock import FileLock

EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"


def filled_in() -> str:
    """The text of `.env.example` with a random secret for each empty value."""
    return "".join(
        f"{line}{secrets.token_hex(32)}\n" if line.endswith("=") else f"{line}\n"
        for line in EXAMPLE.read_text(encoding="utf-8").splitlines()
    )


def make_environment(path: Path, chosen: Mapping[str, str] | None = None) -> bool:
    """Write the settings of new servers, readable by their owner only; known secrets stay.

    A setting that came with a later release is added.

    Args:
        path: Where to write them.
        chosen: Values to take instead of those of the example, or of the file that is there.

    Returns:
        Whether they were made now.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        new = not path.exists()
        before = "" if new else path.read_text(encoding="utf-8")
        changed = _with(filled_in() if new else _completed(before), chosen or {})
        if changed != before:
            _write_for_owner(path, changed)
    return new


def _completed(text: str) -> str:
    known = {line.partition("=")[0] for line in text.splitlines()}
    settings = [line for line in filled_in().splitlines() if "=" in line and line[0] not in "# "]
    missing = [line for line in settings if line.partition("=")[0] not in known]
    return "\n".join([text.rstrip("\n"), *missing]) + "\n"


def _with(text: str, chosen: Mapping[str, str]) -> str:
    lines = []
    for line in text.splitlines():
        name, is_value, _ = line.partition("=")
        mine = chosen.get(name) if is_value and not line.startswith("#") else None
        lines.append(f"{name}={mine}" if mine is not None else line)
    return "\n".join(lines) + "\n"


def _write_for_owner(path: Path, text: str) -> None:
    aside = path.with_name(f"{path.name}.part")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    aside.replace(path)


def read_environment(path: Path) -> dict[str, str]:
    """The settings in a file; what it says of another value (`${NAME}`) is filled in."""
    return {name: value or "" for name, value in dotenv_values(path).items()}


if __name__ == "__main__":
    target = Path(sys.argv[1])
    made = make_environment(target)
    said = "is made: keep it to yourself" if made else "is there already: what it has is left alone"
    print(f"{target} {said}.")
