"""Makes a database file aside and renames it, so that a killed run leaves no half-made store."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

_ASIDE = ".making-"


def make_once(path: Path, make: Callable[[Path], None]) -> bool:
    """Create a file if it is not there yet; of several processes, one does.

    Args:
        path: Where the file shall be.
        make: Creates the file at the path it is given, a place in the same folder tree. Whatever it
            leaves behind when it is killed is removed by the next call.

    Returns:
        Whether the file was made now.
    """
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        mine = f"{_ASIDE}{path.name}-"
        for left_over in path.parent.glob(f"{mine}*"):
            shutil.rmtree(left_over)
        if path.exists():
            return False
        aside = Path(tempfile.mkdtemp(prefix=mine, dir=path.parent))
        made = aside / path.name
        make(made)
        made.replace(path)
        shutil.rmtree(aside)
    return True
