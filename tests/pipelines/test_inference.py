"""`run.py predict` on the stack `local`."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from student_performance.registry import Registry, Store, Tracker
from student_performance.settings import local_tracking_uri
from student_performance.simulate import simulate
from tests.conftest import Outcome

Run = Callable[..., Outcome]


@pytest.fixture
def new_students(tmp_path: Path) -> Path:
    path = tmp_path / "new.csv"
    simulate(300, seed=8).drop(columns=["test_score", "gender"]).to_csv(path, index=False)
    return path


def test_champion_scores_a_table_and_leaves_a_batch(
    trained: Outcome, cli: Run, new_students: Path, tmp_path: Path
) -> None:
    out = tmp_path / "risks.parquet"
    outcome = cli("predict", "--data", new_students, "--out", out, "--json")

    assert outcome.code == 0, outcome.err
    assert (outcome.json["rows"], outcome.json["rejected"]) == (300, 0)
    assert set(pd.read_parquet(out)["model_version"]) == {"1"}
    store = Store(local_tracking_uri())
    runs = store.client.search_runs([store.experiment_id("student_performance.batches")])
    assert runs[0].data.metrics["rows"] == 300
    assert runs[0].data.tags["version"] == "1"
    assert "S0" not in store.read(f"runs:/{runs[0].info.run_id}/batch.json").decode()
    assert [run.decision for run in Tracker(store).runs("student_performance")] == ["promoted"]


def test_table_is_held_against_the_contract_of_the_version(
    train: Run, cli: Run, new_students: Path, tmp_path: Path
) -> None:
    assert train("--set=dataset.columns.hours_studied.maximum=60").code == 0
    champion = Registry(Store(local_tracking_uri())).champion("student_performance")
    table = pd.read_csv(new_students)
    table.loc[0, "hours_studied"] = 100  # configs/datasets allows 168, the version does not
    table.to_csv(new_students, index=False)
    out = tmp_path / "risks.csv"
    outcome = cli("predict", "--data", new_students, "--out", out)

    assert champion is not None
    assert champion.contract.columns["hours_studied"].maximum == 60
    assert outcome.code == 0, outcome.err
    assert "(1 rows, with reasons)" in outcome.out
    assert "from 0 to 60" in (tmp_path / "risks.rejects.csv").read_text()


def test_without_a_model_the_next_command_is_to_train(
    cli: Run, new_students: Path, tmp_path: Path
) -> None:
    outcome = cli("predict", "--data", new_students, "--out", tmp_path / "risks.csv")

    assert outcome.code == 2
    assert "nobody to ask" in outcome.err
    assert "python run.py train --dataset student_performance" in outcome.err
    assert not (tmp_path / "risks.csv").exists()
