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
