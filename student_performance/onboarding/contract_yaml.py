"""Writes a guessed contract as YAML that a person can read and correct."""

import json
import re
from pathlib import PurePosixPath
from typing import Any

import yaml

from student_performance.contract import DatasetConfig
from student_performance.errors import UsageError
from student_performance.onboarding.guess import Guess, GuessedColumn

_HEAD = """\
# Written by `python run.py dataset init`. Everything after `# guess` is one: read it, correct it,
# and remove the remark. docs/your-own-data.md explains every key.
"""
_COLUMNS = """
# role: id, cohort, feature, sensitive (audited, no feature), context (read, not used), outcome.
# known: is the cell filled before the prediction is made? `after` is a leak.
columns:
"""
_TARGET = """
# Who passes: `pass_mark` for a number, `passing` or `at_risk` with the values that mean it.
"""


def data_set_name(name: str | None, file: str) -> str:
    """The name of the data set: the one given, or that of the file as far as it can be one.

    Raises:
        UsageError: The name that was given cannot be one.
    """
    if name is None:
        stem = PurePosixPath(file.replace("\\", "/")).stem.lower()
        made = re.sub(r"[^a-z0-9]+", "_", stem).strip("_")
        return made if re.match("[a-z]", made) else f"table_{made}".rstrip("_")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UsageError(
            f"--name {name}: a name has small letters, digits and `_`, and begins with a letter.",
            "python run.py dataset init FILE --name my_school",
        )
    return name


def contract_text(guessed: Guess, name: str, file: str) -> str:
    """The YAML of a contract; it is read back before it is returned.

    Args:
        guessed: The guess.
        name: Name of the data set.
        file: Where the table is, as the contract shall name it.
    """
    head: dict[str, Any] = {
        "name": name,
        "description": f"Students of {name}.",
        "file": file,
        "separator": guessed.format.separator,
        "decimal": guessed.decimal,
        "encoding": guessed.format.encoding,
    }
    target = {"target": _plain(guessed.target.model_dump(mode="json", exclude_none=True))}
    text = "".join(
        [
            _HEAD,
            *(f"{_flow({key: value})}\n" for key, value in head.items()),
            _COLUMNS,
            *(_line(column, guess) for column, guess in guessed.columns.items()),
            _TARGET,
            f"{_flow(target)}  # guess: {guessed.target_guess}\n",
        ]
    )
    DatasetConfig.model_validate_json(json.dumps(yaml.safe_load(text)), strict=True)
    return text


def _line(name: str, guessed: GuessedColumn) -> str:
    values = _plain(guessed.column.model_dump(mode="json", exclude_defaults=True))
    remark = f"  # guess: {guessed.guess}" if guessed.guess else ""
    return f"  {_flow({name: values})}{remark}\n"


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Whole numbers as people write them."""
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in values.items()
    }


def _flow(pair: dict[str, Any]) -> str:
    """`key: value` on one line, quoted where YAML would take it for something else."""
    return ", ".join(f"{_dumped(key)}: {_dumped(value)}" for key, value in pair.items())


def _dumped(value: Any) -> str:
    text = yaml.safe_dump(
        [value], default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False
    )
    return text.strip()[1:-1]
