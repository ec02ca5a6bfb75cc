"""Numbers do not depend on how many cores a machine has."""

import json
import os
import subprocess
import sys

from tests.conftest import PROJECT

SCRIPT = """
import json
import numpy as np
from student_performance.config import IntervalConfig
from student_performance.metrics import Costs, score
found = {}
for seed in range(10):
    rng = np.random.default_rng(seed)
    p = rng.uniform(size=1971)
    y = (rng.uniform(size=len(p)) < p).astype(int)
    for name, e in score(y, p, Costs(), IntervalConfig()).items():
        found[f"{name} {seed}"] = [e.value.hex(), e.low.hex(), e.high.hex()]
print(json.dumps(found))
"""


def scores(threads: str) -> dict[str, list[str]]:
    variables = os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=PROJECT, env=variables, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def test_intervals_are_the_same_to_the_last_digit() -> None:
    assert scores("1") == scores("2")
