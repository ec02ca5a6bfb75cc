"""Which version served when and why, and, where that is allowed, which one shall serve now."""

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from dashboard import charts, live, parts
from dashboard.words import Words
from student_performance.audit import Alias, AuditRecord
from student_performance.errors import ProductError
from student_performance.records import Version
from student_performance.settings import may_move_aliases

_LINES = 20  # versions in the picture, the newest that ever had an alias
_LEAST = 5  # letters of a reason


def show(name: str, words: Words) -> None:
    """Draw the page for a data set."""
    st.title(words("registry.title"), anchor=False)
    versions, records = live.versions(name), live.audit(name)
    if not versions:
        command = f"python run.py train --dataset {name}"
        parts.empty(words("model.none_title"), words("registry.none_text"), command, words)
        return
    _now(versions, words)
    if done := st.session_state.pop("moved", None):
        st.success(done, icon=":material/check:")
    _actions(name, versions, words)
    _timeline(records, words)
    st.subheader(words("registry.audit"), anchor=False)
    parts.audit(records, words)


def _now(versions: list[Version], words: Words) -> None:
    for column, alias in zip(st.columns(len(Alias)), Alias, strict=True):
        version = next((v for v in versions if alias in v.aliases), None)
        with column, st.container(border=True, height="stretch"):
            number = words("registry.nobody") if version is None else version.number
            st.metric(words(f"alias.{alias}"), number, help=words(f"alias.{alias}_help"))
            if version is not None:
                st.caption(f"{parts.candidate(version.candidate)} · {version.created:%Y-%m-%d}")


def spans(records: list[AuditRecord], now: datetime) -> list[charts.Span]:
    """When which version had which alias, from the moves that were made."""
    found, since = [], dict[Alias, AuditRecord]()
    for record in (record for record in records if record.done):
        before = since.pop(record.alias, None)
        if before is not None and before.to_version:
            found.append(charts.Span(before.to_version, record.alias, before.at, record.at))
        since[record.alias] = record
    return found + [
        charts.Span(record.to_version, alias, record.at, now)
        for alias, record in since.items()
        if record.to_version
    ]


def _timeline(records: list[AuditRecord], words: Words) -> None:
    st.subheader(words("registry.timeline"), anchor=False)
    found = spans(records, datetime.now(UTC))
    newest = sorted({span.version for span in found}, key=int)[-_LINES:]
    names = {alias.value: words(f"alias.{alias}") for alias in Alias}
    drawn = [span for span in found if span.version in newest]
    if drawn:
        titles = (words("registry.time"), words("model.version"))
        st.altair_chart(charts.timeline(drawn, names, titles))
    else:
        st.caption(words("registry.no_moves"))


def _actions(name: str, versions: list[Version], words: Words) -> None:
    if not may_move_aliases():
        with st.expander(words("registry.off_title"), icon=":material/lock:"):
            st.write(words("registry.off_text"))
            st.code("STUDENT_PERFORMANCE_REGISTRY_ACTIONS=on python run.py dashboard", "bash")
        return
    st.subheader(words("registry.actions"), anchor=False)
    champion = next((v.number for v in versions if Alias.CHAMPION in v.aliases), None)
    previous = next((v.number for v in versions if Alias.PREVIOUS in v.aliases), None)
    others = [version.number for version in versions if version.number != champion]
    promote, rollback = st.columns(2, gap="large")
    with promote:
        number = st.selectbox(words("registry.version"), others, disabled=not others,
                              key=f"promote.{name}")  # fmt: skip
        if st.button(words("registry.promote"), icon=":material/publish:", disabled=not others):
            question = words("registry.sure_promote", number=number)
            _ask(words, question, lambda by, why: live.promote(name, number, by, why))
    with rollback:
        if previous:
            st.write(words("registry.rollback_text", number=previous))
        else:
            st.write(words("registry.no_rollback"))
        if st.button(words("registry.rollback"), icon=":material/undo:", disabled=not previous):
            question = words("registry.sure_rollback", number=previous)
            _ask(words, question, lambda by, why: live.rollback(name, by, why))


def _ask(words: Words, question: str, move: Callable[[str, str], str]) -> None:
    """Have a move confirmed by a name and a reason, which the audit keeps."""

    @st.dialog(words("registry.sure"))
    def confirm() -> None:
        st.write(question)
        by = st.text_input(words("registry.your_name"), max_chars=80).strip()
        why = st.text_area(words("registry.reason"), max_chars=500).strip()
        st.caption(words("registry.kept"))
        ready = bool(by) and len(why) >= _LEAST
        if st.button(words("registry.confirm"), type="primary", disabled=not ready):
            try:
                number = move(by, why)
            except ProductError as error:
                st.error(parts.plain(error.message), icon=":material/error:")
                return
            st.session_state["moved"] = words("registry.serves_now", number=number)
            st.rerun()

    confirm()
