"""What all artifacts here share: one file of bytes, and views beside it."""

import hashlib
import os
from typing import Any, ClassVar

from zenml.enums import VisualizationType
from zenml.materializers.base_materializer import BaseMaterializer

from student_performance.errors import UnreachableError


class SingleFileMaterializer(BaseMaterializer):
    """Saves an object as one file.

    The hash of the content goes into the cache key of the steps downstream, so that equal data are
    not computed on again, whichever run made them.
    """

    SKIP_REGISTRATION: ClassVar[bool] = True
    FILE: ClassVar[str]

    def encode(self, data: Any) -> bytes:
        """The file's bytes."""
        raise NotImplementedError

    def decode(self, content: bytes, data_type: type[Any]) -> Any:
        """The object in the file's bytes."""
        raise NotImplementedError

    def views(self, data: Any) -> dict[str, str | bytes]:
        """HTML pages and PNG pictures for the dashboard, by file name."""
        raise NotImplementedError

    def save(self, data: Any) -> None:
        """Write the file and keep its hash."""
        content = self.encode(data)
        self._content_hash = self.hash_of(data, content)
        self._write(self.FILE, content)

    def load(self, data_type: type[Any]) -> Any:
        """Read the file.

        Raises:
            UnreachableError: ZenML knows the artifact, but its file is gone.
        """
        path = os.path.join(self.uri, self.FILE)
        try:
            with self.artifact_store.open(path, "rb") as file:
                content = file.read()
        except FileNotFoundError as error:
            raise UnreachableError(
                f"The artifact {path} is gone, though ZenML has it in its cache.",
                "python run.py train --no-cache",
            ) from error
        return self.decode(content, data_type)

    def hash_of(self, data: Any, content: bytes) -> str:
        """Hash of the content; of the bytes, where equal data make equal bytes."""
        return hashlib.sha256(content).hexdigest()

    def compute_content_hash(self, data: Any) -> str:
        """The hash that `save` kept."""
        return self._content_hash

    def save_visualizations(self, data: Any) -> dict[str, VisualizationType]:
        """Write the views."""
        written = {}
        for name, content in self.views(data).items():
            raw = content.encode() if isinstance(content, str) else content
            is_html = name.endswith(".html")
            kind = VisualizationType.HTML if is_html else VisualizationType.IMAGE
            written[self._write(name, raw)] = kind
        return written

    def _write(self, name: str, content: bytes) -> str:
        path = os.path.join(self.uri, name)
        with self.artifact_store.open(path, "wb") as file:
            file.write(content)
        return path
