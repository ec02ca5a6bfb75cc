"""The dashboard: `python run.py dashboard`, or `streamlit run dashboard/app.py`."""

import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import streamlit as st

PROJECT = Path(__file__).resolve().parent.parent
if str(PROJECT) not in sys.path:  # `streamlit run` knows the folder of this file only
    sys.path.insert(0, str(PROJECT))

from student_performance.settings import prepare_mlflow, refresh_seconds  # noqa: E402

prepare_mlflow()
# A connection that is kept would go on with a local store that was deleted and made anew.
os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")

from dashboard import live, parts  # noqa: E402
from dashboard.views import (  # noqa: E402
    ab_test,
    experiments,
    model,
    monitoring,
    overview,
    predict,
    registry,
)
from dashboard.words import LANGUAGES, Words  # noqa: E402
from student_performance.errors import ProductError  # noqa: E402

# Without an icon of our own, the browser would fetch one from another machine.
_ICON = str(PROJECT / "dashboard" / "icon.svg")
_PAGES = {
    "overview": (overview.show, ":material/home:"),
    "experiments": (experiments.show, ":material/science:"),
    "model": (model.show, ":material/analytics:"),
    "predict": (predict.show, ":material/person_search:"),
    "monitoring": (monitoring.show, ":material/monitor_heart:"),
    "ab_test": (ab_test.show, ":material/compare_arrows:"),
    "registry": (registry.show, ":material/history:"),
}


def main() -> None:
    """Draw the menu and the chosen page."""
    words = Words(st.session_state.get("language", "en"))
    st.set_page_config(page_title=words("app.title"), page_icon=_ICON, layout="wide")
    chosen = st.navigation([_page(name, words) for name in _PAGES])
    with st.sidebar:
        _choices(words)
        _watch(st.session_state["dataset"])
    chosen.run()


def _page(name: str, words: Words) -> Any:
    return st.Page(
        lambda: _guarded(name, words),
        title=words(f"{name}.menu"),
        icon=_PAGES[name][1],
        url_path=name,
        default=name == "overview",
    )


def _choices(words: Words) -> None:
    names = sorted(path.stem for path in (PROJECT / "configs" / "datasets").glob("*.yaml"))
    names.sort(key=lambda name: name != "student_performance")  # first, if it is there
    st.selectbox(words("app.dataset"), names, key="dataset")
    st.radio(words("app.language"), LANGUAGES, format_func=LANGUAGES.get, key="language")
    st.button(words("app.refresh"), on_click=live.refresh, icon=":material/refresh:",
              help=words("app.refresh_help"))  # fmt: skip


def _watch(name: str) -> None:
    """Draw the page anew when there is something new, and leave the reader alone otherwise."""
    seconds = refresh_seconds()

    @st.fragment(run_every=seconds)
    def look() -> None:
        asked, *known = st.session_state.get("news", (0.0, name, None))
        if known[0] == name and time.monotonic() - asked < 0.9 * seconds:
            return  # the reader has done something; that is not the timer
        now = live.news(name)
        st.session_state["news"] = time.monotonic(), name, now
        if asked and known != [name, now] and known[0] == name:
            live.refresh()
            st.rerun()

    look()


def _guarded(page: str, words: Words) -> None:
    """Draw a page; whatever fails is a sentence for the reader and a traceback for the log."""
    try:
        _PAGES[page][0](st.session_state["dataset"], words)
    except ProductError as error:
        st.error(parts.plain(error.message), icon=":material/error:")
        if error.next_command:
            st.code(error.next_command, language="bash")
    except Exception:
        logging.getLogger("dashboard").exception("The page %s failed", page)
        st.error(words("app.trouble"), icon=":material/error:")


if __name__ == "__main__":  # as Streamlit runs it
    main()
