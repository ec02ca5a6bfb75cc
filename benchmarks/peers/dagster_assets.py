"""Dagster as its documentation writes it: assets on disk, materialized in one process; MLflow."""

import json
import sys
from typing import Any

from dagster import Config, DagsterInstance, RunConfig, asset, materialize

from benchmarks.peers import work
from benchmarks.peers.tracking import track


class Setting(Config):
    """What a run is given."""

    path: str
    penalty: float


@asset
def loaded(config: Setting) -> Any:
    """Read."""
    return work.load(config.path, config.penalty)


@asset
def parts(config: Setting, loaded: Any) -> Any:
    """Divide."""
    return work.split(loaded[0], config.penalty)


@asset
def learnt(config: Setting, parts: Any) -> Any:
    """Learn."""
    return work.train(parts.train, parts.validation, config.penalty)


@asset
def report(config: Setting, loaded: Any, parts: Any, learnt: Any) -> Any:
    """Judge and log."""
    model, comparison, setup = learnt
    before = (comparison, setup, parts.division, loaded[1])
    found = work.evaluate(model, parts.test, before, config.penalty)
    track(model, found, config.penalty)
    return found


def main(path: str, penalty: float) -> None:
    """Materialize and print the metrics."""
    assets = [loaded, parts, learnt, report]
    setting = Setting(path=path, penalty=penalty)
    config = RunConfig(ops={one.key.to_user_string(): setting for one in assets})
    done = materialize(assets, instance=DagsterInstance.get(), run_config=config)
    print(json.dumps(work.metrics(done.output_for_node("report"))))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
