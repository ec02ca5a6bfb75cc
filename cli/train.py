"""`run.py train`: prepare data, stack and tracker, run the pipeline, show the result."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.data_files import data_file
from cli.output import results_only_on_stdout, say, show_progress

if TYPE_CHECKING:
    from cli.results import TrainingResult
    from cli.unchanged import Left
    from student_performance.config import TrainConfig
    from student_performance.contract import DatasetConfig

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
    from cli import unchanged

    question = unchanged.question_of(project, dataset, data, stack, overrides)
    last = None if no_cache or export else unchanged.find(dataset)
    if last is not None and last.stands(question):
        say(f"Nothing has changed since ZenML run {last.run}, so its result stands.")
        with results_only_on_stdout() as stdout:
            stdout.write(last.text(as_json, stdout.isatty()))
        sys.exit(last.code)
    engine = next((o for o in reversed(overrides) if o.startswith("engine=")), None)
    given = _options({"--dataset": dataset, "--data": data, "--stack": stack, "--set": engine})
    with results_only_on_stdout() as stdout:
        result, left = _train(project, dataset, data, stack, overrides, no_cache)
        if export is not None:
            from student_performance.export import export_report

            export_report(result.report, result.verdict, export)
            say(f"Wrote metrics and curves to {export}.")
        if as_json:
            print(result.model_dump_json(indent=2), file=stdout)
        else:
            from cli.tables import console, show_training

            show_training(result, given, console(stdout))
    code = _GATE_REFUSED if result.verdict.decision.outcome == "refused" else 0
    unchanged.keep(question, result.again(), given, code, left)
    sys.exit(code)


def _train(
    project: Path,
    dataset: str,
    data: str | None,
    stack: str | None,
    overrides: tuple[str, ...],
    no_cache: bool,
) -> "tuple[TrainingResult, Left | None]":
    from student_performance.config_files import load_configs
    from student_performance.errors import LeakageError

    config, contract = load_configs(project / "configs", dataset, overrides)
    try:
        return train_on(data_file(project, data, contract), contract, config, stack, no_cache)
    except LeakageError as error:  # only here it is known which file was given
        file = f" {shlex.quote(data)}" if data else ""
        check = f"python run.py dataset check{file} --dataset {contract.name}"
        raise LeakageError(error.message, check) from error


def _options(given: dict[str, str | None]) -> str:
    """Options as they were given, for the next command; those with their default are left out."""
    chosen = {k: v for k, v in given.items() if v is not None and v != _DEFAULT_DATASET}
    return "".join(f" {name} {shlex.quote(value)}" for name, value in chosen.items())


def train_on(
    path: str, contract: "DatasetConfig", config: "TrainConfig", stack: str | None, no_cache: bool
) -> "tuple[TrainingResult, Left | None]":
    """Run the training pipeline on a table; what came out, and what is left on this machine."""
    from student_performance.digests import md5_of

    md5 = md5_of(path, any_size=config.engine == "dask")
    say(f"Data   {path} (md5 {md5})")
    say("Loading ZenML and MLflow …")
    from cli.speed import fast_imports

    with fast_imports():
        from stacks.selection import select_stack

        # It makes ZenML's store aside; the import of a pipeline would make it in place.
        selection = select_stack(stack)
        say(f"Stack  {selection.name} ({selection.why})")
        from cli.results import collect
        from pipelines.training import training
        from stacks.containers import run_settings
        from steps.mlflow_store import active_store, in_containers, tracker_identity
        from student_performance.parts.crew import kept_crew

    store = active_store()
    store.experiment_id(contract.name)
    options: dict[str, Any] = {"enable_cache": False if no_cache else None}
    address = path
    if in_containers():
        from student_performance.raw_data import published

        address = published(path, md5)
        options["settings"] = run_settings()
    show_progress()
    with kept_crew():
        run = training.with_options(**options)(
            path=address,
            md5=md5,
            dataset=contract,
            config=config,
            tracker=tracker_identity(contract.name),
        )
    return collect(run, selection.name, path, md5, store)
