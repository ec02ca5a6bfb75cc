"""A table of 200 MB on the stack `minio`, in bounded memory; takes minutes, so only on demand."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.conftest import PROJECT
from tests.integration.conftest import Machine, ended

pytestmark = [
    pytest.mark.parametrize("store_path", ["any"], indirect=True, scope="module"),
    pytest.mark.timeout(2_400),
    pytest.mark.skipif(
        "LARGE_TABLE" not in os.environ, reason="it takes ten minutes: set LARGE_TABLE=1 to run it"
    ),
]
ROWS, BYTES = 6_500_000, 200_000_000
MEMORY = 4 << 30  # bytes
# One small candidate: the table is what is tried, not the forests.
QUICK = (
    "--set=cross_validation.folds=3",
    "--set=cross_validation.repeats=1",
    "--set=intervals.resamples=100",
    "--set=candidates={stump: {kind: gradient_boosting, max_iter: 3, max_leaf_nodes: 2,"
    " learning_rate: 0.5}}",
)


def test_table_of_200_mb_is_learnt_from_in_bounded_memory(machine: Machine, tmp_path: Path) -> None:
    table = tmp_path / "students.csv"
    simulate = [sys.executable, "run.py", "simulate", f"--students={ROWS}", f"--out={table}"]
    subprocess.run(simulate, cwd=PROJECT, check=True, timeout=600)
    assert table.stat().st_size > BYTES

    process = machine.start("train", "--stack=minio", "--json", "--data", table, *QUICK)
    memory = psutil.Process(process.pid)
    memory.rlimit(psutil.RLIMIT_DATA, (MEMORY, MEMORY))
    outcome = ended(process, 1_800)

    assert outcome.code in (0, 3), outcome.err[-3000:]
    assert 190_000 < outcome.json["report"]["n_test"] < 210_000  # `split.most`
