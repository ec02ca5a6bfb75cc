"""The pages of the dashboard without a browser."""

from functools import cache

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.conftest import PROJECT

# A server looks once, and each page of a test would do so too: through all installed packages.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def opened(**state: object) -> AppTest:
    """The first page, as somebody with this state finds it."""
    shown = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=60)
    for key, value in state.items():
        shown.session_state[key] = value
    return shown.run()


def view(page: str, dataset: str = "student_performance") -> AppTest:
    """One page by itself; the menu of a page that is not the first cannot be used here."""

    def script(page: str, dataset: str) -> None:
        from importlib import import_module

        from dashboard.words import Words

        import_module(f"dashboard.views.{page}").show(dataset, Words("en"))

    return AppTest.from_function(script, default_timeout=60, args=(page, dataset)).run()


def text(shown: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "error", "code", "metric")
    parts = [element for kind in kinds for element in getattr(shown, kind)]
    return "\n".join(str(getattr(part, "label", "")) + str(part.value) for part in parts)
