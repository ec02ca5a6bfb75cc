"""The exploration notebook runs, and nothing of a run is kept in git."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOK = PROJECT / "notebooks" / "exploration.ipynb"
RENDERED = PROJECT / "docs" / "exploration.md"


def _code_cells() -> list[dict[str, object]]:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_the_notebook_in_git_has_no_outputs() -> None:
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in _code_cells())


def test_the_notebook_runs_and_its_rendered_copy_is_current(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nbconvert", "--to", "markdown", "--execute",
               "--output-dir", str(tmp_path), str(NOTEBOOK)]  # fmt: skip
    home = {"HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython")}
    # Whoever imports Streamlit gets another back end, in which a notebook shows no figure.
    home["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    ended = subprocess.run(
        command, env=os.environ | home, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )

    assert ended.returncode == 0, ended.stderr[-2000:]
    fresh = (tmp_path / "exploration.md").read_text(encoding="utf-8")
    assert fresh == RENDERED.read_text(encoding="utf-8"), "run `make notebook`"


def test_every_figure_of_the_rendered_copy_is_there() -> None:
    named = [line.split("(")[1].rstrip(")") for line in RENDERED.read_text().splitlines()
             if line.startswith("![png]")]  # fmt: skip

    assert len(named) == 3
    assert all((RENDERED.parent / name).stat().st_size > 5_000 for name in named)
