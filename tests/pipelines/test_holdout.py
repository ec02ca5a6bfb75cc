"""The hold-out is looked at once, by a model that it had no part in, and every look is counted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from zenml.client import Client

from student_performance.simulate import simulate
from tests.conftest import SMALL, Outcome, Stores

Train = Callable[..., Outcome]
OTHER = "--set=candidates.logistic_regression.C=0.999"


@pytest.fixture
def cohorts(tmp_path: Path) -> Path:
    """Two terms of one course; the first 200 students of the second were in the first, too."""
    frame = simulate(2_000, seed=4).assign(course="AAA_2013J")
    frame["passed"] = (frame["test_score"] >= 60).astype(int)
    frame.loc[1_200:, "course"] = "AAA_2014B"
    frame.loc[1_200:1_399, "student_id"] = frame["student_id"].to_numpy()[:200]
    path = tmp_path / "oulad.csv"
    frame.to_csv(path, index=False)
    return path


def consumers(run: Any) -> dict[str, list[str]]:
    """For each artifact of a run, the steps that read it, as ZenML recorded it."""
    made = {
        artifact.id: name
        for step in run.steps.values()
        for name, artifacts in step.outputs.items()
        for artifact in artifacts
    }
    read: dict[str, list[str]] = {name: [] for name in made.values()}
    for step in run.steps.values():
        for artifacts in step.inputs.values():
            for artifact in artifacts if isinstance(artifacts, list) else [artifacts]:
                read[made[artifact.id]].append(step.name)
    return {name: sorted(steps) for name, steps in read.items()}


def test_only_the_judging_steps_ever_see_the_hold_out(trained: Outcome) -> None:
    read = consumers(Client().get_pipeline_run(trained.json["zenml_run_id"]))

    assert read["test"] == ["decide", "evaluate"]
    assert read["train"] == read["validation"] == ["train"]
    assert read["table"] == ["split"]
    assert read["division"] == ["evaluate"]
    assert read["model"] == ["decide", "evaluate"]


def test_every_training_that_is_judged_on_the_same_rows_is_a_look(
    trained: Outcome, train: Train
) -> None:
    first = trained.json["verdict"]
    second = train(OTHER)
    cached = train(OTHER)
    other_rows = train(OTHER, "--set=split.key=another")

    assert first["looks"] == 1
    assert second.json["verdict"]["looks"] == 2
    assert second.json["verdict"]["model"]["holdout"] == first["model"]["holdout"]
    assert cached.json["verdict"]["looks"] == 2, "the report is the one of before"
    assert other_rows.json["verdict"]["looks"] == 1


def test_several_looks_are_told_to_people(trained: Outcome, cli: Train, table: Path) -> None:
    assert "looked at once" in cli("train", "--data", table, *SMALL).out
    again = cli("train", "--data", table, *SMALL, OTHER).out

    assert "looked at by 2 trainings so far" in again


def test_last_cohort_judges_and_returning_students_are_left_out(
    train: Train, cohorts: Path, stores: Stores
) -> None:
    outcome = train("--dataset=oulad", data=cohorts)

    assert outcome.code == 0, outcome.err
    division = outcome.json["report"]["division"]
    assert (division["by"], division["term"]) == ("cohort", "2014B")
    assert (division["test_rows"], division["left_out"]) == (800, 200)
    assert outcome.json["report"]["ceiling"] is None
    assert outcome.json["model_uri"] == "models:/oulad/1"
    step = Client().get_pipeline_run(outcome.json["zenml_run_id"]).steps["split"]
    parts = {name: step.outputs[name][0].load() for name in ("train", "validation", "test")}
    names = {name: set(part["student_id"]) for name, part in parts.items()}
    assert sum(map(len, names.values())) == len(set.union(*names.values()))
    assert parts["test"]["returning_student"].sum() == 200
    assert step.outputs["test"][0].visualizations, "a column of yes and no has a summary too"


def test_champion_of_the_same_cohorts_is_compared_with_on_newcomers(
    train: Train, cohorts: Path
) -> None:
    first = train("--dataset=oulad", data=cohorts)
    second = train("--dataset=oulad", OTHER, data=cohorts)

    assert second.code == 0, second.err
    champion = second.json["verdict"]["decision"]["champion"]
    assert champion["version"] == "1"
    assert champion["log_loss_gain"]["n"] == 600
    assert second.json["verdict"]["looks"] == first.json["verdict"]["looks"] + 1 == 2


def test_garbage_in_the_hold_out_changes_the_report_and_not_the_model(
    train: Train, cohorts: Path
) -> None:
    import pandas as pd

    first = train("--dataset=oulad", data=cohorts)
    frame = pd.read_csv(cohorts)
    last = (frame["course"] == "AAA_2014B").to_numpy()
    rng = np.random.default_rng(1)
    frame.loc[last, "passed"] = rng.integers(0, 2, last.sum())
    frame.loc[last, "attendance_percent"] = rng.uniform(0, 100, last.sum()).round(1)
    frame.to_csv(cohorts, index=False)
    spoilt = train("--dataset=oulad", data=cohorts)

    assert spoilt.steps["train"] == "cached", "neither part that it reads has changed"
    for what in ("comparison", "setup"):
        assert spoilt.json["report"][what] == first.json["report"][what]
    assert spoilt.json["report"]["scores"] != first.json["report"]["scores"]
    assert spoilt.json["verdict"]["decision"]["outcome"] == "refused"
