"""Divides students, not rows: a keyed hash of the identifier decides, and nothing else."""

import hashlib

import numpy as np
import pandas as pd

from student_performance.config import DatasetConfig, SplitConfig
from student_performance.dataset import AT_RISK
from student_performance.errors import InvalidDataError


def split(
    table: pd.DataFrame, dataset: DatasetConfig, config: SplitConfig, folds: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide a table into a training part and a hold-out.

    The same student is always on the same side, also when rows are added, removed or reordered.

    Args:
        table: What `load_table` returned.
        dataset: Its contract.
        config: Share and key.
        folds: How many stratified folds the training part must allow.

    Returns:
        The training part and the hold-out, each with a fresh index.

    Raises:
        InvalidDataError: A part is too small to learn from or to judge with.
    """
    in_test = in_holdout(table, dataset, config)
    train = table[~in_test].reset_index(drop=True)
    test = table[in_test].reset_index(drop=True)
    students = train.groupby(AT_RISK)[dataset.id_column].nunique()
    counts = students.reindex([0, 1], fill_value=0)
    if test.empty or counts.min() < folds:
        raise InvalidDataError(
            f"The table has {len(table):,} rows. Students to learn from: {counts[1]:,} at risk and"
            f" {counts[0]:,} passing; {len(test):,} held out. Each of the {folds} folds needs one"
            " student of either kind, and the hold-out may not be empty.",
            f"python run.py train --dataset {dataset.name} --data LARGER_FILE",
        )
    return train, test


def in_holdout(table: pd.DataFrame, dataset: DatasetConfig, config: SplitConfig) -> pd.Series:
    """Which rows belong to students of the hold-out, as a boolean series."""
    students, codes = np.unique(table[dataset.id_column].to_numpy(), return_inverse=True)
    held_out = np.array([_uniform(str(s), config.key) < config.test_share for s in students])
    return pd.Series(held_out[codes], index=table.index)


def _uniform(student: str, key: str) -> float:
    """A number in [0, 1) that only student and key decide."""
    digest = hashlib.blake2b(student.encode(), key=_key_bytes(key), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _key_bytes(key: str) -> bytes:
    """A key as BLAKE2b takes it; a longer one is hashed first, as HMAC does (RFC 2104)."""
    raw = key.encode()
    return raw if len(raw) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.blake2b(raw).digest()
