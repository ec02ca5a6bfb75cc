"""The knobs: each library still has the name, and the switch leaves all of them out."""

import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy.orm import joinedload
from sqlmodel import select

from cli.speed import KNOBS, SWITCH, Knob, _hidden, package_of
from tests.conftest import PROJECT, Stores

# A fork for each value of the switch: the first as a training begins, the others from a process
# that has imported what the knobs change.
TOLD = """
import gc, os, sys
from cli import speed
def tell(**switch):
    if fork := os.fork():
        assert os.waitpid(fork, 0)[1] == 0
        return
    os.environ.update(switch)
    with speed.fast_imports():
        pass
    there = {knob.title: getattr(*knob.place()) for knob in speed.KNOBS}
    as_they_are = {title for title, found in there.items()
                   if found.__module__ != "cli.speed" and not hasattr(found, "cache_info")}
    print(gc.get_threshold()[0], *sorted(as_they_are), flush=True)
    os._exit(0)
tell()
import skops.io
for knob in speed.KNOBS:
    knob.place()
for off in sys.argv[1:]:
    tell(**{speed.SWITCH: off})
"""

# What skops finds as it is imported; the models that it reads may hold these types.
TRUSTED = """
import sys
from cli import speed
with speed.fast_imports():
    from skops.io import _trusted_types as types
print("dask" in sys.modules)
for name in sorted(vars(types)):
    if name.endswith("_NAMES"):
        print(name, *getattr(types, name))
import dask.array
"""

# What any command does, also one that runs no pipeline.
BEGUN = """
import atexit, gc, sys
from cli.app import main
atexit.register(lambda: print(gc.get_threshold()[0], gc.get_freeze_count() > 0))
sys.argv = ["run.py", "simulate", "--help"]
main()
"""


def told(user: Stores, code: str, *args: str, **variables: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *args], cwd=PROJECT, env=user.environment | variables,
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip().splitlines()


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_library_still_has_the_name(knob: Knob) -> None:
    owner, attribute = knob.place()

    assert callable(getattr(owner, attribute))


def test_name_that_is_gone_is_told() -> None:
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        Knob("x", "importlib.metadata", "nothing_of_this_name", lambda original: original).place()


def test_switch_leaves_everything_as_it_is(stores: Stores) -> None:
    found = told(stores, TOLD, "off", "collection,skops", "package")

    all_of_them = " ".join(sorted(knob.title for knob in KNOBS))
    assert found == ["100000", f"700 {all_of_them}", "700", "100000 package"]


def test_skops_trusts_the_same_types_where_it_comes_first_and_does_not_see_dask(
    stores: Stores,
) -> None:
    first, *types = told(stores, TRUSTED)
    later, *same = told(stores, TRUSTED, **{SWITCH: "skops"})

    assert (first, later) == ("False", "True")
    assert len(types) > 5
    assert types == same


def test_package_is_hidden_for_a_while_unless_it_is_there_already(tmp_path: Path) -> None:
    (tmp_path / "some_package.py").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        with pytest.raises(ModuleNotFoundError), _hidden("some_package"):
            import_module("some_package")
        there = import_module("some_package")
        with _hidden("some_package"):
            assert import_module("some_package") is there
        del sys.modules["some_package"]


def test_every_command_looks_for_garbage_seldom_and_not_at_its_end(stores: Stores) -> None:
    assert told(stores, BEGUN)[-1] == "100000 True"
    assert told(stores, BEGUN, **{SWITCH: "collection"})[-1] == "700 False"


def test_package_of_a_module_is_the_one_that_zenml_would_find() -> None:
    spec = find_spec("zenml.utils.source_utils")  # anew, without knobs that another test turned
    assert spec is not None
    assert spec.loader is not None
    source_utils = module_from_spec(spec)
    spec.loader.exec_module(source_utils)

    for module in ("pandas.core.frame", "sklearn.pipeline", "numpy", "six", "builtins", "nothing"):
        assert package_of(module) == source_utils._get_package_for_module(module), module


def test_statements_that_read_several_tables_are_told_apart_and_a_kind_is_asked_about_once() -> (
    None
):
    from zenml.zen_stores.schemas import StackSchema, UserSchema  # ZenML is slow to import

    (knob,) = (knob for knob in KNOBS if knob.title == "distinct")
    owner, name = knob.place()
    ask = Mock(wraps=getattr(owner, name))
    known = knob.replacement(ask)
    stacks = [select(StackSchema).where(StackSchema.name == stack) for stack in ("local", "minio")]
    of_users = [stack.join(UserSchema, StackSchema.user_id == UserSchema.id) for stack in stacks]
    with_users = [stack.options(joinedload(StackSchema.user)) for stack in stacks]

    assert not any(map(known, stacks))
    assert all(map(known, of_users + with_users))
    assert ask.call_count == 3
