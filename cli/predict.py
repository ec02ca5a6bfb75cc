"""`run.py predict`: score a table with the version that serves."""

import shlex
from typing import TYPE_CHECKING, Any, TextIO

from cli.champion import select_with_champion
from cli.data_files import absolute
from cli.output import results_only_on_stdout, say, show_progress

if TYPE_CHECKING:
    from student_performance.batch_record import BatchRecord


def run(dataset: str, data: str, out: str, stack: str | None, as_json: bool, debug: bool) -> None:
    """Run the inference pipeline and tell what became of the table."""
    say("student-performance: looking at the table …")
    from student_performance.table_files import check_kind

    check_kind(out)
    with results_only_on_stdout() as stdout:
        record = _predict(absolute(data), absolute(out), dataset, stack)
        if as_json:
            print(record.model_dump_json(indent=2), file=stdout)
        else:
            _show(record, stdout)


def _predict(path: str, out: str, dataset: str, stack: str | None) -> "BatchRecord":
    from student_performance.digests import md5_of
    from student_performance.errors import UsageError

    md5 = md5_of(path, any_size=True)
    say(f"Data   {path} (md5 {md5})")
    name = select_with_champion(dataset, stack)
    from pipelines.inference import inference
    from stacks.containers import run_settings
    from steps.mlflow_store import in_containers

    options: dict[str, Any] = {}
    if in_containers():
        from student_performance.raw_data import published

        if "://" not in out:
            raise UsageError(
                f"The stack {name} runs in containers, which do not see {out}; give an"
                " address in the object store.",
                f"python run.py predict --data {shlex.quote(path)} --out s3://BUCKET/risks.parquet",
            )
        path, options = published(path, md5), {"settings": run_settings()}
    show_progress()
    finished = inference.with_options(**options)(path=path, out=out, name=dataset)
    record: BatchRecord = finished.steps["score"].outputs["batch"][0].load()
    return record


def _show(record: "BatchRecord", stdout: TextIO) -> None:
    print(
        f"Version {record.version} of {record.dataset} scored {record.scored:,} students: mean risk"
        f" {record.mean_risk:.1%}, {record.flagged:,} flagged from {record.threshold:.3f} on.",
        file=stdout,
    )
    print(f"Risks    {record.out}", file=stdout)
    if record.rejected:
        print(f"Rejects  {record.rejects} ({record.rejected:,} rows, with reasons)", file=stdout)
    if record.drifted():
        print(
            "Careful: not distributed as among the students that the model learnt from:"
            f" {', '.join(record.drifted())}.",
            file=stdout,
        )
