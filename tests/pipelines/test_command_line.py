"""Commands as a user meets them: help, errors, JSON, doctor."""

import socket
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import PROJECT, SMALL, Outcome

Run = Callable[..., Outcome]
COMMANDS = [
    (), ("train",), ("simulate",), ("runs",), ("promote",), ("rollback",), ("stack",),
    ("stack", "list"), ("stack", "register"), ("doctor",), ("lineage",),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(cli: Run, command: tuple[str, ...]) -> None:
    outcome = cli(*command, "--help")

    assert outcome.code == 0
    assert "Usage: run.py" in outcome.out
    assert f"python run.py {' '.join(command)}".strip() in outcome.out  # a runnable example


def test_options_without_a_command_mean_train(cli: Run) -> None:
    outcome = cli("--dataset", "nowhere")

    assert outcome.code == 2
    assert "There is no data set `nowhere`" in outcome.err


def test_unknown_command_is_a_usage_error(cli: Run) -> None:
    outcome = cli("trian")

    assert outcome.code == 2
    assert "No such command 'trian'" in outcome.err


def test_table_is_for_people(cli: Run, table: Path) -> None:
    outcome = cli("train", "--data", table, *SMALL)

    assert outcome.code == 0, outcome.err
    for words in ("Candidates", "majority", "known truth", "gender", "Decision", "Next"):
        assert words in outcome.out
    lines = [line for line in outcome.out.splitlines() if str(table) not in line]
    assert max(map(len, lines)) <= 120
    again = cli("train", "--data", table, *SMALL)
    assert "this very model was judged before" in again.out
    assert "load, split, train, evaluate: nothing they depend on has changed" in again.out


def test_json_is_one_object_and_nothing_else(trained: Outcome) -> None:
    assert trained.out.lstrip().startswith("{")
    assert {"report", "verdict", "model_uri", "zenml_run_id"} <= set(trained.json)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (",Female,", ",female,", "column gender: found `female`; allowed is one of Female, Male"),
        ("hours_studied", "hours", "`hours_studied` is missing. Did you mean `hours`?"),
        (",", ";", "the first line is no header"),
    ],
)
def test_invalid_data_exit_with_4_and_leave_nothing(
    cli: Run, train: Run, table: Path, old: str, new: str, says: str
) -> None:
    table.write_text(table.read_text().replace(old, new))
    outcome = train()

    assert outcome.code == 4
    assert says in outcome.err
    assert "Next:" in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    assert "No training" in cli("runs").out


def test_missing_file_exits_with_4(train: Run, tmp_path: Path) -> None:
    outcome = train(data=tmp_path / "nowhere.csv")

    assert outcome.code == 4
    assert "There is no file" in outcome.err


def test_debug_shows_the_traceback(train: Run, tmp_path: Path) -> None:
    outcome = train("--debug", data=tmp_path / "nowhere.csv")

    assert outcome.code == 4
    assert "Traceback" in outcome.err


def test_unforeseen_error_is_a_sentence(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of the blue")

    monkeypatch.setattr("student_performance.config_files.load_configs", broken)
    outcome = cli("train")

    assert outcome.code == 1
    assert "RuntimeError: out of the blue" in outcome.err
    assert "--debug" in outcome.err
    assert "Traceback" not in outcome.err


def test_simulate_writes_the_locked_bytes(cli: Run, tmp_path: Path) -> None:
    from student_performance.digests import md5_of

    out = tmp_path / "made.csv"
    assert cli("simulate", "--out", out).code == 0
    assert md5_of(str(out)) in (PROJECT / "dvc.lock").read_text()


def test_simulate_makes_another_term_of_another_world(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "term2.csv"
    students = ("--students", 500, "--seed", 3, "--term", "T2-", "--out", path)
    assert cli("simulate", *students, "--set", "hours_median=5").code == 0
    table = pd.read_csv(path)
    misspelt = cli("simulate", *students, "--set", "hours_medan=5")

    assert table["student_id"].str.startswith("T2-S").all()
    assert table["hours_studied"].median() == pytest.approx(5, rel=0.1)
    assert misspelt.code == 2
    assert "Did you mean `hours_median`?" in misspelt.err


def test_doctor_finds_a_sound_machine_sound(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setattr("cli.doctor._DASHBOARD_PORT", probe.getsockname()[1])
    outcome = cli("doctor")

    assert outcome.code == 0, outcome.out
    assert "packages as locked" in outcome.out
    assert "mend" not in outcome.out


def test_doctor_names_the_mend(cli: Run, monkeypatch: pytest.MonkeyPatch, stores: object) -> None:
    monkeypatch.setenv("STUDENT_PERFORMANCE_HOME", "/proc/nowhere")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr("cli.doctor._DASHBOARD_PORT", taken.getsockname()[1])
        outcome = cli("doctor")

    assert outcome.code == 5
    assert "is taken" in outcome.out
    assert "-> python run.py lineage --port" in outcome.out
    assert "does not answer" in outcome.out


def test_lineage_refuses_a_taken_port(cli: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        outcome = cli("lineage", "--port", taken.getsockname()[1])

    assert outcome.code == 2
    assert "is taken" in outcome.err
