"""All commands with their options and help. Bodies are imported when a command runs."""

from pathlib import Path
from typing import Any

import click

from cli import options
from cli.dataset_commands import dataset
from cli.errors import run_command
from cli.experiment_commands import experiment
from cli.stack_commands import stack
from cli.student_commands import monitor, predict, retrain

PROJECT = Path(__file__).resolve().parent.parent

_EXAMPLES = """
\b
Examples:
  python run.py                                      train on the default data
  python run.py demo                                 the whole loop in about a minute
  python run.py train --dataset oulad --data FILE    train on your own table
  python run.py predict --data FILE --out risks.csv  who is at risk, by the model that serves
  python run.py monitor --data FILE                  whether the students are still the same
  python run.py retrain --data FILE                  learn from them as well, if it is due
  python run.py runs                                 what was trained, what serves
  python run.py dashboard                            look at it in the browser
  python run.py lineage                              see it in the ZenML dashboard

\b
Exit codes: 0 done, 2 usage, 3 refused, 4 data invalid, 5 service unreachable,
6 the monitor found drift.
"""


class _TrainByDefault(click.Group):
    """`run.py` and `run.py --option` mean `run.py train`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "-h")):
            args = ["train", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_TrainByDefault,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EXAMPLES,
)
def app() -> None:
    """Which students are at risk, how sure that is, and which model may say so."""


def main() -> None:
    """Run the command line and exit with a code that means something."""
    run_command(app)


@app.command(
    epilog="""
\b
Examples:
  python run.py train
  python run.py train --set candidates.logistic_regression.C=0.5
  python run.py train --set dataset.target.pass_mark=50
  python run.py train --json > result.json
"""
)
@options.dataset
@click.option("--data", metavar="FILE", help="Table to read instead of the data set's own file.")
@options.stack
@options.overrides
@click.option("--no-cache", is_flag=True, help="Compute every step again.")
@click.option(
    "--export", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path),
    help="Also write metrics and curves as files, for DVC.",
)  # fmt: skip
@options.as_json
@options.debug
def train(**given: Any) -> None:
    """Train, judge and register a model."""
    from cli.train import run

    run(PROJECT, **given)


@app.command(
    epilog="""
\b
Examples:
  python run.py simulate
  python run.py simulate --students 500 --seed 7 --out small.csv
  python run.py simulate --students 800 --seed 8 --term T2- --set hours_median=5 --out term2.csv
"""
)
@click.option("--students", default=10_000, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=20, show_default=True, type=click.IntRange(0))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path),
    default=Path("data/student_performance.csv"), show_default=True,
)  # fmt: skip
@click.option("--term", default="", metavar="TEXT", help="Put before each identifier.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE",
    help="Another world: a field of student_performance/world.py.",
)  # fmt: skip
@options.debug
def simulate(**given: Any) -> None:
    """Make the default table: students whose best possible score is known."""
    from cli.simulate import run

    run(**given)


@app.command(
    epilog="""
\b
Examples:
  python run.py runs
  python run.py runs --dataset oulad --limit 50
  python run.py runs --json
"""
)
@options.dataset
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1000))
@options.stack
@options.as_json
@options.debug
def runs(**given: Any) -> None:
    """List trainings, versions and who moved which alias."""
    from cli.registry import show_runs

    show_runs(PROJECT, **given)


@app.command(
    epilog="""
\b
Examples:
  python run.py promote 2 --reason "approved by the head of studies"
"""
)
@click.argument("version")
@click.option("--reason", required=True, help="Why; it is kept in the audit.")
@options.dataset
@options.stack
@options.debug
def promote(**given: Any) -> None:
    """Let VERSION serve, because a person says so."""
    from cli.registry import promote_version

    promote_version(PROJECT, **given)


@app.command(
    epilog="""
\b
Examples:
  python run.py rollback --reason "too many false alarms in term 2"
"""
)
@click.option("--reason", required=True, help="Why; it is kept in the audit.")
@options.dataset
@options.stack
@options.debug
def rollback(**given: Any) -> None:
    """Let the version that served before serve again."""
    from cli.registry import roll_back

    roll_back(PROJECT, **given)


@app.command(
    epilog="""
\b
Examples:
  python run.py doctor
  python run.py doctor --stack local
"""
)
@options.stack
@options.debug
def doctor(**given: Any) -> None:
    """Check this machine and say how to mend what is wrong."""
    from cli.doctor import run

    run(PROJECT, **given)


@app.command(
    epilog="""
\b
Examples:
  python run.py lineage
  python run.py lineage --port 9000
"""
)
@click.option("--port", default=8237, show_default=True, type=click.IntRange(1024, 65535))
@options.debug
def lineage(**given: Any) -> None:
    """Serve the ZenML dashboard on this machine until Ctrl-C."""
    from cli.lineage import run

    run(**given)


@app.command(
    epilog="""
\b
Examples:
  python run.py serve
  python run.py serve --stack minio --port 8700
  curl -s localhost:8600/predict -H 'content-type: application/json' -d
    '{"student_id": "S1", "hours_studied": 4, "attendance_percent": 60,
      "assignments_completed": 3}'

\b
Other machines can ask with --host 0.0.0.0; then STUDENT_PERFORMANCE_API_KEY must hold a key that
callers send as X-API-Key.
"""
)
@options.dataset
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8600, show_default=True, type=click.IntRange(1024, 65535))
@click.option(
    "--refresh-seconds", default=2.0, show_default=True, type=click.FloatRange(0.1, 3600),
    help="How often the registry is asked which version serves.",
)  # fmt: skip
@options.stack
@options.debug
def serve(**given: Any) -> None:
    """Answer predictions over HTTP with the version that serves, until Ctrl-C."""
    from cli.serve import run

    run(**given)


@app.command(
    epilog="""
\b
Examples:
  python run.py dashboard
  python run.py dashboard --stack minio --port 8600
"""
)
@click.option("--port", default=8501, show_default=True, type=click.IntRange(1024, 65535))
@options.stack
@options.debug
def dashboard(**given: Any) -> None:
    """Show models, runs and predictions in the browser until Ctrl-C."""
    from cli.dashboard import run

    run(PROJECT, **given)


@app.command(
    epilog="""
\b
Examples:
  python run.py demo

\b
In stores of its own, which the next demo empties; about a minute.
"""
)
@options.debug
def demo(**given: Any) -> None:
    """See the whole loop: train, drift, retrain, compare, promote, roll back."""
    from cli.demo import run

    run(PROJECT, **given)


@app.command(hidden=True)
@options.debug
def resident(**given: Any) -> None:
    """Run the commands that `servers/resident.py` asks for."""
    from cli.resident import run

    run(PROJECT)


for command in (dataset, stack, predict, monitor, retrain, experiment):
    app.add_command(command)
