"""Who may import whom, and what an import may do."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "benchmarks",
    "cli",
    "dashboard",
    "materializers",
    "pipelines",
    "servers",
    "serving",
    "stacks",
    "steps",
    "student_performance",
)

# What each package may import of this repository, and which libraries it must not know.
ALLOWED = {
    "student_performance": {"student_performance"},
    "materializers": {"materializers", "student_performance"},
    "steps": {"steps", "materializers", "student_performance"},
    "pipelines": {"pipelines", "steps", "student_performance"},
    "servers": {"servers", "student_performance"},
    "stacks": {"stacks", "student_performance"},
    "benchmarks": {"benchmarks", "cli", "dashboard", "student_performance"},
    "dashboard": {"dashboard", "student_performance"},
    "serving": {"serving", "student_performance"},
    "cli": set(PACKAGES) - {"benchmarks", "dashboard"},
}
FORBIDDEN = {
    "student_performance": {"zenml", "streamlit", "fastapi"},
    "materializers": {"mlflow", "streamlit"},
    "steps": {"mlflow", "streamlit"},
    "pipelines": {"mlflow", "pandas", "sklearn"},
    "servers": {"zenml", "mlflow", "pandas", "sklearn"},
    "stacks": {"mlflow", "pandas", "sklearn"},
    "benchmarks": {"zenml", "mlflow"},
    "dashboard": {"zenml", "mlflow", "sklearn"},
    "serving": {"zenml", "mlflow", "sklearn", "streamlit"},
    "cli": {"mlflow", "sklearn", "streamlit", "fastapi"},
}


# Other tools as their users write them, for the comparison; each has an environment of its own.
PEERS = PROJECT / "benchmarks" / "peers"


def sources(package: str) -> list[Path]:
    return sorted(p for p in (PROJECT / package).rglob("*.py") if PEERS not in p.parents)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_follow_the_direction(package: str) -> None:
    for path in sources(package):
        tops = {name.split(".")[0] for name in imported(path)}
        assert tops & {*PACKAGES, "run", "tests"} <= ALLOWED[package], path
        assert not tops & FORBIDDEN[package], path


def test_only_the_registry_knows_mlflow() -> None:
    knowing = {
        path.relative_to(PROJECT).parts[:2]
        for package in PACKAGES
        for path in sources(package)
        if any(name.split(".")[0] == "mlflow" for name in imported(path))
    }
    assert knowing == {("student_performance", "registry")}


def test_stacks_know_only_settings_stores_and_errors_of_the_domain() -> None:
    known = {
        name
        for path in sources("stacks")
        for name in imported(path)
        if name.startswith("student_performance")
    }
    allowed = ("errors", "provenance", "server_settings", "settings", "store_files")
    assert known <= {f"student_performance.{module}" for module in allowed}


def test_importing_touches_no_network_no_stack_and_no_foreign_file(tmp_path: Path) -> None:
    modules = [
        ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")
        for package in PACKAGES
        for path in sources(package)
    ]
    script = f"""
import importlib, os, socket, sys
def blocked(*args, **kwargs):
    raise AssertionError("a socket was opened at import")
socket.socket.connect = blocked
socket.create_connection = blocked
sys.path.insert(0, {str(PROJECT)!r})
for name in {modules!r}:
    importlib.import_module(name)
"""
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "MPLCONFIGDIR": str(tmp_path)}
    file = tmp_path / "imports.py"  # ZenML asks for the folder of the main module
    file.write_text(script)
    subprocess.run([sys.executable, str(file)], check=True, cwd=home, env=environment, timeout=120)
    # ZenML writes its own configuration file when it is imported; stores would be databases.
    assert not list(home.rglob("*.db"))


@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "train",
        "runs",
        "stack list",
        "stack up minio",
        "stack status",
        "doctor",
        "lineage",
        "dashboard",
        "serve",
        "predict --data x --out y.csv",
        "monitor --data x",
        "retrain --data x",
        "demo",
        "experiment start",
        "experiment status",
        "experiment stop --reason x",
    ],
)
def test_first_line_comes_before_any_heavy_import(command: str) -> None:
    script = f"""
import runpy, sys
import click
sys.argv = ["run.py", *"{command}".split()]
def stop_at_first_line(*args, **kwargs):
    raise SystemExit
click.echo = stop_at_first_line
try:
    runpy.run_path("run.py", run_name="__main__")
except SystemExit:
    pass
heavy = {{"zenml", "mlflow", "sklearn", "pandas", "numpy", "pydantic", "rich"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=PROJECT, timeout=60)


@pytest.mark.parametrize("given", ["students.csv", ".", ". --set=engine=dask"])
def test_training_turns_its_knobs_before_any_of_their_libraries_is_imported(
    given: str, tmp_path: Path
) -> None:
    for name in ("students.csv", "students.parquet"):
        (tmp_path / name).write_text("student_id\n")
    path, *options = given.split()
    script = f"""
import runpy, sys
from cli import speed
reached = []
def stop():
    reached.append(True)
    raise SystemExit
speed.fast_imports = stop
sys.argv = ["run.py", "train", "--data", {str(tmp_path / path)!r}, *{options!r}]
try:
    runpy.run_path("run.py", run_name="__main__")
except SystemExit:
    pass
assert reached
heavy = {{"zenml", "mlflow", "sklearn", "scipy", "pandas", "numpy", "pyarrow"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=PROJECT, timeout=60)


def test_files_and_functions_stay_small() -> None:
    for package in PACKAGES:
        for path in sources(package):
            text = path.read_text()
            assert len(text.splitlines()) <= 300, path
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef):
                    lines = (node.end_lineno or 0) - node.lineno
                    assert lines <= 50, f"{path}:{node.name} has {lines} lines"


def test_every_step_with_several_outputs_names_a_materializer_for_each() -> None:
    for path in sources("steps"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef) or not node.decorator_list:
                continue
            returns = ast.unparse(node.returns) if node.returns else ""
            decorators = ast.unparse(ast.List(elts=node.decorator_list, ctx=ast.Load()))
            if "step(" in decorators and returns.startswith("tuple["):
                assert "output_materializers={" in decorators, f"{path}:{node.name}"
