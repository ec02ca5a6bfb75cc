"""Load, split, train, evaluate; model and metrics go to MLflow by the catalog."""

import json
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline, node

from benchmarks.peers import work


def _train(parts: Any, penalty: float) -> Any:
    return work.train(parts.train, parts.validation, penalty)


def _evaluate(learnt: Any, parts: Any, leakage: Any, penalty: float) -> Any:
    model, comparison, setup = learnt
    before = (comparison, setup, parts.division, leakage)
    values = work.metrics(work.evaluate(model, parts.test, before, penalty))
    Path("metrics.json").write_text(json.dumps(values), encoding="utf-8")
    return {name: {"value": value, "step": 0} for name, value in values.items()}


def register_pipelines() -> dict[str, Pipeline]:
    """The pipeline."""
    penalty = "params:penalty"
    training = Pipeline(
        [
            node(work.load, ["params:path", penalty], ["table", "leakage"]),
            node(work.split, ["table", penalty], "parts"),
            node(_train, ["parts", penalty], "learnt"),
            node(lambda learnt: learnt[0], "learnt", "model", name="model"),
            node(_evaluate, ["learnt", "parts", "leakage", penalty], "metrics"),
        ]
    )
    return {"__default__": training}
