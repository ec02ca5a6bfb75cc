"""Addresses and keys of the servers, from the environment and from what was started here."""

from pathlib import Path

import pytest

from servers.environment import make_environment
from student_performance.errors import InvalidDataError, UsageError
from student_performance.raw_data import published
from student_performance.server_settings import (
    known_settings,
    seen_from_containers,
    server_settings,
    share_settings,
)
from student_performance.settings import local_servers_file

GIVEN = {
    "AWS_ACCESS_KEY_ID": "someone",
    "AWS_SECRET_ACCESS_KEY": "a-long-secret",
    "MLFLOW_TRACKING_URI": "http://127.0.0.1:5000",
    "MLFLOW_TRACKING_USERNAME": "admin",
    "MLFLOW_TRACKING_PASSWORD": "another-secret",
}


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(("AWS_", "MLFLOW_TRACKING_", "ARTIFACTS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("STUDENT_PERFORMANCE_HOME", str(tmp_path))


@pytest.mark.parametrize("missing", GIVEN)
def test_missing_setting_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, "" if name == missing else value)
    with pytest.raises(UsageError, match=missing) as refused:
        server_settings()
    assert refused.value.next_command == "set -a; . ./.env; set +a"


def test_secrets_are_not_in_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    told = repr(server_settings()) + str(server_settings())

    assert "a-long-secret" not in told
    assert "another-secret" not in told
    assert server_settings().s3_keys()["aws_secret_access_key"] == "a-long-secret"


def test_amazon_itself_has_no_address_and_may_have_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (GIVEN | {"AWS_SESSION_TOKEN": "passing"}).items():
        monkeypatch.setenv(name, value)

    assert server_settings().endpoint is None
    assert server_settings().s3_keys()["aws_session_token"] == "passing"


def test_servers_started_here_are_known_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_environment(local_servers_file())
    assert server_settings().endpoint == "http://127.0.0.1:9000"
    with pytest.raises(UsageError, match="AWS_ACCESS_KEY_ID"):
        server_settings(started_here=False)
    # The ZenML store of a shell is the user's choice and not ours.
    assert not [name for name in known_settings() if name.startswith("ZENML_")]


def test_keys_of_one_store_are_not_taken_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    make_environment(local_servers_file())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "my-secret")
    settings = server_settings()

    assert settings.access_key == "mine"
    assert settings.secret_key.get_secret_value() == "my-secret"
    assert settings.endpoint is None  # mine are Amazon's: no address goes with them
    assert settings.mlflow == "http://127.0.0.1:5000"


def test_sharing_keeps_what_the_user_set(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    make_environment(local_servers_file())
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    for name in known_settings():  # so that the test's end removes them
        monkeypatch.setenv(name, os.environ.get(name, ""))
        if name != "AWS_DEFAULT_REGION":
            monkeypatch.delenv(name)
    share_settings()

    assert os.environ["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("http://127.0.0.1:9000", "http://object-store:9000"),
        ("http://localhost:19000", "http://object-store:9000"),
        ("http://object-store:9000", "http://object-store:9000"),
        ("https://s3.example.org", "https://s3.example.org"),
    ],
)
def test_loopback_is_another_place_in_a_container(address: str, inside: str) -> None:
    assert seen_from_containers(address, "object-store:9000") == inside


def test_published_address_has_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTIFACTS_BUCKET", "bucket")
    assert published("s3://somewhere/table.csv", "abc") == "s3://somewhere/table.csv"

    import fsspec

    memory = fsspec.filesystem("memory")
    monkeypatch.setattr("fsspec.core.url_to_fs", lambda url: (memory, url.removeprefix("s3:/")))
    monkeypatch.setattr("student_performance.raw_data.md5_of", lambda address, **_: "abc")
    table = tmp_path / "table.csv"
    table.write_text("a,b\n")
    with pytest.raises(InvalidDataError, match="changed while it was uploaded"):
        published(str(table), "of-what-it-was")
    assert not memory.exists("/bucket/raw/of-what-it-was.csv")
    assert published(str(table), "abc") == "s3://bucket/raw/abc.csv"
    table.write_text("changed after it was published\n")
    published(str(table), "abc")
    assert memory.cat("/bucket/raw/abc.csv") == b"a,b\n"  # once
