"""Model files: skops, never pickle, loaded only if types and checksum are as expected."""

import hashlib
import zipfile
from typing import Any

from student_performance.errors import RegistryError

# Constant and in the code: MLflow reads such a list from the model's own folder, which whoever
# made the model could write. `Tree` and `TreePredictor` hold the nodes of forests and boosting.
TRUSTED_TYPES = (
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


def dump(model: Any) -> bytes:
    """The model as skops bytes."""
    from skops import io  # imports all of scikit-learn: over a second that most steps can save

    return bytes(io.dumps(model, compression=zipfile.ZIP_DEFLATED, compresslevel=1))


def load(data: bytes, sha256: str | None = None) -> Any:
    """Load a model from skops bytes.

    Args:
        data: What `dump` returned.
        sha256: The checksum that was recorded; None right after the bytes were made here.

    Raises:
        RegistryError: The checksum differs, the bytes are no skops file, or they name a type that
            is not trusted.
    """
    from skops import io

    if sha256 is not None and digest(data) != sha256:
        raise RegistryError(
            f"The model file has SHA-256 {digest(data)[:12]}…, but {sha256[:12]}… was registered;"
            " it was changed or cut short and is not loaded."
        )
    try:
        unknown = set(io.get_untrusted_types(data=data)) - set(TRUSTED_TYPES)
        model = None if unknown else io.loads(data, trusted=list(TRUSTED_TYPES))
    except Exception as error:  # skops raises whatever a broken zip or JSON makes it raise
        raise RegistryError(f"The model file is not a readable skops file: {error}") from error
    if unknown:
        raise RegistryError(
            f"The model file holds types that are not trusted: {', '.join(sorted(unknown))}."
            " It is not loaded."
        )
    return model


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
