"""`run.py doctor`: what could keep a run from working, and the mend for each."""

import shutil
import socket
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import click

from cli.checks import Check, looked_at
from cli.doctor_servers import server_checks
from cli.output import say

_UNREACHABLE = 5
_FREE_BYTES = 2 * 1024**3
_DASHBOARD_PORT = 8237


def run(project: Path, stack: str | None, debug: bool) -> None:
    """Print every check; exits with 5 if something has to be mended."""
    say("student-performance: looking at this machine …")
    sick = 0
    for check in _checks(project, stack):
        sick += not check.well
        mark, colour = ("ok  ", "green") if check.well else ("mend", "red")
        click.secho(mark, fg=colour, nl=False)
        click.echo(f"  {check.name:<13}{check.found}")
        if not check.well:
            click.echo(f"      {'':<13}-> {check.mend}")
    if sick:
        sys.exit(_UNREACHABLE)


def _checks(project: Path, stack: str | None) -> Iterator[Check]:
    yield _python()
    yield _packages(project)
    yield _git(project)
    yield _disk()
    yield _data(project)
    used: list[str] = []
    yield looked_at("stack", lambda: _stack(stack, used))
    yield from _servers(project, stack or "".join(used))
    if used:  # without a stack nobody says which
        yield looked_at("MLflow", _mlflow)
    yield _port()


def _python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    well = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Check("Python", well, version, "make clean setup PYTHON=python3.12")


def _packages(project: Path) -> Check:
    from packaging.requirements import Requirement

    wrong, locked = [], 0
    whole = project / "requirements.txt"  # the image has less, and another lock
    lock = whole if whole.exists() else project / "requirements-image.txt"
    for line in lock.read_text(encoding="utf-8").splitlines():
        if "==" not in line or line.startswith((" ", "#")):
            continue
        requirement = Requirement(line.rstrip(" \\"))
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        locked += 1
        if _installed(requirement.name) not in requirement.specifier:
            wrong.append(f"{requirement.name} {_installed(requirement.name)}")
    found = f"{locked} packages as locked" if not wrong else f"not as locked: {', '.join(wrong)}"
    return Check("packages", not wrong, found, "make clean setup")


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "0"


def _git(project: Path) -> Check:
    path = shutil.which("git")
    if path is None and not (project / ".git").exists():
        return Check("git", True, "not needed: this is no checkout")
    return Check(
        "git", path is not None, path or "not found", "install git: runs name their commit"
    )


def _disk() -> Check:
    from student_performance.settings import home

    place = next(folder for folder in (home(), *home().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    return Check(
        "disk", free > _FREE_BYTES, f"{free / 1024**3:.0f} GB free at {place}", "make room"
    )


def _data(project: Path) -> Check:
    import yaml

    from student_performance.digests import md5_of

    path = project / "data" / "student_performance.csv"
    lock = yaml.safe_load((project / "dvc.lock").read_text(encoding="utf-8"))
    locked = lock["stages"]["simulate"]["outs"][0]["md5"]
    if not path.exists():
        return Check("data", True, "not there yet: the next run makes them")
    same = md5_of(str(path)) == locked
    found = "the bytes of dvc.lock" if same else "not the bytes of dvc.lock"
    return Check("data", same, found, "dvc repro --force simulate")


def _stack(name: str | None, used: list[str]) -> str:
    from stacks.selection import select_stack

    selection = select_stack(name)
    used.append(selection.name)
    return f"{selection.name} ({selection.why})"


def _servers(project: Path, stack: str) -> Iterator[Check]:
    from stacks.definitions import WITH_SERVERS

    if stack in WITH_SERVERS:
        yield from server_checks(project, stack)


def _mlflow() -> str:
    from steps.mlflow_store import active_store

    return f"{active_store().tracking_uri} answers"


def _port() -> Check:
    with socket.socket() as probe:
        free = probe.connect_ex(("127.0.0.1", _DASHBOARD_PORT)) != 0
    found = f"port {_DASHBOARD_PORT} is {'free' if free else 'taken'} for `run.py lineage`"
    return Check("dashboard", free, found, f"python run.py lineage --port {_DASHBOARD_PORT + 1}")
