"""Who is measured, and how each is started as its documentation says."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PEERS = PROJECT / "benchmarks" / "peers"
_QUICK = ("cross_validation.folds=3", "cross_validation.repeats=1", "intervals.resamples=100")


@dataclass(frozen=True)
class Work:
    """The modelling work that all do.

    Attributes:
        options: Of `run.py train --set`.
        changed: The option that is changed between two runs, to any whole number above 0.
    """

    options: tuple[str, ...]
    changed: str


# Light on purpose: the less there is to compute, the more of the time is the tool's own.
LIGHT = Work(
    ("candidates={logistic_regression: {kind: logistic_regression, C: 1.0}}", *_QUICK),
    "candidates.logistic_regression.C",
)
FOREST = Work(
    (
        "candidates={forest: {kind: random_forest, n_estimators: 100, min_samples_leaf: 50}}",
        *_QUICK,
    ),
    "candidates.forest.random_state",
)
_DVC = """stages:
  prepare:
    cmd: {python} {scripts} prepare {path} {penalty}
    deps: [{path}]
    params: [penalty]
    outs: [train.csv, validation.csv, test.csv, prepared.joblib]
  learn:
    cmd: {python} {scripts} learn {path} {penalty}
    deps: [train.csv, validation.csv]
    params: [penalty]
    outs: [model.joblib]
  judge:
    cmd: {python} {scripts} judge {path} {penalty}
    deps: [model.joblib, test.csv, prepared.joblib]
    outs: [metrics.json]
"""


@dataclass(frozen=True)
class Place:
    """An empty folder in which a tool works, the table, the tool's Python, and the work."""

    folder: Path
    path: Path
    python: str
    work: Work = LIGHT

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a user who has never used any of the tools."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZENML_", "MLFLOW_"))}
        binaries = f"{Path(self.python).parent}{os.pathsep}{os.environ['PATH']}"
        return kept | {
            "BENCHMARK_OPTIONS": "\n".join((*self.work.options, self.work.changed)),
            "DAGSTER_HOME": str(self.folder),
            "GIT_PYTHON_REFRESH": "quiet",
            "HOME": str(self.folder),
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder}/mlflow.db",
            "PATH": binaries,
            "PYTHONPATH": str(PROJECT),
            "STUDENT_PERFORMANCE_HOME": str(self.folder / "home"),
            "USERNAME": "somebody",
            "XDG_DATA_HOME": str(self.folder / "data"),
            "ZENML_ANALYTICS_OPT_IN": "false",
            "ZENML_CONFIG_PATH": str(self.folder / "zenml"),
        }

    def run(self, *command: str) -> None:
        """Something that is not measured."""
        subprocess.run(
            command, cwd=self.folder, env=self.variables, check=True, capture_output=True
        )


Command = Callable[[Place, float], list[str]]


@dataclass(frozen=True)
class Tool:
    """One row of the table.

    Attributes:
        name: What it is called there.
        command: The command that is measured, with a value of the parameter.
        prepare: What a user does once before the first run.
        environment: Name of its lock in this folder; this environment if there is none.
        variables: Settings of its own.
        codes: How it may end.
    """

    name: str
    command: Command
    prepare: Callable[[Place], None] = lambda place: None
    environment: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    codes: tuple[int, ...] = (0,)

    def python(self, environments: Path) -> str:
        """Its interpreter; its environment is made from its lock where it is not there."""
        if not self.environment:
            return sys.executable
        folder, lock = environments / self.environment, PEERS / f"{self.environment}.txt"
        python, installed = folder / "bin" / "python", folder / lock.name
        if not installed.exists() or installed.read_bytes() != lock.read_bytes():
            uv = [sys.executable, "-m", "uv"]
            made = ["venv", "--quiet", "--clear", "--python", sys.executable, str(folder)]
            subprocess.run([*uv, *made], check=True)
            install = ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
            subprocess.run([*uv, *install, "--requirement", str(lock)], check=True)
            shutil.copy(lock, installed)
        return str(python)


def _script(name: str, *options: str) -> Command:
    def command(place: Place, penalty: float) -> list[str]:
        script = str(PEERS / f"{name}.py")
        return [place.python, script, str(place.path), str(penalty), *options]

    return command


def ours(place: Place, penalty: float) -> list[str]:
    """This project's training."""
    options = (*place.work.options, f"{place.work.changed}={penalty:g}")
    settings = [f"--set={option}" for option in options]
    return [place.python, str(PROJECT / "run.py"), "train", "--data", str(place.path), *settings]


def _three_scripts(place: Place, penalty: float) -> list[str]:
    text = _DVC.format(
        python=place.python, scripts=PEERS / "scripts.py", path=place.path, penalty=penalty
    )
    (place.folder / "dvc.yaml").write_text(text, encoding="utf-8")
    (place.folder / "params.yaml").write_text(f"penalty: {penalty}\n", encoding="utf-8")
    return [place.python, "-m", "dvc", "repro", "--quiet"]


def _dvc(place: Place) -> None:
    place.run("git", "init", "--quiet")
    place.run(place.python, "-m", "dvc", "init", "--quiet")


def _zenml(place: Place) -> None:
    place.run(place.python, str(PEERS / "zenml_default.py"), "register", "")


def _kedro(place: Place) -> None:
    shutil.copytree(PEERS / "kedro_project", place.folder, dirs_exist_ok=True)


def _kedro_run(place: Place, penalty: float) -> list[str]:
    given = f"path={place.path},penalty={penalty}"
    return [place.python, "-m", "kedro", "run", "--params", given]


def _metaflow(place: Place, penalty: float) -> list[str]:
    flow = str(PEERS / "metaflow_flow.py")
    given = ["--path", str(place.path), "--penalty", str(penalty)]
    return [place.python, flow, "--quiet", "run", *given]


BARE = Tool("bare script", _script("bare"))
OURS = Tool("this project", ours, codes=(0, 3))
TOOLS = (
    BARE,
    Tool("bare script and MLflow", _script("bare", "--mlflow")),
    Tool(
        "bare script and MLflow, requirements named", _script("bare", "--mlflow"),
        variables={"BENCHMARK_EXPLICIT": "1"},
    ),
    Tool("three scripts, `dvc repro`, MLflow", _three_scripts, _dvc),
    Tool("ZenML by default, MLflow", _script("zenml_default"), _zenml),
    Tool("Kedro, kedro-mlflow", _kedro_run, _kedro, "kedro"),
    Tool("Metaflow, MLflow", _metaflow, environment="metaflow"),
    Tool("Prefect, MLflow", _script("prefect_flow"), environment="prefect"),
    Tool("Dagster, MLflow", _script("dagster_assets"), environment="dagster"),
    OURS,
)  # fmt: skip
