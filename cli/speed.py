"""Knobs that make a run faster and change nothing that it gives.

`STUDENT_PERFORMANCE_KNOBS=off` leaves all of them out, and names with commas between them leave out
those. What each gains is in docs/numbers.md, and where it belongs in
docs/decisions/016-what-a-run-does-not-have-to-do.md.
"""

import atexit
import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

SWITCH = "STUDENT_PERFORMANCE_KNOBS"
# ZenML, MLflow and scikit-learn make about a million objects while they are imported, none of them
# garbage: Python does not look through them for it, neither then nor at the end.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000
COLLECTION, SKOPS = "collection", "skops"  # the two that are no function of a library
_turned: set[str] = set()


@dataclass(frozen=True)
class Knob:
    """A function of a library, by its name, and what takes its place."""

    title: str
    module: str
    name: str
    replacement: Callable[[Any], Any]

    def place(self) -> tuple[Any, str]:
        """The object that has the function as an attribute, and the attribute.

        Raises:
            AttributeError: The library has no such name any more.
        """
        owner = import_module(self.module)
        *path, attribute = self.name.split(".")
        for part in path:
            owner = getattr(owner, part)
        getattr(owner, attribute)
        return owner, attribute

    def turn(self) -> None:
        """Put the replacement in place."""
        owner, attribute = self.place()
        setattr(owner, attribute, self.replacement(getattr(owner, attribute)))


@cache
def package_of(module_name: str) -> str | None:
    """The installed package that a module belongs to; None if it is none or several."""
    from importlib import metadata  # no short command needs it

    top = module_name.partition(".")[0]
    places = (f"\n{top}/", f"\n{top}.py,")
    found = {
        package.name
        for package in metadata.distributions()
        if any(place in f"\n{package.read_text('RECORD')}" for place in places)
    }
    return found.pop() if len(found) == 1 else None


def _nothing(_: Any) -> Callable[..., None]:
    return lambda *args, **kwargs: None


def _known(ask: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Ask once for all statements that SQLAlchemy itself would compile once."""
    answers: dict[Any, bool] = {}

    def asked(statement: Any) -> bool:
        structure = statement._generate_cache_key()
        if structure is None:
            return ask(statement)
        if structure.key not in answers:
            answers[structure.key] = ask(statement)
        return answers[structure.key]

    return staticmethod(asked)


KNOBS: tuple[Knob, ...] = (
    # ZenML parses the file lists of all installed packages for each artifact.
    Knob("package", "zenml.utils.source_utils", "_get_package_for_module", lambda _: package_of),
    # It asks pip which packages are installed, twice a run.
    Knob("packages", "zenml.environment", "Environment.get_python_packages", cache),
    # It compiles each statement twice more, to see how many tables it reads.
    Knob(
        "distinct", "zenml.zen_stores.sql_zen_store", "SqlZenStore._query_requires_distinct", _known
    ),
    # It reads the code of a materializer's class for each artifact.
    Knob("sources", "zenml.utils.source_code_utils", "get_hashed_source_code", cache),
    # It imports every integration that is installed to know its materializers; ours are named.
    Knob(
        "integrations",
        "zenml.integrations.registry",
        "IntegrationRegistry.activate_integrations",
        _nothing,
    ),
    # MLflow parses them too, to compare the requirements that it is given with what is installed;
    # ours are read from there.
    Knob(
        "requirements", "mlflow.utils.requirements_utils", "_check_requirement_satisfied", _nothing
    ),
)


def collect_rarely() -> None:
    """Let this process look for garbage seldom, and not at all when it ends."""
    if _is_on(COLLECTION) and COLLECTION not in _turned:
        _turned.add(COLLECTION)
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
        atexit.register(gc.freeze)


@contextmanager
def fast_imports() -> Iterator[None]:
    """Around the imports of ZenML and MLflow in a process that runs pipelines; once is enough."""
    if "imports" in _turned:
        yield
        return
    _turned.add("imports")
    collect_rarely()
    with _uncollected():
        if _is_on(SKOPS):
            # It searches the modules, in the order of their import, for each of some hundred
            # functions, most of them of scipy.special: the sooner that comes, the shorter.
            import_module("scipy.special")
            with _hidden("dask"):
                import_module("skops.io")
        for knob in KNOBS:
            if _is_on(knob.title):
                with suppress(AttributeError, ImportError):  # only speed is lost; a test tells
                    knob.turn()
        yield


def _is_on(knob: str) -> bool:
    left_out = os.environ.get(SWITCH, "").split(",")
    return "off" not in left_out and knob not in left_out


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """As if a package were not installed, if it is not imported yet; for all threads.

    skops asks scikit-learn for its estimators, which imports all of its packages to look for them,
    also its adapters to other libraries' arrays, and with these the libraries. No estimator is in
    there.
    """
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.modules.pop(package, None)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection; what was made here is never looked through again."""
    if not _is_on(COLLECTION):
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def become(*command: str) -> NoReturn:
    """Let this process be another one: a module and its arguments, as with `python -m`."""
    project = str(Path(__file__).resolve().parent.parent)
    places = [project, os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "cli.speed", *command])


def main() -> None:
    """Run a module as `python -m` does, and collect rarely: `python -m cli.speed MODULE ...`."""
    import runpy

    collect_rarely()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
