"""`run.py experiment start`, `status` and `stop`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from cli.data_files import absolute
from cli.output import results_only_on_stdout, say

if TYPE_CHECKING:
    from student_performance.comparison import Comparison
    from student_performance.experiment import Experiment, ExperimentRecord


def start(
    project: Path, dataset: str, stack: str | None, overrides: tuple[str, ...], debug: bool
) -> None:
    """Let the challenger be tried beside the champion."""
    say("student-performance: reading the configuration …")
    from student_performance.config_files import load_experiment
    from student_performance.decision_log import DecisionLog
    from student_performance.errors import UsageError
    from student_performance.experiment import ARMS

    policy = load_experiment(project / "configs", overrides)
    registry = _registry(stack)
    aliases = registry.aliases(dataset)
    if not {"champion", "challenger"} <= {*aliases}:
        raise UsageError(
            f"An experiment of {dataset} needs a champion and a challenger; there is"
            f" {' and '.join(sorted(aliases)) or 'no version'} only.",
            f"python run.py train --dataset {dataset}",
        )
    champion, challenger = (registry.version(dataset, aliases[a]) for a in ARMS)
    if champion.number == challenger.number or champion.question != challenger.question:
        raise UsageError(
            f"Version {challenger.number} cannot be tried beside version {champion.number}: it is"
            " the same, answers another question or asks for other columns.",
            f"python run.py runs --dataset {dataset}",
        )
    if champion.contract is None or not champion.contract.row_key:
        raise UsageError(
            f"Tables of {dataset} name no student, so that nobody can be assigned.",
            f"python run.py runs --dataset {dataset}",
        )
    found = DecisionLog().start(dataset, champion.number, challenger.number, policy)
    print(_about(found, True))
    print(f"Next:  python run.py experiment status --dataset {dataset} --labels FILE")


def status(dataset: str, labels: str | None, stack: str | None, as_json: bool, debug: bool) -> None:
    """Compare both versions on the students whose outcome is known."""
    say("student-performance: reading the log of decisions …")
    from student_performance.comparison import compare, next_command
    from student_performance.decision_log import DecisionLog
    from student_performance.errors import UsageError

    with results_only_on_stdout() as stdout:
        log = DecisionLog()
        history = log.history(dataset)
        if not history:
            raise UsageError(
                f"No experiment of {dataset} was started yet.",
                f"python run.py experiment start --dataset {dataset}",
            )
        experiment = history[0].experiment
        if labels:
            added = log.keep_outcomes(experiment, _outcomes(experiment, absolute(labels), stack))
            say(f"Outcomes  {added:,} of students in the experiment were new and are kept.")
        found = compare(experiment, log.decisions(experiment), log.outcomes(experiment))
        if as_json:
            print(found.model_dump_json(indent=2), file=stdout)
        else:
            _show(history[0], found, stdout)
            # Only then the answer depends on the registry, which takes longer than all else here.
            won = found.verdict == "challenger"
            serves = _registry(stack).aliases(dataset).get("champion") if won else None
            command = next_command(history[0], found, serves)
            if command:
                print(f"Next:  {command}", file=stdout)


def stop(dataset: str, reason: str, debug: bool) -> None:
    """End the experiment; the champion answers alone from the next request on."""
    say("student-performance: reading the log of decisions …")
    from student_performance.decision_log import DecisionLog
    from student_performance.errors import UsageError

    if not reason.strip():
        raise UsageError("A reason is needed.", 'python run.py experiment stop --reason "..."')
    print(_about(DecisionLog().stop(dataset, reason), False))


def _registry(stack: str | None) -> Any:
    say("Loading ZenML and MLflow …")
    from stacks.selection import select_stack
    from steps.mlflow_store import active_store
    from student_performance.registry import Registry

    selection = select_stack(stack)
    say(f"Stack  {selection.name} ({selection.why})")
    return Registry(active_store())


def _outcomes(experiment: "Experiment", path: str, stack: str | None) -> Any:
    """Outcomes by the pseudonyms of the experiment, read by the contract of the champion."""
    from student_performance.experiment import named, pseudonym
    from student_performance.outcomes import read_labels

    contract = _registry(stack).version(experiment.dataset, experiment.champion).contract
    table, counts = read_labels(path, contract)
    for sentence in counts.sentences():
        say(f"Outcomes  {sentence}.")
    keys = table[list(contract.row_key)].itertuples(index=False)
    students = [pseudonym(experiment, named(key)) for key in keys]
    return table.assign(student=students)[["student", "at_risk"]]


def _about(experiment: "Experiment", runs: bool) -> str:
    policy = experiment.policy
    how = "in its shadow" if policy.mode == "shadow" else f"for {policy.share:.0%} of the students"
    return (
        f"Experiment {experiment.id[:8]} of {experiment.dataset}: version {experiment.challenger}"
        f" beside version {experiment.champion}, {how}; {'runs' if runs else 'stopped'}."
    )


def _show(record: "ExperimentRecord", found: "Comparison", stdout: TextIO) -> None:
    from student_performance.experiment import ARMS

    experiment, ending = record.experiment, record.ending
    print(_about(experiment, ending is None), file=stdout)
    if ending is not None:
        print(f"  {ending.by} stopped it: {ending.reason}", file=stdout)
    for arm in ARMS:
        flagged = found.flagged.get(arm)
        told = f", {flagged:.1%} flagged" if flagged is not None else ""
        print(
            f"  {arm:<10} {found.students[arm]:>7,} students, {found.labelled[arm]:,} with an"
            f" outcome{told}",
            file=stdout,
        )
    if found.gain is not None:
        print(
            f"  log loss of the champion minus that of the challenger {found.gain.text(4)}",
            file=stdout,
        )
    if found.mismatch is not None:
        print(f"  shares of the arms: p = {found.mismatch:.2g}", file=stdout)
    print(f"Verdict: {found.verdict}. {found.text}", file=stdout)
