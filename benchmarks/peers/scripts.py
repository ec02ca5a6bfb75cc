"""The report's design: three scripts that hand files on, under `dvc repro`, with MLflow."""

import json
import sys
from pathlib import Path

import joblib
import pandas as pd

from benchmarks.peers import work


def prepare(path: str, penalty: float) -> None:
    """Read and divide."""
    table, leakage = work.load(path, penalty)
    parts = work.split(table, penalty)
    for name in ("train", "validation", "test"):
        getattr(parts, name).to_csv(f"{name}.csv", index=False)
    joblib.dump((parts.division, leakage), "prepared.joblib")


def learn(path: str, penalty: float) -> None:
    """Train."""
    rows, validation = pd.read_csv("train.csv"), pd.read_csv("validation.csv")
    joblib.dump(work.train(rows, validation, penalty), "model.joblib")


def judge(path: str, penalty: float) -> None:
    """Evaluate and log."""
    from benchmarks.peers.tracking import track

    division, leakage = joblib.load("prepared.joblib")
    model, comparison, setup = joblib.load("model.joblib")
    before = (comparison, setup, division, leakage)
    report = work.evaluate(model, pd.read_csv("test.csv"), before, penalty)
    track(model, report, penalty)
    Path("metrics.json").write_text(json.dumps(work.metrics(report)), encoding="utf-8")


if __name__ == "__main__":
    stages = {"prepare": prepare, "learn": learn, "judge": judge}
    stages[sys.argv[1]](sys.argv[2], float(sys.argv[3]))
