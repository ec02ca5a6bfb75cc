"""A model file is loaded if it is what it should be, and refused in a sentence if not."""

import io as streams
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from skops import io

from student_performance.config import LearningConfig
from student_performance.contract import DatasetConfig
from student_performance.dataset import AT_RISK, features_of
from student_performance.errors import RegistryError
from student_performance.model_files import TRUSTED_TYPES, digest, dump, load
from student_performance.models import build, fit, risk, variants
from tests.unit.trainings import Training


class Trap:
    """Unpickled, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.fixture(scope="module")
def data(training: Training) -> bytes:
    return dump(training.model)


def refusal(data: bytes, sha256: str | None = None) -> str:
    with pytest.raises(RegistryError) as refused:
        load(data, sha256)
    assert refused.value.exit_code == 2
    return refused.value.message


def fitted(
    name: str,
    calibrated: bool,
    training: Training,
    dataset: DatasetConfig,
    learning: LearningConfig,
) -> Any:
    """A candidate, calibrated as the pipeline would do it if that helped."""
    model: Any = build(variants(learning.candidates[name]).popitem()[1], dataset)
    fit(model, features_of(training.train, dataset), training.train[AT_RISK].to_numpy(copy=True))
    if calibrated:
        validation = training.validation
        model = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid")
        model.fit(features_of(validation, dataset), validation[AT_RISK].to_numpy(copy=True))
    return model


@pytest.mark.parametrize("calibrated", [False, True], ids=["as it is", "calibrated"])
@pytest.mark.parametrize(
    "name", ["logistic_regression", "report_forest", "tuned_forest", "monotone_boosting"]
)
def test_every_candidate_predicts_the_same_after_its_file(
    name: str,
    calibrated: bool,
    training: Training,
    dataset: DatasetConfig,
    learning: LearningConfig,
) -> None:
    model = fitted(name, calibrated, training, dataset, learning)
    content = dump(model)
    again = load(content, digest(content))
    features = features_of(training.test, dataset)

    assert type(again) is (CalibratedClassifierCV if calibrated else Pipeline)
    assert np.array_equal(risk(again, features), risk(model, features))


def test_no_more_types_are_trusted_than_the_candidates_need(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    needed = {
        kind
        for name in learning.candidates
        for calibrated in (False, True)
        for kind in io.get_untrusted_types(
            data=dump(fitted(name, calibrated, training, dataset, learning))
        )
    }

    assert needed == set(TRUSTED_TYPES)


def test_checksum_is_needed_only_for_bytes_of_unknown_origin(data: bytes) -> None:
    assert isinstance(load(data), Pipeline)


def test_checksum_is_sha_256() -> None:
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    "change",
    [lambda b: b[:-1], lambda b: b + b"\0", lambda b: b"X" + b[1:], lambda b: b""],
    ids=["cut short", "longer", "other first byte", "empty"],
)
def test_changed_bytes_are_refused_with_both_checksums(change: Any, data: bytes) -> None:
    changed = change(data)
    message = refusal(changed, digest(data))

    assert digest(changed)[:12] in message
    assert f"{digest(data)[:12]}… was registered" in message
    assert "is not loaded" in message


def test_sound_file_with_the_checksum_of_another_is_refused(data: bytes) -> None:
    assert "was registered" in refusal(data, digest(b"another"))


def archive(schema: str | None) -> bytes:
    buffer = streams.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        if schema is not None:
            file.writestr("schema.json", schema)
        file.writestr("note.txt", "hello")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a model",
        pickle.dumps({"a": "pickle"}),
        archive(None),
        archive("{"),
        archive(json.dumps({"__loader__": "NoSuchNode"})),
    ],
    ids=["empty", "text", "pickle", "no schema", "broken schema", "unknown node"],
)
def test_bytes_that_are_no_skops_file_are_refused_in_a_sentence(content: bytes) -> None:
    assert refusal(content).startswith("The model file is not a readable skops file: ")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_file_that_was_cut_short_is_refused_also_without_a_checksum(
    part: float, data: bytes
) -> None:
    assert "not a readable skops file" in refusal(data[: int(len(data) * part)])


def test_pickle_is_refused_without_being_run(tmp_path: Path) -> None:
    folder = tmp_path / "sprung"
    content = pickle.dumps(Trap(folder))

    assert "not a readable skops file" in refusal(content, digest(content))
    assert not folder.exists()
    pickle.loads(content)
    assert folder.exists(), "the trap itself works"


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (FunctionTransformer(os.getcwd), "getcwd"),
        (Path("somewhere"), "Path"),
        (
            KNeighborsClassifier(algorithm="kd_tree").fit([[0], [1]] * 20, [0, 1] * 20),
            "KDTree",
        ),
    ],
    ids=["function of the system", "path", "another model"],
)
def test_type_that_is_not_trusted_is_named_and_not_loaded(model: Any, kind: str) -> None:
    content = io.dumps(model)
    message = refusal(content, digest(content))

    assert message.startswith("The model file holds types that are not trusted: ")
    assert kind in message
    assert message.endswith("It is not loaded.")


def test_trusted_types_are_not_named_beside_an_untrusted_one(
    training: Training, dataset: DatasetConfig, learning: LearningConfig
) -> None:
    forest = fitted("report_forest", True, training, dataset, learning)
    message = refusal(io.dumps(Pipeline([("odd", FunctionTransformer(os.getcwd)), ("rf", forest)])))

    assert "getcwd" in message
    assert not {kind for kind in TRUSTED_TYPES if kind in message}
