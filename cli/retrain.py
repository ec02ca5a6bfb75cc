"""`run.py retrain`: learn from old and new students together, when there is a reason to."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.data_files import absolute, data_file
from cli.output import results_only_on_stdout, say

if TYPE_CHECKING:
    from cli.results import TrainingResult
    from student_performance.config import TrainConfig
    from student_performance.contract import DatasetConfig
    from student_performance.monitor_report import MonitorReport
    from student_performance.retraining import Growth

_GATE_REFUSED = 3


def run(
    project: Path,
    dataset: str,
    data: str,
    enough: int,
    folder: Path | None,
    stack: str | None,
    overrides: tuple[str, ...],
    as_json: bool,
    debug: bool,
) -> None:
    """Merge, train and keep the data; exits with 3 if it is not due or the gate refused."""
    say("student-performance: reading the configuration …")
    from filelock import FileLock, Timeout

    from student_performance.config_files import load_configs
    from student_performance.errors import RefusedError

    config, contract = load_configs(project / "configs", dataset, overrides)
    place = folder or project / "data" / "retraining"
    place.mkdir(parents=True, exist_ok=True)
    with results_only_on_stdout() as stdout:
        try:
            with FileLock(place / f".{contract.name}.lock", timeout=0):
                result, growth, why = _retrain(
                    project, absolute(data), place / f"{contract.name}.csv", enough, stack,
                    contract, config,
                )  # fmt: skip
        except Timeout:
            raise RefusedError(
                f"Another retraining of {contract.name} is under way; one at a time.",
                "python run.py runs",
            ) from None
        if as_json:
            print(result.model_dump_json(indent=2), file=stdout)
        else:
            from cli.tables import console, show_training

            show_training(result, f" --dataset {dataset}", console(stdout))
            print(f"Retrained because {why}. {_told(growth)}", file=stdout)
    if result.verdict.decision.outcome == "refused":
        sys.exit(_GATE_REFUSED)


def _retrain(
    project: Path,
    new: str,
    kept: Path,
    enough: int,
    stack: str | None,
    contract: "DatasetConfig",
    config: "TrainConfig",
) -> "tuple[TrainingResult, Growth, str]":
    from cli.train import train_on
    from student_performance.dataset import write_atomically
    from student_performance.retraining import cause, merge

    # The best possible score of simulated students is that of one world, and terms differ.
    contract = contract.model_copy(update={"world": None})
    if kept.exists() and not _is_versioned(kept):  # a run was killed between the two
        _version(kept)
    old = str(kept) if kept.exists() else data_file(project, None, contract)
    merged = merge(old, new, contract)
    say(f"Data   {old} with {new}: {_told(merged.growth)}")
    why = cause(merged.growth, enough, _alarm(contract.name, stack, merged.growth), contract)
    say(f"Retraining because {why}.")
    # Under a name of its own until it is judged: a run that is killed is repeated as it was.
    table = kept.with_name(f"{contract.name}.next.csv")
    text = merged.table.to_csv(
        index=False, sep=contract.separator, decimal=contract.decimal, lineterminator="\n"
    )
    write_atomically(table, text.encode(contract.encoding))
    result, _ = train_on(str(table), contract, config, stack, no_cache=False)
    os.replace(table, kept)
    _version(kept)
    return result, merged.growth, why


def _alarm(name: str, stack: str | None, growth: "Growth") -> "MonitorReport | None":
    """The newest comparison with the version that serves."""
    if not growth.new:
        return None
    say("Loading ZenML and MLflow …")
    from cli.speed import fast_imports

    with fast_imports():
        from stacks.selection import select_stack
        from steps.mlflow_store import active_store
        from student_performance.registry import Monitorings, Registry

    select_stack(stack)
    store = active_store()
    serves = Registry(store).aliases(name).get("champion")
    newest = Monitorings(store).newest(name, limit=1)
    return next((one for one in newest if one.version == serves), None)


def _told(growth: "Growth") -> str:
    told = f"{growth.old:,} old rows, {growth.added:,} added, {growth.changed:,} replaced"
    left_out = f", {growth.unlabelled:,} without an outcome left out" if growth.unlabelled else ""
    return f"{told}{left_out}."


def _is_versioned(path: Path) -> bool:
    from student_performance.digests import md5_of

    pointer = path.with_name(f"{path.name}.dvc")
    return pointer.exists() and md5_of(str(path)) in pointer.read_text(encoding="utf-8")


def _version(path: Path) -> None:
    """Let DVC keep this state of the data; where there is no DVC repository, say so."""
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "add", "--quiet", path.name],
        cwd=path.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        say(f"DVC keeps this state of the data: commit {path.name}.dvc.")
    else:
        reason = (done.stderr.strip().splitlines() or ["it is not installed"])[-1]
        say(f"DVC does not keep this state of the data: {reason}")
