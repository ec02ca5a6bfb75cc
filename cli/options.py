"""Options that several commands share."""

from typing import Any

import click


def debug(command: Any) -> Any:
    """`--debug`."""
    return click.option("--debug", is_flag=True, help="Show tracebacks and all logs.")(command)


def dataset(command: Any) -> Any:
    """`--dataset NAME`."""
    return click.option(
        "--dataset", default="student_performance", show_default=True, metavar="NAME",
        help="A file of configs/datasets/, without .yaml.",
    )(command)  # fmt: skip


def overrides(command: Any) -> Any:
    """`--set KEY=VALUE`."""
    return click.option(
        "--set", "overrides", multiple=True, metavar="KEY=VALUE",
        help="Override a value of configs/train.yaml, or of the data set with `dataset.KEY`.",
    )(command)  # fmt: skip


def stack(command: Any) -> Any:
    """`--stack NAME`."""
    return click.option(
        "--stack",
        metavar="NAME",
        help="ZenML stack for this command only; default: the active one.",
    )(command)


def as_json(command: Any) -> Any:
    """`--json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="One JSON object on stdout, all else on stderr."
    )(command)
