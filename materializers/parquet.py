"""Tables as Parquet."""

import io
from typing import Any, ClassVar

import pandas as pd
from zenml.enums import ArtifactType
from zenml.metadata.metadata_types import MetadataType

from materializers.single_file import SingleFileMaterializer
from student_performance.dataset import AT_RISK
from student_performance.html import table_page


class ParquetMaterializer(SingleFileMaterializer):
    """A pandas table as one Parquet file, compressed with zstd."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (pd.DataFrame,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA
    FILE: ClassVar[str] = "table.parquet"

    def encode(self, data: pd.DataFrame) -> bytes:
        """Parquet bytes; equal tables give equal bytes for the locked pyarrow."""
        buffer = io.BytesIO()
        data.to_parquet(buffer, engine="pyarrow", compression="zstd", index=False)
        return buffer.getvalue()

    def decode(self, content: bytes, data_type: type[Any]) -> pd.DataFrame:
        """The table."""
        return pd.read_parquet(io.BytesIO(content), engine="pyarrow")

    def views(self, data: pd.DataFrame) -> dict[str, str | bytes]:
        """A summary by column."""
        return {"summary.html": table_page(data)}

    def extract_metadata(self, data: pd.DataFrame) -> dict[str, MetadataType]:
        """Size, columns and the share at risk."""
        metadata: dict[str, MetadataType] = {"rows": len(data), "columns": list(data.columns)}
        if AT_RISK in data:
            metadata["share_at_risk"] = float(data[AT_RISK].mean())
        return metadata
