"""Typed artifacts as files, each with a content hash, metadata and a view for the dashboard."""

from materializers.parquet import ParquetMaterializer
from materializers.records import RecordMaterializer
from materializers.skops_model import SkopsMaterializer

__all__ = ["ParquetMaterializer", "RecordMaterializer", "SkopsMaterializer"]
