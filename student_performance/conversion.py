"""Writes a table of any size as Parquet, which can be read in parts and by column."""

from student_performance.contract import DatasetConfig
from student_performance.dataset import broken
from student_performance.errors import InvalidDataError, UsageError
from student_performance.reading.rows import chunks
from student_performance.schema import checked
from student_performance.table_files import table_writer


def to_parquet(path: str, out: str, dataset: DatasetConfig) -> int:
    """Copy the contract's columns of a table, numbers as numbers, a row group for each chunk.

    Args:
        path: The table, local or at an `s3://` address.
        out: A local path or `s3://` address that ends in `.parquet`.
        dataset: The contract; each row is held against it, since its place in the file is known
            now. Whether a student is there twice is seen when the table is read as a whole.

    Returns:
        The number of rows.

    Raises:
        InvalidDataError: It is no such table, or a row breaks the contract; nothing was written.
        UnreachableError: A file is elsewhere, and the way there does not work.
        UsageError: `out` ends in something else, or is the table itself.
    """
    if not out.endswith(".parquet") or out == path:
        raise UsageError(
            f"--out {out}: a name that ends in `.parquet` and is not the table itself is needed.",
            f"python run.py dataset convert {path} --dataset {dataset.name} --out students.parquet",
        )
    rows = 0
    with table_writer(out) as write:
        for cells in chunks(path, dataset, any_size=True):
            frame, violations = checked(cells, dataset)
            if violations:
                raise broken(path, violations, dataset)
            if len(frame):
                write(frame)
            rows += len(frame)
        if not rows:
            raise InvalidDataError(f"{path} has a header but no rows.")
    return rows
