"""`run.py predict`, `monitor` and `retrain`: what is done with a table of new students."""

from pathlib import Path
from typing import Any

import click

from cli import options

PROJECT = Path(__file__).resolve().parent.parent


@click.command(
    epilog="""
\b
Examples:
  python run.py predict --data new_students.csv --out risks.parquet
  python run.py predict --data s3://term2/students.csv --out s3://term2/risks.csv

\b
OUT has the identifier, risk, flagged, reasons and model version of each student. Rows that break
the contract of the model go to OUT's neighbour NAME.rejects.csv with the reason.
"""
)
@options.dataset
@click.option("--data", metavar="FILE", required=True, help="CSV to score, local or s3://.")
@click.option(
    "--out", metavar="FILE", required=True, help="Ends in .parquet or .csv, local or s3://."
)
@options.stack
@options.as_json
@options.debug
def predict(**given: Any) -> None:
    """Score a table of any size with the version that serves."""
    from cli.predict import run

    run(**given)


@click.command(
    epilog="""
\b
Examples:
  python run.py monitor --data term2.csv
  python run.py monitor --data term2.csv --labels term2_results.csv
  python run.py monitor --data s3://term2/students.csv --metrics /var/lib/metrics/students.prom

\b
LABELS has the identifier and the outcome; the finished table of the term will do. An alarm is
posted to the address in STUDENT_PERFORMANCE_WEBHOOK, if there is one. Exits with 6 if something
drifted.
"""
)
@options.dataset
@click.option("--data", metavar="FILE", required=True, help="CSV of new students, local or s3://.")
@click.option("--labels", metavar="FILE", help="CSV with the outcomes of some of them.")
@click.option(
    "--metrics", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
    help="Also write metrics for the textfile collector of Prometheus.",
)  # fmt: skip
@options.stack
@options.overrides
@options.as_json
@options.debug
def monitor(**given: Any) -> None:
    """Tell whether new students are like those that the model learnt from, and what to do."""
    from cli.monitor import run

    run(PROJECT, **given)


@click.command(
    epilog="""
\b
Examples:
  python run.py retrain --data term2_results.csv
  python run.py retrain --data s3://term2/results.csv --enough 200
  python -m servers.schedule --every 86400 python run.py retrain --data s3://term2/results.csv

\b
DATA has the columns of the training data; of a student who is in both, the new row counts. It is
due if the monitor found drift for the version that serves, or if enough rows with outcomes are new.
The gate compares the new model with the one that serves, on rows that neither has learnt from. Old
and new rows are kept in FOLDER by DVC, for the next time. Exits with 3 if it is not due or the gate
refused.
"""
)
@options.dataset
@click.option("--data", metavar="FILE", required=True, help="CSV with outcomes, local or s3://.")
@click.option(
    "--enough",
    default=500,
    show_default=True,
    type=click.IntRange(1),
    metavar="ROWS",
    help="So many new rows are a reason without an alarm.",
)
@click.option(
    "--folder", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path),
    help="Where all rows are kept; default: data/retraining.",
)  # fmt: skip
@options.stack
@options.overrides
@options.as_json
@options.debug
def retrain(**given: Any) -> None:
    """Learn from old and new students together, if there is a reason to."""
    from cli.retrain import run

    run(PROJECT, **given)
