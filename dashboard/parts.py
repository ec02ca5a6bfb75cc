"""What several pages show alike."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard.words import Words
from student_performance.audit import AuditRecord
from student_performance.contract import Column
from student_performance.metrics import Estimate
from student_performance.promotion import Reason


def empty(title: str, text: str, command: str, words: Words) -> None:
    """A page that has nothing to show yet: what that means and what to type."""
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.write(text)
        st.caption(words("app.next"))
        st.code(command, language="bash")


def reasons(listed: Iterable[Reason]) -> None:
    """The checks of the gate, passed and failed."""
    for reason in listed:
        mark = ":green[:material/check:]" if reason.passed else ":red[:material/close:]"
        st.markdown(f"{mark} {plain(reason.text)}")


def download(
    label: str, data: str | bytes | Callable[[], str | bytes], file: str, icon: str = "download"
) -> None:
    """A button that gives a file and leaves the page as it is."""
    kinds = {"csv": "text/csv", "html": "text/html", "md": "text/markdown"}
    st.download_button(
        label, data, file, kinds.get(file.rpartition(".")[2], "application/octet-stream"),
        icon=f":material/{icon}:", on_click="ignore", width="stretch",
    )  # fmt: skip


def audit(records: list[AuditRecord], words: Words) -> None:
    """Alias moves as a table, newest first."""
    newest = records[::-1]
    st.dataframe(
        pd.DataFrame(
            {
                words("registry.at"): [record.at for record in newest],
                words("registry.alias"): [words(f"alias.{record.alias}") for record in newest],
                words("registry.from"): [record.from_version or "–" for record in newest],
                words("registry.to"): [record.to_version or "–" for record in newest],
                words("registry.actor"): [record.actor for record in newest],
                words("registry.reason"): [record.reason for record in newest],
                words("registry.done"): [record.done for record in newest],
            }
        ),
        hide_index=True,
        column_config={
            words("registry.at"): st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss"),
            words("registry.reason"): st.column_config.TextColumn(width="large"),
        },
    )


def plain(text: str) -> str:
    """A text of somebody else as Markdown that shows it letter for letter."""
    return re.sub(r"([!-+\--/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


def percent(share: float, words: Words, digits: int = 1) -> str:
    """`79.3 %`, with the language's own decimal sign."""
    return f"{number(100 * share, words, digits)} %"


def number(value: float, words: Words, digits: int = 3) -> str:
    """A number with the language's own signs."""
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if words.language == "id" else text


def moment(at: datetime) -> str:
    """A time for people."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def interval(score: Estimate, words: Words, digits: int = 3) -> str:
    """`0.787 [0.769, 0.804]` in the language's own signs."""
    value, low, high = (number(v, words, digits) for v in (score.value, score.low, score.high))
    return f"{value} [{low}; {high}]" if words.language == "id" else f"{value} [{low}, {high}]"


def label(name: str, column: Column) -> str:
    """A column in plain words."""
    return column.label or name.replace("_", " ")


def candidate(name: str) -> str:
    """A candidate in plain words."""
    return name.replace("_", " ")
