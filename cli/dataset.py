"""`run.py dataset`: look at a table of one's own, describe it, and hide who is in it."""

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.data_files import data_file
from cli.output import say
from student_performance.errors import ProductError

if TYPE_CHECKING:
    import pandas as pd

    from student_performance.config import TrainConfig
    from student_performance.contract import DatasetConfig
    from student_performance.splitting import Division

_LEAK, _INVALID = 3, 4


def check(
    project: Path, file: str | None, dataset: str, overrides: tuple[str, ...], debug: bool
) -> None:
    """Show what is in a table and what a training would do; exits with 3 or 4 if it would not."""
    say("student-performance: reading the table …")
    from cli.dataset_tables import show_forecast, show_leakage, show_profile, show_violations
    from student_performance.config_files import load_configs
    from student_performance.dataset import labelled, survey, typed
    from student_performance.leakage import inspect
    from student_performance.reading.rows import header_of

    config, contract = load_configs(project / "configs", dataset, overrides)
    file = data_file(project, file, contract)
    frame, violations = survey(file, contract)
    extra = [name for name in header_of(file, contract) if name not in contract.columns]
    show_profile(frame, contract, extra)
    if violations:
        show_violations(violations, contract, file)
        sys.exit(_INVALID)
    table = labelled(typed(frame, contract), contract)
    report = inspect(table, contract)
    show_leakage(report)
    leaks = any(finding.severity == "leak" for finding in report.findings)
    division = _division(table, contract, config)
    show_forecast(table, contract, division, config.gate.min_test_rows, leaks)
    if isinstance(division, ProductError) and not leaks:
        raise division
    _next(file, contract.name, overrides, leaks)
    if leaks:
        sys.exit(_LEAK)


def _division(
    table: "pd.DataFrame", contract: "DatasetConfig", config: "TrainConfig"
) -> "Division | ProductError":
    """How the rows will be divided, or why they cannot be."""
    from student_performance.dataset import without_outcomes
    from student_performance.splitting import split

    rows = without_outcomes(table, contract)
    try:
        return split(rows, contract, config.split, config.cross_validation.folds).division
    except ProductError as error:
        return error


def init(project: Path, file: str, name: str | None, out: Path | None, debug: bool) -> None:
    """Write a contract for a table, its guesses marked as guesses."""
    say("student-performance: reading the table …")
    from student_performance.dataset import write_atomically
    from student_performance.errors import UsageError
    from student_performance.onboarding.contract_yaml import contract_text, data_set_name
    from student_performance.onboarding.guess import guess

    name = data_set_name(name, file if out is None else str(out))
    target = out or project / "configs" / "datasets" / f"{name}.yaml"
    _check_name(target, name, file)
    if target.exists():
        raise UsageError(
            f"{target} is there already, and is not overwritten.",
            f"python run.py dataset init {shlex.quote(file)} --name ANOTHER_NAME",
        )
    guessed = guess(file)
    text = contract_text(guessed, name, _address(file, project))
    write_atomically(target, text.encode())
    say(f"Wrote {target}: {len(guessed.columns)} columns, {guessed.rows:,} rows looked at.")
    say(f"  A student passes if {guessed.target.text()}: that is a guess, look at it first.")
    for doubt in guessed.doubts:
        say(f"  {doubt}")
    if target.absolute().parent != project / "configs" / "datasets":
        say("Only contracts in configs/datasets/ are found: put it there.")
    say("Now read it, and correct what is marked with `# guess`. Then:")
    print(f"python run.py dataset check {shlex.quote(file)} --dataset {target.stem}")


def _check_name(target: Path, name: str, file: str) -> None:
    """`--dataset` finds a contract by the name of its file."""
    from student_performance.errors import UsageError

    if target.name != f"{name}.yaml":
        raise UsageError(
            f"--out {target}: the file of the data set `{name}` must be called {name}.yaml.",
            f"python run.py dataset init {shlex.quote(file)} --name {name} --out"
            f" {shlex.quote(str(target.with_name(f'{name}.yaml')))}",
        )


def pseudonymise(project: Path, file: str, dataset: str, out: Path, debug: bool) -> None:
    """Write a copy of a table with pseudonyms in place of identifiers."""
    from student_performance.config_files import load_configs
    from student_performance.dataset import write_atomically
    from student_performance.errors import UsageError
    from student_performance.pseudonyms import key_from_environment, pseudonymised

    if Path(file).exists() and out.exists() and os.path.samefile(file, out):
        raise UsageError(
            f"--out {out} is the input itself, which is not overwritten.",
            f"python run.py dataset pseudonymise {shlex.quote(file)} --out OTHER_FILE",
        )
    _, contract = load_configs(project / "configs", dataset)
    data, copied = pseudonymised(file, contract, key_from_environment())
    write_atomically(out, data)
    say(f"Wrote {out}. Pseudonymised data are still personal data: keep the key apart from them.")
    if copied:
        say(
            "Copied as they are, being free text or not in the contract:"
            f" {', '.join(name or '(no name)' for name in copied)}. If one of them names the"
            " student, take it out."
        )
    print(f"python run.py dataset check {shlex.quote(str(out))} --dataset {contract.name}")


def convert(
    project: Path, file: str, dataset: str, out: str, overrides: tuple[str, ...], debug: bool
) -> None:
    """Write a table as Parquet."""
    say("student-performance: reading the table …")
    from student_performance.config_files import load_configs
    from student_performance.conversion import to_parquet

    _, contract = load_configs(project / "configs", dataset, overrides)
    rows = to_parquet(file, out, contract)
    say(f"Wrote {out}: {rows:,} rows.")
    command = f"python run.py train --dataset {contract.name} --data {shlex.quote(out)}"
    print(f"Next:  {command} --set engine=dask")


def _address(file: str, project: Path) -> str:
    """The file as a contract names it: from the project's folder, where it is in there."""
    if "://" in file:
        return file
    path = Path(file).absolute()
    inside = path.is_relative_to(project)
    return (path.relative_to(project) if inside else path).as_posix()


def _next(file: str, dataset: str, overrides: tuple[str, ...], leaks: bool) -> None:
    sets = "".join(f" --set {shlex.quote(override)}" for override in overrides)
    command = f"python run.py train --dataset {dataset} --data {shlex.quote(file)}{sets}"
    if leaks:
        say(
            f"Take the named columns out of the features in configs/datasets/{dataset}.yaml (role"
            " `context` or `outcome`), and check again."
        )
        command = f"python run.py dataset check {shlex.quote(file)} --dataset {dataset}{sets}"
    print(f"Next:  {command}")
