"""Artifacts as files: what is saved is what is loaded, and equal content has an equal hash."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from zenml.artifact_stores import LocalArtifactStoreConfig
from zenml.artifact_stores.local_artifact_store import LocalArtifactStore
from zenml.enums import StackComponentType

from materializers import ParquetMaterializer, RecordMaterializer, SkopsMaterializer
from materializers.single_file import SingleFileMaterializer
from student_performance.errors import RegistryError
from student_performance.records import TrackedModel
from student_performance.simulate import simulate

TRACKED = TrackedModel(
    model_id="m-1",
    run_id="r-1",
    sha256="0" * 64,
    candidate="made up",
    holdout="1" * 32,
    data_md5="2" * 32,
)


def unchanged(rows: pd.DataFrame) -> pd.DataFrame:
    return rows


def fitted(C: float = 1.0) -> BaseEstimator:
    frame = simulate(200, seed=3)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=C))
    return model.fit(frame[["hours_studied"]], frame["test_score"] < 60)


@pytest.fixture
def folder(stores: object, tmp_path: Path) -> Path:
    made = tmp_path / "artifact"
    made.mkdir()
    return made


def saved(kind: type[SingleFileMaterializer], folder: Path, data: Any) -> str:
    from datetime import UTC, datetime
    from uuid import uuid4

    store = LocalArtifactStore(
        name="here", id=uuid4(), config=LocalArtifactStoreConfig(path=str(folder)),
        flavor="local", type=StackComponentType.ARTIFACT_STORE, user=None,
        created=datetime.now(UTC), updated=datetime.now(UTC),
    )  # fmt: skip
    materializer = kind(uri=str(folder), artifact_store=store)
    materializer.save(data)
    views = materializer.save_visualizations(data)
    assert views
    assert all(Path(path).stat().st_size > 100 for path in views)
    assert materializer.extract_metadata(data)
    loaded = materializer.load(type(data))
    if isinstance(data, pd.DataFrame):
        pd.testing.assert_frame_equal(loaded, data)
    elif isinstance(data, BaseEstimator):
        rows = simulate(50, seed=9)[["hours_studied"]]
        assert (loaded.predict_proba(rows) == data.predict_proba(rows)).all()
    else:
        assert loaded == data
    return materializer.compute_content_hash(data)


@pytest.mark.parametrize(
    ("kind", "make", "other"),
    [
        (ParquetMaterializer, lambda: simulate(300, seed=1), lambda: simulate(300, seed=2)),
        (SkopsMaterializer, fitted, lambda: fitted(C=0.5)),
        (
            RecordMaterializer,
            lambda: TRACKED,
            lambda: TRACKED.model_copy(update={"candidate": "another"}),
        ),
    ],
)
def test_equal_content_has_an_equal_hash(kind: Any, make: Any, other: Any, folder: Path) -> None:
    first = saved(kind, folder, make())

    assert saved(kind, folder, make()) == first
    assert saved(kind, folder, other()) != first


def test_model_with_a_type_that_is_not_trusted_is_not_loaded(folder: Path) -> None:
    frame = simulate(50, seed=3)[["hours_studied"]]
    suspicious = make_pipeline(FunctionTransformer(unchanged), StandardScaler()).fit(frame)

    with pytest.raises(RegistryError, match="not trusted"):
        saved(SkopsMaterializer, folder, suspicious)


def test_table_view_shows_no_student(folder: Path) -> None:
    saved(ParquetMaterializer, folder, simulate(300, seed=1))

    assert "S00042" not in (folder / "summary.html").read_text()
