"""Where the local stores are."""

from pathlib import Path

import pytest

from student_performance import settings


def test_folder_of_the_environment_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDENT_PERFORMANCE_HOME", str(tmp_path))

    assert settings.home() == tmp_path
    assert settings.local_tracking_uri() == f"sqlite:///{tmp_path.as_posix()}/mlflow/mlflow.db"


def test_relative_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDENT_PERFORMANCE_HOME", "stores")

    assert settings.home() == tmp_path / "stores"


@pytest.mark.parametrize("value", [None, ""])
def test_data_folder_of_the_user_is_taken_otherwise(
    value: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("STUDENT_PERFORMANCE_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("STUDENT_PERFORMANCE_HOME", value)
    monkeypatch.setattr(settings, "user_data_path", lambda name: tmp_path / name)

    assert settings.home() == tmp_path / "student-performance"


@pytest.mark.parametrize(
    ("value", "allowed"), [("on", True), ("", False), ("off", False), ("1", False)]
)
def test_dashboard_changes_the_registry_only_if_it_is_switched_on(
    value: str, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDENT_PERFORMANCE_REGISTRY_ACTIONS", value)

    assert settings.may_move_aliases() is allowed


@pytest.mark.parametrize(
    ("named", "server", "page"),
    [
        ("", "http://mlflow:5000/", "http://mlflow:5000"),
        ("http://127.0.0.1:5000", "http://mlflow:5000", "http://127.0.0.1:5000"),
        ("", "https://user:secret@mlflow.example", "https://mlflow.example"),
        ("", "sqlite:///mlflow.db", None),
        ("", "", None),
        ("javascript://alert", "", None),
    ],
)
def test_page_of_mlflow_is_an_address_for_a_browser(
    named: str, server: str, page: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDENT_PERFORMANCE_MLFLOW_PAGE", named)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)

    assert settings.mlflow_page() == page


@pytest.mark.parametrize(("value", "seconds"), [("5", 5), ("", 60), ("0", 60), ("soon", 60)])
def test_dashboard_looks_for_news_each_minute_or_as_told(
    value: str, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDENT_PERFORMANCE_REFRESH_SECONDS", value)

    assert settings.refresh_seconds() == seconds
