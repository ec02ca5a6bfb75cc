"""The commands of `run.py dataset` with their options and help."""

from pathlib import Path
from typing import Any

import click

from cli import options

PROJECT = Path(__file__).resolve().parent.parent


@click.group(
    epilog="""
\b
Examples:
  python run.py dataset init my-students.csv
  python run.py dataset check my-students.csv --dataset my_students
  python run.py dataset pseudonymise my-students.csv --dataset my_students --out safe.csv
  python run.py dataset convert my-students.csv --dataset my_students --out students.parquet
"""
)
def dataset() -> None:
    """Bring your own table: describe it, check it, hide who is in it."""


@dataset.command(
    "check",
    epilog="""
\b
Examples:
  python run.py dataset check --dataset report
  python run.py dataset check my-students.csv --dataset my_students
  python run.py dataset check my-students.csv --set 'dataset.separator=";"'

\b
Exit codes: 0 a training would go on, 3 a leak would stop it, 4 the table is invalid.
""",
)
@click.argument("file", required=False)
@options.dataset
@options.overrides
@options.debug
def dataset_check(**given: Any) -> None:
    """Show what is in FILE, what breaks its contract, and what a training would do.

    Without FILE, the data set's own file is read.
    """
    from cli.dataset import check

    check(PROJECT, **given)


@dataset.command(
    "init",
    epilog="""
\b
Examples:
  python run.py dataset init my-students.csv
  python run.py dataset init export.csv --name my_school
""",
)
@click.argument("file")
@click.option("--name", help="Name of the data set; default: that of the file.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="YAML",
    help="File to write; default: configs/datasets/NAME.yaml.",
)  # fmt: skip
@options.debug
def dataset_init(**given: Any) -> None:
    """Write the contract of FILE, guessed from its header and cells, for you to correct."""
    from cli.dataset import init

    init(PROJECT, **given)


@dataset.command(
    "pseudonymise",
    epilog="""
\b
Example:
  python run.py dataset pseudonymise my-students.csv --dataset my_students --out safe.csv

\b
The key is taken from STUDENT_PERFORMANCE_PSEUDONYM_KEY. Make one, and keep it apart from the data:
  python -c "import secrets; print(secrets.token_hex(32))"
""",
)
@click.argument("file")
@options.dataset
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="File to write.",
)  # fmt: skip
@options.debug
def dataset_pseudonymise(**given: Any) -> None:
    """Write a copy of FILE in which identifiers are replaced by pseudonyms."""
    from cli.dataset import pseudonymise

    pseudonymise(PROJECT, **given)


@dataset.command(
    "convert",
    epilog="""
\b
Example:
  python run.py dataset convert my-students.csv --dataset my_students --out students.parquet
  python run.py train --dataset my_students --data students.parquet --set engine=dask
""",
)
@click.argument("file")
@options.dataset
@click.option(
    "--out", required=True, metavar="FILE|s3://...", help="Where to; its name ends in .parquet."
)
@options.overrides
@options.debug
def dataset_convert(**given: Any) -> None:
    """Write the contract's columns of FILE as Parquet, which can be read in parts.

    The table may be larger than memory.
    """
    from cli.dataset import convert

    convert(PROJECT, **given)
