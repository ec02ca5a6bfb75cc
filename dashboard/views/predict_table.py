"""The risks of a whole table. What is uploaded stays in memory and is gone with the answer."""

import uuid
from collections.abc import Sequence
from typing import Any

import fsspec
import pandas as pd
import streamlit as st

from dashboard import charts, parts
from dashboard.words import Words
from student_performance import scoring
from student_performance.contract import DatasetConfig
from student_performance.dataset import survey
from student_performance.errors import InvalidDataError
from student_performance.schema import Violation

_MAX_ROWS = 50_000
_SHOWN = 200


def show(model: Any, threshold: float, dataset: DatasetConfig, words: Words) -> None:
    """Ask for a table, say what is wrong with it, or show and give back the risks."""
    contract = scoring.unlabelled(dataset)
    _explain(contract, words)
    upload = st.file_uploader(words("table.upload"), type="csv", key=f"table.{dataset.name}",
                              max_upload_size=10)  # fmt: skip
    if upload is None:
        return
    try:
        frame, violations = _survey(upload.getvalue(), upload.name, contract)
    except InvalidDataError as error:
        st.error(parts.plain(error.message), icon=":material/error:")
        return
    if len(frame) > _MAX_ROWS:
        allowed, found = (parts.number(n, words, 0) for n in (_MAX_ROWS, len(frame)))
        st.error(words("table.too_long", allowed=allowed, found=found), icon=":material/error:")
    elif violations:
        _refused(violations, words)
    else:
        _scored(scoring.scored(model, frame, dataset, threshold), threshold, upload.name, words)


def _explain(contract: DatasetConfig, words: Words) -> None:
    st.write(words("table.text"))
    with st.expander(words("table.columns")):
        st.dataframe(
            pd.DataFrame(
                {
                    words("table.column"): list(contract.columns),
                    words("table.meaning"): [
                        parts.label(name, column) for name, column in contract.columns.items()
                    ],
                    words("table.allowed"): [
                        column.allowed() for column in contract.columns.values()
                    ],
                }
            ),
            hide_index=True,
        )
        parts.download(words("table.blank"), scoring.blank(contract), f"{contract.name}.csv")


def _survey(
    data: bytes, name: str, contract: DatasetConfig
) -> tuple[pd.DataFrame, list[Violation]]:
    """Read a table that is nowhere on a disk, and tell of it by the name that its owner knows."""
    address = f"memory://uploads/{uuid.uuid4().hex}.csv"
    memory = fsspec.filesystem("memory")
    memory.pipe_file(address, data)
    try:
        return survey(address, contract)
    except InvalidDataError as error:
        raise InvalidDataError(error.message.replace(address, name)) from None
    finally:
        memory.rm_file(address)


def _refused(violations: Sequence[Violation], words: Words) -> None:
    count = parts.number(len(violations), words, 0)
    st.error(words("table.refused", count=count), icon=":material/error:")
    st.dataframe(
        pd.DataFrame(
            {
                words("table.row"): [violation.row for violation in violations],
                words("table.column"): [violation.column for violation in violations],
                words("table.found"): [violation.found for violation in violations],
                words("table.allowed"): [
                    f"{violation.allowed}{violation.hint}" for violation in violations
                ],
            }
        ).head(_SHOWN),
        hide_index=True,
    )


def _scored(table: pd.DataFrame, threshold: float, name: str, words: Words) -> None:
    flagged = int(table[scoring.FLAGGED].sum())
    st.success(
        words(
            "table.scored",
            students=parts.number(len(table), words, 0),
            flagged=parts.number(flagged, words, 0),
            share=parts.percent(flagged / len(table), words, 0),
            limit=parts.percent(threshold, words, 0),
        ),
        icon=":material/check:",
    )
    parts.download(words("table.download"), scoring.to_spreadsheet(table), f"risks_{name}")
    left, right = st.columns([3, 2], gap="large")
    with left:
        shown = parts.number(min(_SHOWN, len(table)), words, 0)
        st.caption(words("table.first", shown=shown))
        bar = st.column_config.ProgressColumn(
            words("predict.risk"), format="%.0f %%", min_value=0, max_value=100
        )
        flag = st.column_config.CheckboxColumn(words("table.flagged"))
        columns = {scoring.RISK: bar, scoring.FLAGGED: flag}
        first = table.head(_SHOWN)
        first = first.assign(**{scoring.RISK: 100 * first[scoring.RISK]})
        st.dataframe(first, hide_index=True, column_config=columns)
    with right:
        axes = (words("predict.risk"), words("table.students"))
        st.altair_chart(charts.counts(table[scoring.RISK].tolist(), threshold, *axes))
