"""Servers that die, refuse or are full: a sentence, an exit code, and a repeat that goes on."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.conftest import SMALL, Outcome, Stores, copy_user
from tests.integration.conftest import Machine, ended
from tests.ports import free_port

# The stores differ in how they fail, and each failure takes a minute: one is enough for most.
pytestmark = pytest.mark.parametrize("store_path", ["any"], indirect=True, scope="module")
NAME = "student_performance"
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


@pytest.fixture
def students(tmp_path: Path) -> Path:
    """Another table for each test, so that nothing is answered from the cache of another."""
    from student_performance.simulate import simulate, to_csv

    path = tmp_path / "students.csv"
    path.write_bytes(to_csv(simulate(2000, seed=time.time_ns() % 2**31)))
    return path


@pytest.fixture(autouse=True)
def servers_up(machine: Machine) -> Iterator[None]:
    yield
    if not all(machine.processes.pid(name) for name in ("object-store", "mlflow")):
        assert machine.run("stack", "up", "minio").code == 0


def killed_at(machine: Machine, server: str, line: str, data: Path) -> Outcome:
    """A training whose server is killed with -9 when a line of its progress appears."""
    process = machine.start("train", "--stack=minio", "--json", "--data", data, *SMALL)
    assert process.stderr is not None
    seen = []
    for said in process.stderr:
        seen.append(said)
        if line in said:
            break
    pid = machine.processes.pid(server)
    assert pid is not None, "".join(seen)
    for child in _family(pid):
        os.kill(child, signal.SIGKILL)
    rest = ended(process, 180)
    return Outcome(rest.code, rest.out, "".join(seen) + rest.err)


def _family(pid: int) -> list[int]:
    import psutil

    process = psutil.Process(pid)
    return [*(child.pid for child in process.children(recursive=True)), pid]


@pytest.mark.parametrize(
    ("server", "line", "told"),
    [
        ("object-store", "split:", "object store"),
        ("mlflow", "train:", "MLflow"),
        ("mlflow", "evaluate: logged", "MLflow"),
    ],
)
def test_server_killed_in_the_middle(
    machine: Machine, students: Path, server: str, line: str, told: str
) -> None:
    before = machine.registry().versions(NAME)
    failed = killed_at(machine, server, line, students)

    assert failed.code == 5, failed.err
    assert told in failed.err
    assert machine.settings["AWS_ENDPOINT_URL" if server == "object-store" else
                            "MLFLOW_TRACKING_URI"] in failed.err  # fmt: skip
    assert "Traceback" not in failed.err
    assert machine.run("stack", "up", "minio").code == 0
    assert machine.registry().versions(NAME) == before
    again = machine.train(students)
    assert again.code in (0, 3), again.err
    assert again.json["steps"][0]["status"] == "cached"
    assert len(machine.registry().versions(NAME)) <= len(before) + 1
    assert all(record.done for record in machine.registry().audit(NAME))


def test_mlflow_away_at_the_start(machine: Machine, students: Path) -> None:
    machine.processes.stop("mlflow")
    begun = time.monotonic()
    outcome = machine.train(students)

    assert outcome.code == 5
    assert f"MLflow store {machine.settings['MLFLOW_TRACKING_URI']} does not answer" in outcome.err
    assert time.monotonic() - begun < 60


def test_object_store_away_at_the_start(machine: Machine, students: Path) -> None:
    machine.processes.stop("object-store")
    begun = time.monotonic()
    outcome = machine.train(students)

    assert outcome.code == 5
    assert "object store does not answer" in outcome.err
    assert machine.settings["AWS_ENDPOINT_URL"] in outcome.err
    assert time.monotonic() - begun < 120


WRONG_KEYS = (
    ({"AWS_SECRET_ACCESS_KEY": "wrong" * 8}, "object store"),
    ({"AWS_ACCESS_KEY_ID": "nobody"}, "object store"),
    ({"MLFLOW_TRACKING_PASSWORD": "wrong-password"}, "does not know this user or password"),
)


def test_wrong_keys(machine: Machine, students: Path) -> None:
    for changed, told in WRONG_KEYS:
        refused = machine.train(students, **changed)

        assert refused.code == 5, refused.err
        assert told in refused.err
        assert not [key for key in changed.values() if key in refused.err and len(key) > 20]
    assert machine.train(students).code in (0, 3)  # with the right ones, at once


def test_missing_bucket_is_made(machine: Machine, students: Path) -> None:
    outcome = machine.train(students, ARTIFACTS_BUCKET="not-there-yet")

    assert outcome.code in (0, 3), outcome.err
    assert machine.s3.list_objects_v2(Bucket="not-there-yet")["KeyCount"] > 0


def temporary_keys(machine: Machine, policy: str) -> dict[str, str]:
    """Keys for 15 minutes, as MinIO hands them out."""
    values = machine.settings
    sts = boto3.client(
        "sts", endpoint_url=values["AWS_ENDPOINT_URL"], region_name="us-east-1",
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
    )  # fmt: skip
    given = sts.assume_role(
        RoleArn="arn:x:ignored:by:minio:", RoleSessionName="test", Policy=policy
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def policy(*actions: str) -> str:
    allowed = ",".join(f'"s3:{action}"' for action in actions)
    return (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":['
        f'{allowed}],"Resource":["arn:aws:s3:::*"]}}]}}'
    )


def test_temporary_and_read_only_keys(machine: Machine, students: Path, store_path: str) -> None:
    if not _has_minio(store_path):
        pytest.skip("only MinIO hands out temporary keys")
    reader = temporary_keys(machine, policy("GetObject", "ListBucket", "GetBucketLocation"))
    refused = machine.train(students, **reader)
    assert refused.code == 5, refused.err
    assert "may not write" in refused.err

    owner = temporary_keys(machine, policy("*"))
    assert machine.train(students, **owner).code in (0, 3)
    lost = machine.train(students, "--no-cache", **(owner | {"AWS_SESSION_TOKEN": "expired"}))
    assert lost.code == 5, lost.err


def _has_minio(path: str) -> bool:
    return any((Path(folder) / "minio").exists() for folder in path.split(os.pathsep))


@pytest.mark.skipif(not FAKETIME.exists(), reason="no libfaketime: install the package `faketime`")
def test_clock_that_is_an_hour_behind(machine: Machine, students: Path) -> None:
    outcome = machine.train(students, LD_PRELOAD=str(FAKETIME), FAKETIME="-1h")

    assert outcome.code == 5, outcome.err
    assert "clocks" in outcome.err
    looked = machine.run("doctor", "--stack=minio", LD_PRELOAD=str(FAKETIME), FAKETIME="-1h")
    assert "The clocks of this machine and of the object store differ" in looked.out


def test_zenml_server_restarted_during_a_run(
    store_path: str, store_template: Stores, tmp_path: Path, students: Path
) -> None:
    user = Stores(tmp_path / "user")
    copy_user(store_template, user)
    port = free_port(8)
    mine = Machine(
        user, store_path,
        {"OBJECT_STORE_PORT": str(port), "MLFLOW_PORT": str(port + 5), "ZENML_PORT": str(port + 6)},
    )  # fmt: skip
    try:
        assert mine.run("stack", "up", "minio", "--zenml").code == 0
        client = {k: v for k, v in mine.settings.items() if k.startswith("ZENML_STORE_")}
        process = mine.start(
            "train", "--stack=minio", "--json", "--data", students, *SMALL, **client
        )
        assert process.stderr is not None
        for said in process.stderr:
            if "split:" in said:
                break
        mine.processes.stop("zenml")
        restart = mine.run("stack", "up", "minio", "--zenml")
        outcome = ended(process)
        assert restart.code == 0, restart.err
        assert outcome.code in (0, 5), outcome.err
        assert "Traceback" not in outcome.err
        again = mine.train(students, **client)
        assert again.code == 0, again.err
        os.environ["MLFLOW_TRACKING_PASSWORD"] = mine.settings["MLFLOW_TRACKING_PASSWORD"]
        assert len(mine.registry().versions(NAME)) == 1
    finally:
        mine.run("stack", "down")


@pytest.fixture
def small_disk(tmp_path: Path, store_path: str) -> Iterator[Path]:
    """A file system of 400 MB for the objects of a user."""
    kind = "minio" if _has_minio(store_path) else "seaweedfs"
    place = tmp_path / "user" / "home" / "servers" / f"objects-{kind}"
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system can only be mounted by root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_full_disk_of_the_object_store(
    small_disk: Path, store_path: str, store_template: Stores, tmp_path: Path, students: Path
) -> None:
    user = Stores(tmp_path / "user")
    copy_user(store_template, user)
    port = free_port(6)
    mine = Machine(user, store_path, {"OBJECT_STORE_PORT": str(port), "MLFLOW_PORT": str(port + 5)})
    filler = small_disk / "filler"
    try:
        assert mine.run("stack", "up", "minio").code == 0
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        filler.write_bytes(bytes(free))
        full = mine.train(students)
        assert full.code == 5, full.err
        assert "disk of the object store" in full.err
        filler.unlink()
        assert mine.run("stack", "up", "minio").code == 0
        again = mine.train(students)
        assert again.code == 0, again.err
    finally:
        mine.run("stack", "down")
