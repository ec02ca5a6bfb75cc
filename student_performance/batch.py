"""Scores a table of any size: risks into one file, bad rows with their reasons into another."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath

import pandas as pd

from student_performance.batch_record import BatchRecord
from student_performance.dataset import features_of
from student_performance.digests import md5_of
from student_performance.errors import InvalidDataError
from student_performance.models import risk
from student_performance.predictor import Predictor
from student_performance.reading.commands import check_command
from student_performance.schema import Violation
from student_performance.scoring import FLAGGED, REASONS, RISK, reasons, unlabelled
from student_performance.sifting import look_through
from student_performance.table_files import check_kind, table_writer
from student_performance.tally import Tally

MODEL_VERSION = "model_version"


def predict_file(path: str, out: str, predictor: Predictor) -> BatchRecord:
    """Score the rows that keep the contract of the model; the others are told with their reasons.

    The table is read in chunks, so that a file larger than memory passes. Both files appear when
    all of it was scored, or neither does.

    Args:
        path: A CSV, local or at an `s3://` address.
        out: A local path or `s3://` address that ends in `.parquet` or `.csv`.
        predictor: The model.

    Raises:
        InvalidDataError: It is no such CSV, a column is missing, no row keeps the contract, or the
            file was changed meanwhile.
        UnreachableError: A file is elsewhere, and the way there does not work.
        UsageError: `out` ends in something else.
    """
    check_kind(out)
    md5, rejects = md5_of(path, any_size=True), rejects_of(out)
    sieve, tally = look_through(path, unlabelled(predictor.contract)), Tally(predictor)
    with table_writer(out) as write, table_writer(rejects) as reject:
        for good, violations in sieve.sifted(path):
            reject(_told(violations))
            tally.rejected += len({violation.row for violation in violations})
            if len(good):
                write(_scored(sieve.table(good), predictor, tally))
        _check_end(path, md5, predictor, tally)
    return _record(tally, md5, out, rejects, predictor)


def rejects_of(out: str) -> str:
    """Where the rows are told that were not scored: `risks.rejects.csv` beside `risks.parquet`."""
    return f"{out.removesuffix(PurePath(out).suffix)}.rejects.csv"


def _record(tally: Tally, md5: str, out: str, rejects: str, predictor: Predictor) -> BatchRecord:
    return BatchRecord(
        at=datetime.now(UTC),
        dataset=predictor.contract.name,
        version=predictor.version.number,
        data_md5=md5,
        out=out,
        rejects=rejects,
        rows=tally.scored + tally.rejected,
        rejected=tally.rejected,
        flagged=tally.flagged,
        threshold=predictor.version.threshold.value,
        mean_risk=tally.mean_risk,
        risks=tuple(tally.risks.tolist()),
        drift=tally.drift(),
    )


def _scored(table: pd.DataFrame, predictor: Predictor, tally: Tally) -> pd.DataFrame:
    contract, model = predictor.contract, predictor.model
    features = features_of(table, contract)
    risks = risk(model, features)
    tally.add(features, risks)
    key = list(contract.row_key) or [contract.id_column]
    found = table[key].assign(**{RISK: risks, FLAGGED: risks >= predictor.version.threshold.value})
    found[REASONS] = reasons(model, features, risks, predictor.reference)
    found[MODEL_VERSION] = predictor.version.number
    return found


def _told(violations: Sequence[Violation]) -> pd.DataFrame:
    """One line for each bad row, with everything that is wrong with it."""
    by_row: dict[int | None, list[str]] = defaultdict(list)
    for violation in violations:
        by_row[violation.row].append(str(violation).partition(", ")[2])
    texts = [" ".join(sentences) for sentences in by_row.values()]
    return pd.DataFrame({"row": list(by_row), "reason": pd.Series(texts, dtype="str")})


def _check_end(path: str, md5: str, predictor: Predictor, tally: Tally) -> None:
    if not tally.scored:
        raise InvalidDataError(
            f"{path}: none of its {tally.rejected:,} rows keeps the contract of"
            f" {predictor.version.name} version {predictor.version.number}; nothing was written.",
            check_command(path, predictor.contract),
        )
    if md5_of(path, any_size=True) != md5:
        raise InvalidDataError(f"{path} was changed while it was scored; nothing was written.")
