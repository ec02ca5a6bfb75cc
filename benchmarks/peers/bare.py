"""The bare script: no tracking, no cache, one pickle. `--mlflow` also logs to MLflow."""

import json
import sys
from pathlib import Path

import joblib

from benchmarks.peers import work


def main(path: str, penalty: float, track: bool) -> None:
    """Train and print the metrics."""
    table, leakage = work.load(path, penalty)
    parts = work.split(table, penalty)
    model, comparison, setup = work.train(parts.train, parts.validation, penalty)
    before = (comparison, setup, parts.division, leakage)
    report = work.evaluate(model, parts.test, before, penalty)
    joblib.dump(model, "model.joblib")
    Path("report.json").write_text(report.model_dump_json(), encoding="utf-8")
    if track:
        from benchmarks.peers.tracking import track as log

        log(model, report, penalty)
    print(json.dumps(work.metrics(report)))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), "--mlflow" in sys.argv)
