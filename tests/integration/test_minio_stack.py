"""The stack `minio` with a real object store and a real MLflow server."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from servers.buckets import ensure_buckets
from tests.conftest import PROJECT, SMALL, Outcome
from tests.integration.conftest import Machine, ended

NAME = "student_performance"
COMPARED = ("table", "leakage", "train", "validation", "test", "division", "model", "comparison",
            "setup", "report")  # fmt: skip


@pytest.fixture(scope="module")
def students(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from student_performance.simulate import simulate, to_csv

    path = tmp_path_factory.mktemp("data") / "students.csv"
    path.write_bytes(to_csv(simulate(2000, seed=1)))
    return path


@pytest.fixture(scope="module")
def trained(machine: Machine, students: Path) -> Outcome:
    outcome = machine.train(students)
    assert outcome.code == 0, outcome.err
    return outcome


def digests(machine: Machine, run_id: str) -> dict[str, str]:
    """What ZenML kept of each artifact's content, asked as this machine's user."""
    script = (
        "import json, sys; from zenml.client import Client;"
        "run = Client().get_pipeline_run(sys.argv[1]);"
        "print(json.dumps({name: out[0].content_hash for step in run.steps.values()"
        " for name, out in step.outputs.items()}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, run_id],
        env=machine.variables(ZENML_LOGGING_VERBOSITY="CRITICAL"), cwd=PROJECT,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(Outcome(0, done.stdout.strip().splitlines()[-1], "").json)


def test_result_is_that_of_the_stack_local(
    machine: Machine, trained: Outcome, students: Path
) -> None:
    local = machine.run("train", "--stack=local", "--json", "--data", students, *SMALL)
    here, there = local.json, trained.json

    assert there["stack"] == "minio"
    assert there["report"] == here["report"]
    assert there["verdict"]["decision"] == here["verdict"]["decision"]
    assert there["verdict"]["version"] == here["verdict"]["version"] == "1"
    theirs, ours = digests(machine, there["zenml_run_id"]), digests(machine, here["zenml_run_id"])
    assert {name: theirs[name] for name in COMPARED} == {name: ours[name] for name in COMPARED}
    assert all(theirs[name] for name in COMPARED)


def test_artifacts_and_models_are_in_the_object_store(machine: Machine, trained: Outcome) -> None:
    objects = {
        bucket: [o["Key"] for o in machine.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        for bucket in ("artifacts", "mlflow", "dvc")
    }
    assert any(key.endswith(".parquet") for key in objects["artifacts"])
    assert any(key.endswith("model.skops") for key in objects["mlflow"])
    version = machine.registry().champion(NAME)
    assert version is not None
    assert version.data_md5 == trained.json["data_md5"]
    assert machine.registry().load(version) is not None


def test_repeat_is_answered_from_the_cache(
    machine: Machine, trained: Outcome, students: Path
) -> None:
    again = machine.train(students).json

    assert [step["status"] for step in again["steps"]] == ["cached"] * 4 + ["completed"]
    assert again["verdict"]["version"] == trained.json["verdict"]["version"]


def test_keys_are_in_secrets_only(machine: Machine, trained: Outcome) -> None:
    secrets = [
        machine.settings[name] for name in ("AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_PASSWORD")
    ]
    told = [trained.out, trained.err]
    for command in (
        ["stack", "describe", "minio"],
        ["artifact-store", "describe", "student_performance_minio"],
        ["experiment-tracker", "describe", "student_performance_minio"],
    ):
        script = "from zenml.cli.cli import cli; cli()"
        done = subprocess.run(
            [sys.executable, "-c", script, *command],
            env=machine.variables(), cwd=PROJECT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "student_performance_minio" in done.stdout + done.stderr
        told.append(done.stdout + done.stderr)
    told += [path.read_text(errors="replace") for path in machine.folder.glob("*.log")]
    told += [path.read_text() for path in (machine.user.root / "zenml").rglob("*.yaml")]
    for secret in secrets:
        assert not [text for text in told if secret in text]


def test_buckets_are_made_once_and_models_are_versioned(machine: Machine) -> None:
    assert ensure_buckets(machine.settings) == []
    assert machine.s3.get_bucket_versioning(Bucket="mlflow")["Status"] == "Enabled"


def test_servers_are_found_again(machine: Machine) -> None:
    before = [machine.processes.pid(name) for name in ("object-store", "mlflow")]
    again = machine.run("stack", "up", "minio")
    status = machine.run("stack", "status")

    assert again.out.count("was running") == 2
    assert [machine.processes.pid(name) for name in ("object-store", "mlflow")] == before
    assert status.out.count(" answers at http://127.0.0.1:") == 2
    assert "zenml         not running" in status.out


def test_table_is_read_from_the_object_store(machine: Machine, students: Path) -> None:
    machine.s3.upload_file(str(students), "dvc", "tables/students.csv")
    outcome = machine.train("s3://dvc/tables/students.csv", "--set=split.key=elsewhere")

    assert outcome.code in (0, 3), outcome.err


def test_table_is_scored_from_bucket_to_bucket(
    machine: Machine, trained: Outcome, students: Path, tmp_path: Path
) -> None:
    lines = students.read_text().splitlines()
    new = [lines[0], *(line for line in lines[1:101]), "S99999,Male,900,80,6,50"]
    machine.s3.put_object(Bucket="artifacts", Key="term2.csv", Body="\n".join(new).encode())
    outcome = machine.run(
        "predict", "--stack=minio", "--json",
        "--data=s3://artifacts/term2.csv", "--out=s3://artifacts/risks.parquet",
    )  # fmt: skip

    assert outcome.code == 0, outcome.err
    assert (outcome.json["rows"], outcome.json["rejected"]) == (101, 1)
    machine.s3.download_file("artifacts", "risks.parquet", str(tmp_path / "risks.parquet"))
    assert len(pd.read_parquet(tmp_path / "risks.parquet")) == 100
    told = machine.s3.get_object(Bucket="artifacts", Key="risks.rejects.csv")["Body"].read()
    assert b"from 0 to 168" in told


def test_data_set_of_several_files_is_read_from_the_object_store(
    machine: Machine, students: Path, tmp_path: Path
) -> None:
    """Held in memory and in parts; then its students are scored, and a file of it is changed."""
    table = pd.read_csv(students)
    for term, half in enumerate((table.iloc[:900], table.iloc[900:])):
        half.to_parquet(tmp_path / "part.parquet", row_group_size=300, index=False)
        key = f"tables/students/term={term}/part.parquet"
        machine.s3.upload_file(str(tmp_path / "part.parquet"), "dvc", key)
    address = "s3://dvc/tables/students/"
    one = "--set=candidates={logistic_regression: {kind: logistic_regression}}"

    found = [
        machine.train(address, one, "--set=split.key=parts", f"--set=engine={engine}")
        for engine in ("memory", "dask")
    ]
    assert [outcome.code in (0, 3) for outcome in found] == [True, True], found[-1].err
    held, parted = (outcome.json["report"] for outcome in found)
    assert held["division"] == parted["division"]
    losses = [report["scores"]["log_loss"]["value"] for report in (held, parted)]
    assert losses[0] == pytest.approx(losses[1], abs=2e-3)
    assert found[0].json["data_md5"] == found[1].json["data_md5"]

    scored = machine.run("predict", "--stack=minio", "--json", "--data", address,
                         "--out=s3://artifacts/parts.parquet")  # fmt: skip
    assert scored.code == 0, scored.err
    assert scored.json["rows"] == len(table)

    table.iloc[900:1_500].to_parquet(tmp_path / "part.parquet", index=False)
    machine.s3.upload_file(str(tmp_path / "part.parquet"), "dvc", key)
    changed = machine.train(address, one, "--set=split.key=parts")
    assert changed.json["data_md5"] != found[0].json["data_md5"]
    nowhere = machine.train("s3://dvc/tables/nowhere/", one)
    assert nowhere.code == 4, nowhere.err
    assert "s3://dvc/tables/nowhere/" in nowhere.err


def test_dvc_remote(machine: Machine, tmp_path: Path, students: Path) -> None:
    env = machine.variables(**{k: v for k, v in machine.settings.items() if k.startswith("AWS_")})

    def dvc(*args: str, where: Path) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "dvc", *args],
            cwd=where, env=env, capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
        return done.stdout

    first, second = tmp_path / "first", tmp_path / "second"
    for clone in (first, second):
        subprocess.run(["git", "init", "-q", str(clone)], check=True)
        (clone / ".dvc").mkdir()
        (clone / ".dvc" / "config").write_text((PROJECT / ".dvc" / "config").read_text())
    (first / "students.csv").write_bytes(students.read_bytes())
    dvc("add", "students.csv", where=first)
    dvc("push", where=first)
    (second / "students.csv.dvc").write_text((first / "students.csv.dvc").read_text())
    dvc("pull", where=second)

    assert (second / "students.csv").read_bytes() == students.read_bytes()
    assert "in sync" in dvc("status", "-c", where=first)
    (first / "students.csv").write_text("another table\n")
    dvc("add", "students.csv", where=first)
    assert "new:" in dvc("status", "-c", where=first)
    dvc("push", where=first)
    dvc("gc", "-w", "-c", "-f", where=first)
    left = [
        o["Key"]
        for o in machine.s3.list_objects_v2(Bucket="dvc", Prefix="files/").get("Contents", [])
    ]
    assert len(left) == 1


def test_two_trainings_at_once(machine: Machine, students: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_bytes(b"".join(students.read_bytes().splitlines(keepends=True)[:-1]))
    both = [
        machine.start("train", "--stack=minio", "--json", "--data", data, *SMALL, "--no-cache")
        for data in (students, other)
    ]
    results = [ended(process) for process in both]

    assert [result.code for result in results] == [0, 0], [result.err for result in results]
    versions = {result.json["verdict"]["version"] for result in results}
    assert len(versions) == 2
    registry = machine.registry()
    known = registry.versions(NAME)
    assert [int(v.number) for v in known] == sorted((int(v.number) for v in known), reverse=True)
    assert len([v for v in known if "champion" in v.aliases]) == 1
    assert all(record.done for record in registry.audit(NAME))
