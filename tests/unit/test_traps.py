"""Failures that libraries tell in their own words, told in ours."""

import traceback

import pytest

from cli.errors import known_failure, machine_failure
from cli.step_failures import output_of, step_failure
from cli.traps import TRAPS, known_trap, table
from student_performance.errors import InvalidDataError, LeakageError, ProductError

# As botocore, s3fs, MLflow, ZenML and Docker said it.
SAID = {
    "An error occurred (InvalidAccessKeyId) when calling the ListObjectsV2 operation": "know",
    "An error occurred (SignatureDoesNotMatch) when calling the PutObject operation": "know",
    "An error occurred (NoSuchBucket) when calling the PutObject operation": "no such bucket",
    "An error occurred (RequestTimeTooSkewed) when calling the ListObjects operation": "clocks",
    "An error occurred (ExpiredToken) when calling the GetObject operation": "temporary",
    "An error occurred (XMinioStorageFull) when calling the PutObject operation": "full",
    "An error occurred (403) when calling the HeadObject operation: Forbidden": "may not write",
    'Could not connect to the endpoint URL: "http://127.0.0.1:9000/artifacts"': "does not answer",
    "Invalid Host header - possible DNS rebinding attack detected": "by a name",
    "You are not authenticated. Please see https://www.mlflow.org/docs": "user or password",
    "MLflow experiment tracking with a remote backend requires exactly one"
    " authentication method": "user and a password",
    "Logged model with ID 'm-12' not found": "another MLflow store",
    "Untrusted types found in the file: ['x']": "does not load",
    "pull access denied for minio/minio, repository does not exist": "built here",
    "404 Client Error: Not Found (No such image: student-performance:latest)": "not built yet",
    "API request to http://127.0.0.1:5000/api/2.0/mlflow/runs/create failed with exception"
    " HTTPConnectionPool": "MLflow server does not answer",
    "HTTPConnectionPool(host='127.0.0.1', port=5000): Max retries exceeded with url:"
    " /api/2.0/mlflow-artifacts/artifacts/1/a/artifacts/report.html (Caused by ResponseError('too"
    " many 500 error responses'))": "object store behind it",
    "network student-performance_default not found": "not up",
    "Error while fetching server API version: ('Connection aborted.')": "container engine",
    "RuntimeError: Error connecting to URL 'http://127.0.0.1:8080': refused": "without it",
    "RuntimeError: Cannot connect to the ZenML server at http://127.0.0.1:8080": "without it",
    "CredentialsNotValid: No valid credentials found. Please run 'zenml login": "remembers",
}


@pytest.mark.parametrize("said", SAID)
def test_known_symptom_is_explained_with_a_mend(said: str) -> None:
    trap = known_trap(said)

    assert trap is not None
    assert SAID[said] in trap.cause
    assert trap.mend
    failure = machine_failure(RuntimeError(said))
    assert failure is not None
    assert failure.exit_code == 5


def test_every_trap_is_met_by_a_test() -> None:
    assert {known_trap(said) for said in SAID} == set(TRAPS)


def test_cause_deep_in_the_chain_is_found() -> None:
    try:
        try:
            raise OSError("An error occurred (NoSuchBucket) when calling the PutObject operation")
        except OSError as cause:
            raise ValueError("wrapped") from cause
    except ValueError as error:
        failure = machine_failure(error)
    assert failure is not None
    assert "no such bucket" in failure.message


def test_sentence_has_the_address_that_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    trap = known_trap("Could not connect to the endpoint URL")

    assert trap is not None
    assert trap.sentence().endswith("AWS_ENDPOINT_URL is http://127.0.0.1:9.")


@pytest.mark.parametrize(
    "said",
    [
        "ValueError: 3 is odd",
        "PermissionError: [Errno 13] /data",
        "ClientConnectorError: Cannot connect to host example.org:443",
        "psutil.AccessDenied: (pid=1)",
        "ModuleNotFoundError: No module named 'sqlmodel'",
    ],
)
def test_other_words_are_left_alone(said: str) -> None:
    assert known_trap(said) is None


def test_table_has_a_row_for_each() -> None:
    assert len(table().splitlines()) == len(TRAPS) + 2


class ContainerError(Exception):
    def __init__(self, stderr: bytes) -> None:
        self.stderr = stderr


def test_error_of_a_step_keeps_its_kind_and_words() -> None:
    output = output_of(
        ContainerError(
            b"Traceback (most recent call last):\n  File x\n"
            b"student_performance.errors.InvalidDataError: row 7 is odd\nrow 8 too\n"
        )
    )
    assert output is not None
    failure = step_failure(output)

    assert isinstance(failure, InvalidDataError)
    assert failure.message == "row 7 is odd\nrow 8 too"


def test_next_command_of_a_step_is_kept() -> None:
    raised = InvalidDataError("row 7 is odd", "python run.py dataset check x.csv")
    failure = step_failure("".join(traceback.format_exception(raised)))

    assert isinstance(failure, InvalidDataError)
    assert failure.message == "row 7 is odd"
    assert failure.next_command == "python run.py dataset check x.csv"


def test_last_error_of_a_step_counts() -> None:
    failure = step_failure(
        "student_performance.errors.InvalidDataError: first\n\nduring this:\n\n"
        "student_performance.errors.LeakageError: second"
    )
    assert isinstance(failure, LeakageError)


def test_our_error_of_a_step_wins_over_a_warning_before_it() -> None:
    error = ContainerError(
        b"WARNING: Could not connect to the endpoint URL, once more\n"
        b"student_performance.errors.InvalidDataError: row 7 is odd\n"
    )
    failure = known_failure(error)

    assert isinstance(failure, InvalidDataError)


def test_foreign_error_of_a_step_is_told_by_its_last_line() -> None:
    failure = step_failure("Traceback\n  File x\nKeyError: 'a'\nzipfile.BadZipFileError: cut off\n")

    assert type(failure) is ProductError
    assert "zipfile.BadZipFileError: cut off" in failure.message
    assert output_of(ValueError("no container")) is None
