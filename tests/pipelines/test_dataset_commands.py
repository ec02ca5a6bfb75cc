"""`run.py dataset`: describe, check and pseudonymise a table as a user does."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.conftest import PROJECT, Outcome, Stores

Run = Callable[..., Outcome]
NAME = "test_of_dataset_commands"
KEY = "0123456789abcdef"


@pytest.fixture
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `init` writes by default, in a project of its own."""
    shutil.copytree(PROJECT / "configs", tmp_path / "project" / "configs")
    monkeypatch.setattr("cli.dataset_commands.PROJECT", tmp_path / "project")
    return tmp_path / "project" / "configs" / "datasets" / f"{NAME}.yaml"


@pytest.mark.parametrize("command", [(), ("check",), ("init",), ("pseudonymise",)])
def test_help_ends_in_a_runnable_example(cli: Run, command: tuple[str, ...]) -> None:
    outcome = cli("dataset", *command, "--help")

    assert outcome.code == 0
    assert f"python run.py dataset {' '.join(command)}".strip() in outcome.out


def test_table_without_a_contract_is_described_checked_and_accepted(
    cli: Run, table: Path, contract: Path
) -> None:
    written = cli("dataset", "init", table, "--name", NAME)

    assert written.code == 0, written.err
    assert f"Wrote {contract}" in written.err
    assert written.out == f"python run.py dataset check {table} --dataset {NAME}\n"
    assert "# guess" in contract.read_text()
    checked = cli("dataset", "check", table, "--dataset", NAME)
    assert checked.code == 0, checked.err
    assert f"Next:  python run.py train --dataset {NAME} --data {table}" in checked.out


def test_contract_is_not_overwritten(cli: Run, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.yaml"
    out.write_text("precious")
    outcome = cli("dataset", "init", table, "--out", out)

    assert outcome.code == 2
    assert "is not overwritten" in outcome.err
    assert out.read_text() == "precious"


def test_init_elsewhere_says_where_contracts_belong(cli: Run, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.yaml"
    outcome = cli("dataset", "init", table, "--out", out)

    assert outcome.code == 0
    assert out.read_text().count("name: mine\n") == 1
    assert "Only contracts in configs/datasets/ are found" in outcome.err


@pytest.mark.parametrize("name", [("--name", "foo"), ()])
def test_contract_and_its_file_have_one_name(
    cli: Run, table: Path, tmp_path: Path, name: tuple[str, ...]
) -> None:
    out = tmp_path / "My bar.yaml"
    outcome = cli("dataset", "init", table, "--out", out, *name)
    right = "foo" if name else "my_bar"

    assert outcome.code == 2
    assert f"the data set `{right}` must be called {right}.yaml" in outcome.err
    assert f"--name {right} --out {tmp_path / right}.yaml" in outcome.err
    assert not list(tmp_path.glob("*.yaml"))


def test_check_shows_columns_classes_and_what_a_training_will_do(cli: Run, table: Path) -> None:
    outcome = cli("dataset", "check", table)

    assert outcome.code == 0, outcome.err
    for words in (
        "Table of 2,000 rows", "hours_studied", "sensitive", "every cell keeps it",
        "nothing found that gives the outcome away", "a student passes if test_score >= 60",
        "hold out 20% of the students", "rows in the hold-out are enough",
    ):  # fmt: skip
        assert words in outcome.out
    shown, _ = outcome.out.split("Next:")  # the command may be long, and is not wrapped
    assert max(map(len, shown.splitlines())) <= 120
    first = table.read_text().splitlines()[1].split(",")[0]
    assert first not in outcome.out


def test_check_says_that_a_small_hold_out_proves_too_little(cli: Run, tmp_path: Path) -> None:
    small = tmp_path / "small.csv"
    assert cli("simulate", "--students", 200, "--out", small).code == 0
    outcome = cli("dataset", "check", small)

    assert outcome.code == 0
    assert "rows in the hold-out are too few: the gate wants 300" in outcome.out


def test_check_hides_quantiles_behind_which_few_students_stand(cli: Run, tmp_path: Path) -> None:
    small = tmp_path / "small.csv"
    assert cli("simulate", "--students", 60, "--out", small).code == 0
    outcome = cli("dataset", "check", small, "--set", "cross_validation.folds=2")
    line = next(line for line in outcome.out.splitlines() if "test_score" in line)

    assert line.split()[-3] == "–"
    assert line.split()[-2] != "–"
    assert line.split()[-1] == "–"


def test_check_lists_all_violations_in_groups_and_exits_with_4(cli: Run, table: Path) -> None:
    lines = table.read_text().splitlines()
    lines[1] = lines[1].replace("Male", "male").replace("Female", "female")
    lines[5:8] = [f"{line.rsplit(',', 1)[0]},130" for line in lines[5:8]]
    table.write_text("\n".join(lines))
    outcome = cli("dataset", "check", table)

    assert outcome.code == 4
    assert "gender: 1 cell, the first is" in outcome.out
    assert "test_score: 3 cells, the first is" in outcome.out
    assert "row 6, column test_score: found 130" in outcome.out.replace("`", "")
    assert "Traceback" not in outcome.err


def test_check_names_columns_that_are_ignored(cli: Run, table: Path) -> None:
    lines = table.read_text().splitlines()
    table.write_text("\n".join([f"{lines[0]},nickname", *(f"{line},x" for line in lines[1:])]))
    outcome = cli("dataset", "check", table)

    assert outcome.code == 0
    assert "not in the contract: ignored: nickname" in outcome.out


def test_check_exits_with_3_on_a_leak(cli: Run, table: Path) -> None:
    outcome = cli("dataset", "check", table, "--set=dataset.columns.hours_studied.known=after")

    assert outcome.code == 3
    assert "✗ leak" in outcome.out
    assert "hours_studied" in outcome.out
    assert "nothing: the leak stops it" in outcome.out
    assert "hold out" not in outcome.out
    assert "rows in the hold-out are enough" in outcome.out
    assert "Next:  python run.py dataset check" in outcome.out


TERMS = ("9", "10", "2")


def with_terms(table: Path, terms: Sequence[str]) -> None:
    head, *rows = table.read_text().splitlines()
    cells = [f"{row},{terms[i % len(terms)]}" for i, row in enumerate(rows)]
    table.write_text("\n".join([f"{head},term", *cells]))


@pytest.mark.parametrize(
    ("terms", "column", "shown"),
    [
        (TERMS, "{role: cohort, kind: text}",
         "Cohorts     2: 666, 9: 667, 10: 667 (earliest first)"),
        (("Spring", "Autumn"), "{role: cohort, kind: category, categories: [Spring, Autumn]}",
         "Cohorts     Spring: 1,000, Autumn: 1,000 (earliest first)"),
        ([str(i) for i in range(8, 28)], "{role: cohort, kind: text}", "Cohorts     8: 100, 9: "),
        ([str(i) for i in range(8, 30)], "{role: cohort, kind: text}",
         "Cohorts     2 others, then 10: "),
    ],
)  # fmt: skip
def test_check_shows_cohorts_in_the_order_of_time(
    cli: Run, table: Path, terms: Sequence[str], column: str, shown: str
) -> None:
    with_terms(table, terms)
    outcome = cli("dataset", "check", table, "--set", f"dataset.columns.term={column}")

    assert outcome.code == 0, outcome.err
    assert shown in outcome.out


def test_cohorts_without_an_order_are_shown_where_none_is_needed(cli: Run, table: Path) -> None:
    with_terms(table, ("Spring", "Autumn"))
    column = "dataset.columns.term={role: cohort, kind: text}"
    outcome = cli("dataset", "check", table, "--set", column, "--set", "split.by=student")

    assert outcome.code == 0, outcome.err
    assert "Autumn: 1,000, Spring: 1,000 (their order in time is not known)" in outcome.out


def test_check_of_a_table_that_is_too_small_exits_with_4(cli: Run, tmp_path: Path) -> None:
    small = tmp_path / "small.csv"
    assert cli("simulate", "--students", 12, "--out", small).code == 0
    outcome = cli("dataset", "check", small)

    assert outcome.code == 4
    assert "Error" in outcome.err


def test_pseudonyms_take_the_place_of_identifiers(
    cli: Run, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDENT_PERFORMANCE_PSEUDONYM_KEY", KEY)
    out = tmp_path / "safe.csv"
    outcome = cli("dataset", "pseudonymise", table, "--out", out)

    assert outcome.code == 0, outcome.err
    before, after = (path.read_text().splitlines() for path in (table, out))
    assert [line.split(",")[1:] for line in before] == [line.split(",")[1:] for line in after]
    assert not {line.split(",")[0] for line in before[1:]} & {line.split(",")[0] for line in after}
    again = tmp_path / "again.csv"
    cli("dataset", "pseudonymise", table, "--out", again)
    assert again.read_bytes() == out.read_bytes()
    assert cli("dataset", "check", out).code == 0


def test_free_text_of_a_guessed_contract_is_named(
    cli: Run, table: Path, contract: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDENT_PERFORMANCE_PSEUDONYM_KEY", KEY)
    head, *rows = table.read_text().splitlines()
    mails = [f"{row},s{i}@school.example" for i, row in enumerate(rows)]
    table.write_text("\n".join([f"{head},mail", *mails]))
    assert cli("dataset", "init", table, "--name", NAME).code == 0
    assert contract.exists()
    out = tmp_path / "safe.csv"
    outcome = cli("dataset", "pseudonymise", table, "--dataset", NAME, "--out", out)

    assert outcome.code == 0, outcome.err
    assert "being free text or not in the contract: mail. If one" in outcome.err


def test_pseudonyms_do_not_overwrite_the_input(
    cli: Run, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDENT_PERFORMANCE_PSEUDONYM_KEY", KEY)
    before = table.read_bytes()
    link = table.with_name("link.csv")
    link.symlink_to(table)
    for out in (table, link):
        outcome = cli("dataset", "pseudonymise", table, "--out", out)
        assert outcome.code == 2
        assert "which is not overwritten" in outcome.err
    assert table.read_bytes() == before


def test_pseudonyms_without_a_key_say_how_to_make_one(
    cli: Run, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STUDENT_PERFORMANCE_PSEUDONYM_KEY", raising=False)
    out = tmp_path / "safe.csv"
    outcome = cli("dataset", "pseudonymise", table, "--out", out)

    assert outcome.code == 2
    assert 'python -c "import secrets; print(secrets.token_hex(32))"' in outcome.err
    assert not out.exists()


def test_commands_of_the_page_run_as_they_are_written(tmp_path: Path, stores: Stores) -> None:
    page = (PROJECT / "docs" / "your-own-data.md").read_text()
    commands = [
        line
        for block in re.findall(r"```bash\n(.*?)```", page, flags=re.DOTALL)
        for line in block.splitlines()
        if "run.py train" not in line  # trainings are tested elsewhere
    ]
    for name in ("cli", "student_performance", "configs"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    shutil.copy(PROJECT / "run.py", tmp_path)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", "\n".join(commands)],
        cwd=tmp_path, env=stores.environment | {"PATH": path}, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert len(commands) == 7
    assert "read as my_students" in done.stdout
