"""What a training leaves in MLflow and in ZenML, read back through their own clients."""

import json
from datetime import timedelta
from importlib import metadata
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from zenml.client import Client

from stacks.selection import select_stack
from student_performance import model_files
from student_performance.errors import RegistryError
from student_performance.figures import FIGURES
from student_performance.registry import Registry, Store, Tracker
from student_performance.settings import local_tracking_uri
from tests.conftest import Outcome, Stores


@pytest.fixture
def client(stores: Stores) -> MlflowClient:
    return MlflowClient(local_tracking_uri(), local_tracking_uri())


def test_run_holds_parameters_metrics_with_bounds_and_origin(
    trained: Outcome, client: MlflowClient
) -> None:
    result = trained.json
    run = client.get_run(result["verdict"]["model"]["run_id"])

    assert run.info.status == "FINISHED"
    assert run.data.params["candidates.logistic_regression.C"] == "1.0"
    assert run.data.params["target"] == "at risk unless test_score >= 60"
    for name, score in result["report"]["scores"].items():
        assert run.data.metrics[f"test_{name}"] == pytest.approx(score["value"])
        assert run.data.metrics[f"test_{name}_low"] == pytest.approx(score["low"])
        assert f"baseline_test_{name}_high" in run.data.metrics
    assert run.data.tags["data_md5"] == result["data_md5"]
    assert run.data.tags["zenml_run_id"] == result["zenml_run_id"]
    assert len(run.data.tags["git_commit"]) >= 7
    assert run.data.tags["mlflow.source.git.commit"] == run.data.tags["git_commit"]
    assert run.data.tags["decision"] == "promoted"
    assert run.data.tags["holdout"] == result["verdict"]["model"]["holdout"]


def test_run_holds_report_figures_and_one_model(trained: Outcome, client: MlflowClient) -> None:
    run_id = trained.json["verdict"]["model"]["run_id"]
    run = client.get_run(run_id)
    names = {artifact.path for artifact in client.list_artifacts(run_id)}

    assert names == {"report.html", "report.json", *(f"{name}.png" for name in FIGURES)}
    assert len(client.search_logged_models([run.info.experiment_id])) == 1


def test_logged_model_has_signature_requirements_and_a_made_up_example(
    trained: Outcome, client: MlflowClient, table: Path
) -> None:
    version = client.get_model_version("student_performance", "1")
    folder = Path(
        mlflow.artifacts.download_artifacts(version.source, tracking_uri=local_tracking_uri())
    )
    info = mlflow.models.Model.load(folder)
    features = ["hours_studied", "attendance_percent", "assignments_completed"]

    assert info.signature.inputs.input_names() == features
    assert {str(kind) for kind in info.signature.inputs.input_types()} == {"DataType.double"}
    required = (folder / "requirements.txt").read_text().split()
    assert f"scikit-learn=={metadata.version('scikit-learn')}" in required
    example = json.loads((folder / "input_example.json").read_text())
    made_up = dict(zip(example["columns"], example["data"][0], strict=True))
    students = pd.read_csv(table)
    assert not (students[features] == pd.Series(made_up)[features]).all(axis=1).any()


def test_requirements_of_the_model_are_those_of_the_lock(
    trained: Outcome, client: MlflowClient
) -> None:
    from tests.conftest import PROJECT

    version = client.get_model_version("student_performance", "1")
    path = mlflow.artifacts.download_artifacts(
        f"{version.source}/requirements.txt", tracking_uri=local_tracking_uri()
    )
    lock = (PROJECT / "requirements.txt").read_text()
    for requirement in Path(path).read_text().split():
        assert f"\n{requirement} " in f"\n{lock}", requirement


def test_no_student_is_named_in_what_was_logged(trained: Outcome, stores: Stores) -> None:
    logged = [
        path
        for path in (stores.root / "home").rglob("*")
        if path.is_file() and path.suffix in {".html", ".json", ".txt", ".yaml", ""}
    ]

    assert logged
    assert not [path for path in logged if b"S00042" in path.read_bytes()]
    assert "S00042" not in trained.out + trained.err


def test_version_carries_the_decision_and_audit_names_who_and_why(
    trained: Outcome, client: MlflowClient
) -> None:
    version = client.get_model_version_by_alias("student_performance", "champion")
    model = client.get_registered_model("student_performance")
    records = [json.loads(v) for k, v in model.tags.items() if k.startswith("audit.")]

    assert version.tags["decision"] == "promoted"
    assert version.tags["sha256"] == trained.json["verdict"]["model"]["sha256"]
    assert [(r["alias"], r["from_version"], r["to_version"], r["done"]) for r in records] == [
        ("champion", None, "1", True)
    ]
    assert records[0]["actor"] == "tester"
    assert records[0]["evidence"] == version.run_id
    assert "no champion yet" in records[0]["reason"]


def test_zenml_registry_component_shows_the_same_versions(trained: Outcome, stores: Stores) -> None:
    select_stack("local")
    registry = Client().active_stack.model_registry
    assert registry is not None
    listed = registry.list_model_versions("student_performance")

    assert [version.version for version in listed] == ["1"]


def test_artifacts_have_hashes_metadata_and_views(trained: Outcome, stores: Stores) -> None:
    run = Client().get_pipeline_run(trained.json["zenml_run_id"])
    artifacts = {
        name: versions[0] for step in run.steps.values() for name, versions in step.outputs.items()
    }

    assert set(artifacts) == {
        "table", "leakage", "train", "validation", "test", "division", "model", "comparison",
        "setup", "report", "tracked_model", "decision",
    }  # fmt: skip
    for name, artifact in artifacts.items():
        assert artifact.content_hash, name
        assert artifact.visualizations, name
        assert len(artifact.run_metadata) > 1, name  # more than ZenML's own storage size
    assert artifacts["table"].run_metadata["rows"] == 2000
    assert "zenml.materializers" not in str([a.materializer for a in artifacts.values()])


def test_models_and_tables_are_stored_without_pickle(trained: Outcome, stores: Stores) -> None:
    files = {path.suffix for path in stores.root.rglob("*") if path.is_file()}

    assert {".parquet", ".skops"} <= files
    assert not files & {".pkl", ".pickle", ".joblib", ".cloudpickle"}


def test_run_is_found_again_with_its_settings_and_its_lineage(
    trained: Outcome, stores: Stores
) -> None:
    tracker = Tracker(Store(local_tracking_uri()))
    run = tracker.runs("student_performance")[0]

    assert run.run_id == trained.json["verdict"]["model"]["run_id"]
    assert run.zenml_run_id == trained.json["zenml_run_id"]
    assert tracker.parameters(run.run_id)["chosen"] == run.candidate
    assert tracker.runs("student_performance", until=run.started) == [run]
    assert tracker.runs("student_performance", until=run.started - timedelta(seconds=1)) == []


def test_file_of_a_version_is_given_whole_or_said_to_be_gone(
    trained: Outcome, stores: Stores
) -> None:
    registry = Registry(Store(local_tracking_uri()))
    version = registry.versions("student_performance")[0]
    assert model_files.digest(registry.file(version)) == version.sha256
    for file in (stores.root / "home" / "mlflow" / "artifacts").rglob("model.skops"):
        file.unlink()

    with pytest.raises(RegistryError, match="version 1 is gone"):
        registry.file(version)


def test_person_on_a_page_is_named_in_the_audit(trained: Outcome, stores: Stores) -> None:
    store = Store(local_tracking_uri())
    Registry(store, by="a teacher").promote("student_performance", "1", "once more")

    assert [record.actor for record in Registry(store).audit("student_performance")] == [
        "tester", "a teacher",
    ]  # fmt: skip
