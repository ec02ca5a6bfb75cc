"""Metaflow as its documentation writes it, with MLflow in the last step."""

import json

from metaflow import FlowSpec, Parameter, step

from benchmarks.peers import work


class TrainingFlow(FlowSpec):
    """Load, split, train, evaluate; each step is a process."""

    path = Parameter("path")
    penalty = Parameter("penalty", type=float)

    @step
    def start(self) -> None:
        """Read."""
        self.table, self.leakage = work.load(self.path, self.penalty)
        self.next(self.split)

    @step
    def split(self) -> None:
        """Divide."""
        self.parts = work.split(self.table, self.penalty)
        self.next(self.train)

    @step
    def train(self) -> None:
        """Learn."""
        found = work.train(self.parts.train, self.parts.validation, self.penalty)
        self.model, self.comparison, self.setup = found
        self.next(self.evaluate)

    @step
    def evaluate(self) -> None:
        """Judge and log."""
        from benchmarks.peers.tracking import track

        before = (self.comparison, self.setup, self.parts.division, self.leakage)
        self.report = work.evaluate(self.model, self.parts.test, before, self.penalty)
        track(self.model, self.report, self.penalty)
        with open("metrics.json", "w", encoding="utf-8") as file:
            json.dump(work.metrics(self.report), file)
        self.next(self.end)

    @step
    def end(self) -> None:
        """Nothing is left to do."""


if __name__ == "__main__":
    TrainingFlow()
