"""Makes the settings of the servers: `.env.example` with its empty values filled in at random."""

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"


def filled_in() -> str:
    """The text of `.env.example` with a random secret for each empty value."""
    return "".join(
        f"{line}{secrets.token_hex(32)}\n" if line.endswith("=") else f"{line}\n"
        for line in EXAMPLE.read_text(encoding="utf-8").splitlines()
    )


def make_environment(path: Path, chosen: Mapping[str, str] | None = None) -> bool:
    """Write the settings of new servers, readable by their owner only; never over known ones.

    Args:
        path: Where to write them.
        chosen: Values to take instead of those of the example.

    Returns:
        Whether they were made now.
    """
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for line in filled_in().splitlines():
        name, is_value, _ = line.partition("=")
        mine = (chosen or {}).get(name) if is_value and not line.startswith("#") else None
        lines.append(f"{name}={mine}" if mine is not None else line)
    aside = path.with_name(f"{path.name}.part")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    aside.replace(path)
    return True


def read_environment(path: Path) -> dict[str, str]:
    """The settings in a file; what it says of another value (`${NAME}`) is filled in."""
    return {name: value or "" for name, value in dotenv_values(path).items()}


if __name__ == "__main__":
    target = Path(sys.argv[1])
    made = make_environment(target)
    print(f"{target} {'is made: keep it to yourself' if made else 'is there already: left alone'}.")
