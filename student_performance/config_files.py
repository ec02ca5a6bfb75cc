"""Reads the YAML configuration, applies `--set`, and turns every mistake into a sentence."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from student_performance.config import TrainConfig
from student_performance.contract import DatasetConfig
from student_performance.errors import UsageError, nearest, nearest_word
from student_performance.experiment import ExperimentPolicy
from student_performance.world import World

ConfigT = TypeVar("ConfigT", bound=BaseModel)
Place = tuple[int | str, ...]

_DATASET_PREFIX = "dataset."
_HELP = "python run.py train --help"


def load_configs(
    folder: Path, dataset: str, overrides: Sequence[str] = ()
) -> tuple[TrainConfig, DatasetConfig]:
    """Read both configurations of a training.

    Args:
        folder: The folder that holds `train.yaml` and `datasets/`.
        dataset: Name of a file in `datasets/`, without its ending.
        overrides: `key=value` pairs; keys that begin with `dataset.` change the data set.

    Returns:
        The training and the data-set configuration.

    Raises:
        UsageError: A file is missing, a key is unknown or misspelt, or a value is of the wrong
            type; the message names the place, what is allowed and the nearest right word.
    """
    for_dataset = [o.removeprefix(_DATASET_PREFIX) for o in overrides if _is_for_dataset(o)]
    for_training = [o for o in overrides if not _is_for_dataset(o)]
    path = _dataset_path(folder, dataset)
    contract = _load(DatasetConfig, path, for_dataset)
    if contract.name != path.stem:
        raise UsageError(
            f"{path}: `name` is `{contract.name}`, but commands find a data set by its file. Write"
            f" `name: {path.stem}` or rename the file.",
            _HELP,
        )
    return _load(TrainConfig, folder / "train.yaml", for_training), contract


def _is_for_dataset(override: str) -> bool:
    return override.startswith(_DATASET_PREFIX)


def _dataset_path(folder: Path, dataset: str) -> Path:
    known = sorted(path.stem for path in (folder / "datasets").glob("*.yaml"))
    if dataset not in known:
        raise UsageError(
            f"There is no data set `{dataset}`.{nearest(dataset, known)}"
            f" {folder / 'datasets'} has: {', '.join(known) or 'none'}.",
            f"python run.py train --dataset {nearest_word(dataset, known) or known[0]}"
            if known
            else None,
        )
    return folder / "datasets" / f"{dataset}.yaml"


def load_experiment(folder: Path, overrides: Sequence[str] = ()) -> ExperimentPolicy:
    """How experiments are run, from `experiment.yaml`.

    Raises:
        UsageError: A key is unknown or misspelt, or a value is not allowed.
    """
    return _load(ExperimentPolicy, folder / "experiment.yaml", overrides)


def load_world(overrides: Sequence[str]) -> World:
    """The world of simulated students, with some of its parameters changed.

    Raises:
        UsageError: A key is unknown or misspelt, or a value is no number.
    """
    return _checked(World, {}, overrides, "simulate")


def _load(model: type[ConfigT], path: Path, overrides: Sequence[str]) -> ConfigT:
    return _checked(model, _read_yaml(path), overrides, str(path))


def _checked(
    model: type[ConfigT], tree: dict[str, Any], overrides: Sequence[str], path: str
) -> ConfigT:
    for override in overrides:
        _apply(tree, override)
    try:
        return model.model_validate_json(json.dumps(tree, default=_no_json), strict=True)
    except ValidationError as error:
        where = f"{path}{' with --set' if overrides else ''}"
        lines = [f"{where}: {_sentence(model, problem)}" for problem in error.errors()]
        raise UsageError("\n".join(lines), _HELP) from error


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"There is no configuration file {path}.") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(tree, dict):
        raise UsageError(f"{path} holds no `key: value` pairs.")
    return tree


def _no_json(value: object) -> dict[str, str]:
    """Dates and bytes, which YAML knows: a shape that no key takes, so that its place is named."""
    return {type(value).__name__: str(value)}


def _apply(tree: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not all(key.split(".")):
        raise UsageError(f"--set {override}: write it as key=value.", _HELP)
    *parents, last = key.split(".")
    node = tree
    for parent in parents:
        child = node.setdefault(parent, {})
        if not isinstance(child, dict):
            raise UsageError(f"--set {override}: `{parent}` is a value and has no keys.", _HELP)
        node = child
    try:
        node[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"--set {override}: `{text}` is not a valid YAML value.") from error


def _sentence(model: type[BaseModel], problem: ErrorDetails) -> str:
    place, kind, found = problem["loc"], problem["type"], problem["input"]
    if kind == "extra_forbidden":
        parents, models = _walk(model, place[:-1])
        known = sorted({name for parent in models for name in parent.model_fields})
        key = str(place[-1])
        return (
            f"`{'.'.join([*parents, key])}` is not a known key.{nearest(key, known)}"
            f" Allowed here: {', '.join(known)}."
        )
    parts, _ = _walk(model, place)
    at = f"`{'.'.join(parts)}`" if parts else "the file"
    if kind == "missing":
        return f"{at} is missing."
    context = problem.get("ctx", {})
    words = re.findall(r"'([^']+)'", str(context.get("expected", context.get("expected_tags", ""))))
    word = str(context.get("tag", found))
    message = problem["msg"].removeprefix("Value error, ").rstrip(".")
    shown = "" if isinstance(found, Mapping) else f" (found: {found!r})"
    end = "" if message.endswith("?") else "."
    return f"{at}: {message}{shown}{end}{nearest(word, words)}"


def _walk(model: type[BaseModel], place: Place) -> tuple[list[str], set[type[BaseModel]]]:
    """The place as the file has it, and the models that may stand there.

    Pydantic adds the tag of a tagged union to the place; the file has no such key.
    """
    parts: list[str] = []
    models, next_is_key = {model}, False
    for part in place:
        tagged = set() if next_is_key else {m for m in models if _tag(m) == part}
        if tagged:
            models = tagged
            continue
        parts.append(str(part))
        if next_is_key:  # a key of the user's own choice, which may look like one of ours
            next_is_key = False
            continue
        fields = [m.model_fields[str(part)] for m in models if part in m.model_fields]
        next_is_key = any(get_origin(field.annotation) is dict for field in fields)
        if fields:
            models = {inner for field in fields for inner in _models_in(field.annotation)}
    return parts, models


def _tag(model: type[BaseModel]) -> str | None:
    kind = model.model_fields.get("kind")
    values = get_args(kind.annotation) if kind else ()
    return values[0] if values else None


def _models_in(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for part in get_args(annotation) for model in _models_in(part)}
