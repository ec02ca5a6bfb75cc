"""Models as skops files."""

from typing import Any, ClassVar

import joblib
from sklearn.base import BaseEstimator
from zenml.enums import ArtifactType
from zenml.metadata.metadata_types import MetadataType

from materializers.single_file import SingleFileMaterializer
from student_performance import model_files
from student_performance.html import model_page


class SkopsMaterializer(SingleFileMaterializer):
    """A fitted pipeline as one skops file, loaded only with our own list of trusted types."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (BaseEstimator,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.MODEL
    FILE: ClassVar[str] = "model.skops"

    def encode(self, data: BaseEstimator) -> bytes:
        """Skops bytes."""
        return model_files.dump(data)

    def decode(self, content: bytes, data_type: type[Any]) -> Any:
        """The model."""
        return model_files.load(content)

    def hash_of(self, data: BaseEstimator, content: bytes) -> str:
        """Hash of the fitted model; a skops file holds times and addresses, so no two are equal."""
        return str(joblib.hash(data))

    def views(self, data: BaseEstimator) -> dict[str, str | bytes]:
        """The pipeline as scikit-learn draws it."""
        return {"model.html": model_page(data)}

    def extract_metadata(self, data: BaseEstimator) -> dict[str, MetadataType]:
        """The estimator and its settings."""
        estimator = data.steps[-1][1] if hasattr(data, "steps") else data
        settings = {name: str(value) for name, value in estimator.get_params(deep=False).items()}
        return {"estimator": type(estimator).__name__, "settings": dict(settings)}
