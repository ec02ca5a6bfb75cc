"""`run.py train`: prepare data, stack and tracker, run the pipeline, show the result."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.output import results_only_on_stdout, say, show_progress

if TYPE_CHECKING:
    from cli.results import TrainingResult
    from student_performance.config import DatasetConfig, TrainConfig

_DEFAULT_DATASET = "student_performance"
_GATE_REFUSED = 3


def run(
    project: Path,
    dataset: str,
    data: str | None,
    stack: str | None,
    overrides: tuple[str, ...],
    no_cache: bool,
    export: Path | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Train and show; exits with 3 if the gate refused the model."""
    say("student-performance: reading the configuration …")
    from student_performance.config_files import load_configs

    config, contract = load_configs(project / "configs", dataset, overrides)
    with results_only_on_stdout() as stdout:
        path = _data_file(project, data, contract)
        result = _train(path, contract, config, stack, no_cache)
        if export is not None:
            from student_performance.export import export_report

            export_report(result.report, result.verdict, export)
            say(f"Wrote metrics and curves to {export}.")
        if as_json:
            print(result.model_dump_json(indent=2), file=stdout)
        else:
            from cli.tables import show_training

            show_training(result, stdout)
    if result.verdict.decision.outcome == "refused":
        sys.exit(_GATE_REFUSED)


def _data_file(project: Path, data: str | None, contract: "DatasetConfig") -> str:
    """The table's address; the default one is simulated if it is not there."""
    if data is not None:
        return data if "://" in data else str(Path(data).absolute())
    if "://" in contract.file:
        return contract.file
    path = project / contract.file
    if contract.name == _DEFAULT_DATASET and not path.exists():
        from student_performance.dataset import write_atomically
        from student_performance.simulate import simulate, to_csv

        say(f"{contract.file} is not there: simulating 10,000 students (same bytes everywhere).")
        write_atomically(path, to_csv(simulate()))
    return str(path)


def _train(
    path: str, contract: "DatasetConfig", config: "TrainConfig", stack: str | None, no_cache: bool
) -> "TrainingResult":
    from student_performance.dataset import md5_of

    md5 = md5_of(path)
    say(f"Data   {path} (md5 {md5})")
    say("Loading ZenML and MLflow …")
    from stacks.selection import select_stack

    selection = select_stack(stack)
    say(f"Stack  {selection.name} ({selection.why})")
    from cli.results import collect
    from pipelines.training import training
    from steps.mlflow_store import active_store

    store = active_store()
    store.experiment_id(contract.name)
    show_progress()
    run = training.with_options(enable_cache=False if no_cache else None)(
        path=path,
        md5=md5,
        dataset=contract,
        config=config,
        tracker=f"{store.tracking_uri}#{store.identity(contract.name)}",
    )
    return collect(run, selection.name, path, md5, store)
