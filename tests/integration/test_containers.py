"""The whole of docker-compose.yml with a real engine, from the README's commands to the lineage."""

import json
import os
import re
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from student_performance.simulate import simulate
from tests.chromium import window
from tests.conftest import PROJECT, Outcome
from tests.integration.composed import SET, Composed, engine_answers, newcomer
from tests.integration.test_minio_stack import COMPARED

pytestmark = pytest.mark.timeout(1_500)
# What the default training chooses, alone.
ONE = "--set=candidates={logistic_regression: {kind: logistic_regression, C: 1.0}}"


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """Somebody who followed the README."""
    if not engine_answers():
        pytest.skip("no container engine answers; everything that needs one is skipped")
    with newcomer(tmp_path_factory.mktemp("composed")) as made:
        yield made


@pytest.fixture(scope="module")
def trained(composed: Composed) -> Outcome:
    """What the README's training ended in: the same again is answered from the cache."""
    outcome = composed.run("train", "--json")
    assert outcome.code == 0, outcome.err[-3000:]
    assert [step["status"] for step in outcome.json["steps"]] == ["cached"] * 4 + ["completed"]
    return outcome


def test_training_in_containers_is_that_of_this_machine(
    composed: Composed, trained: Outcome
) -> None:
    local = composed.run("train", "--json", "--stack=local")
    there, here = trained.json, local.json

    assert there["stack"] == "container"
    assert there["report"] == here["report"]
    assert there["verdict"]["version"] == here["verdict"]["version"] == "1"
    code = (
        "run = Client().get_pipeline_run(sys.argv[1]); print(json.dumps({name: out[0].content_hash"
        " for step in run.steps.values() for name, out in step.outputs.items()}))"
    )
    theirs, ours = (composed.asked(code, run["zenml_run_id"]) for run in (there, here))
    assert {name: theirs[name] for name in COMPARED} == {name: ours[name] for name in COMPARED}


def test_bucket_registry_and_lineage_have_it(composed: Composed, trained: Outcome) -> None:
    keys = {
        bucket: [o["Key"] for o in composed.s3.list_objects_v2(Bucket=bucket)["Contents"]]
        for bucket in ("artifacts", "mlflow", "dvc")
    }
    assert any(key.endswith("model.skops") for key in keys["mlflow"])
    assert any(key.endswith(".parquet") for key in keys["artifacts"])
    assert any(trained.json["data_md5"][2:] in key for key in keys["dvc"])

    runs = composed.run("runs", "--json").json
    assert runs["aliases"] == {"champion": "1"}
    code = (
        "run = Client().get_pipeline_run(sys.argv[1]); print(json.dumps([run.status.value,"
        " sorted(run.steps), run.stack.name]))"
    )
    status, steps, stack = composed.asked(code, trained.json["zenml_run_id"])
    assert (status, stack) == ("completed", "container")
    assert steps == ["decide", "evaluate", "load", "split", "train"]


def test_mlflow_shows_the_version(composed: Composed, trained: Outcome, page: Page) -> None:
    values = composed.settings
    assert page.context.browser is not None
    login = {
        "username": values["MLFLOW_TRACKING_USERNAME"],
        "password": values["MLFLOW_TRACKING_PASSWORD"],
    }
    wide = {"width": 1440, "height": 900}
    with window(page.context.browser, viewport=wide, http_credentials=login) as opened:
        opened.goto(f"{values['MLFLOW_TRACKING_URI']}/#/models/student_performance")
        expect(opened.get_by_text("champion").first).to_be_visible(timeout=60_000)
        take(opened, "containers-mlflow")


def test_zenml_dashboard_shows_the_run(composed: Composed, trained: Outcome, page: Page) -> None:
    values = composed.settings
    base = values["ZENML_STORE_URL"]
    told = composed.run("lineage").out
    address = told.split("ZenML dashboard: ")[1].split()[0]
    assert address.startswith(f"{base}/projects/default/runs/")
    run = f"{address.rpartition('/')[0]}/{trained.json['zenml_run_id']}"
    page.goto(run, wait_until="domcontentloaded")
    page.get_by_label("Username").fill(values["ZENML_STORE_USERNAME"], timeout=60_000)
    page.get_by_label("Password").fill(values["ZENML_STORE_PASSWORD"])
    with page.expect_response("**/api/v1/login", timeout=60_000) as answered:
        page.get_by_role("button", name="Login").click()
    assert answered.value.ok, answered.value.text()
    nodes = page.locator(".react-flow__node")
    for step in ("load", "split", "train", "evaluate", "decide"):
        expect(nodes.filter(has_text=step).first).to_be_visible(timeout=60_000)
    take(page, "containers-zenml")


def test_dashboard_shows_the_champion(composed: Composed, trained: Outcome, page: Page) -> None:
    page.goto(f"http://127.0.0.1:{composed.settings['DASHBOARD_PORT']}")
    champion = page.get_by_text("Version 1, logistic regression")
    expect(champion).to_be_visible(timeout=60_000)
    expect(page.get_by_text("The gate promoted it.")).to_be_visible()
    take(page, "containers-dashboard")
    menu = page.get_by_test_id("stSidebarNav")
    menu.get_by_text("Predict", exact=True).click()
    risk = page.get_by_test_id("stMetricValue")
    expect(risk).to_have_count(1, timeout=60_000)  # those of the page before are gone
    expect(risk).to_have_text(re.compile(r"\d+ %"), timeout=60_000)
    take(page, "containers-predict")


def test_service_answers_with_the_champion(composed: Composed, trained: Outcome) -> None:
    student = {"student_id": "S1", "hours_studied": 4, "attendance_percent": 60}
    asked = urllib.request.Request(
        f"http://127.0.0.1:{composed.settings['SERVING_PORT']}/predict",
        json.dumps(student | {"assignments_completed": 3}).encode(),
        {"X-API-Key": composed.settings["STUDENT_PERFORMANCE_API_KEY"]},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    found = json.loads(opener.open(asked, timeout=30).read())

    assert found["version"] == "1"
    assert 0 < found["students"][0]["risk"] < 1
    ready = f"http://127.0.0.1:{composed.settings['SERVING_PORT']}/ready"
    state = json.loads(opener.open(ready, timeout=30).read())
    assert (state["experiment"], state["experiment_trouble"]) == (None, None)  # its log answers


def take(page: Page, name: str) -> None:
    """A picture for people to look at, kept where the tests keep their files."""
    page.wait_for_timeout(2_000)
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")


def test_containers_of_steps_are_gone(composed: Composed, trained: Outcome) -> None:
    left = subprocess.run(
        ["docker", "ps", "-a", "--filter", f"network={composed.name}_default",
         "--format", "{{.Names}}"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert left
    assert all(name.startswith(composed.name) for name in left)


def test_code_of_today_runs_and_its_error_is_told(composed: Composed, trained: Outcome) -> None:
    step = composed.clone / "steps" / "load.py"
    sound = step.read_text()
    planted = sound.replace(
        "    frame = labelled(",
        '    raise InvalidDataError("planted: line 7 of the table is odd")\n    frame = labelled(',
    )
    try:
        step.write_text(planted)
        outcome = composed.run("train")
    finally:
        step.write_text(sound)

    assert outcome.code == 4, outcome.err
    assert "planted: line 7 of the table is odd" in outcome.err
    assert "Traceback" not in outcome.err


def test_table_of_several_files_is_learnt_from_in_parts(composed: Composed) -> None:
    for number in (1, 2):
        part = simulate(3_000, seed=number)
        part["student_id"] = part["student_id"] + f"-{number}"
        composed.s3.put_object(
            Bucket="artifacts", Key=f"tables/students/part-{number}.parquet",
            Body=part.to_parquet(index=False),
        )  # fmt: skip
    train = (
        "train", "--json", "--data=s3://artifacts/tables/students/", "--set=engine=dask", ONE,
        "--set=gate.min_test_rows=100000",
    )  # fmt: skip
    there = composed.do(sys.executable, "run.py", *train, STUDENT_PERFORMANCE_WORKERS="3")
    here = composed.run(*train, "--stack=local")

    assert (there.code, here.code) == (3, 3), there.err[-3000:]  # too few rows are held out
    assert "3 processes of this machine learn in parts" in there.err
    assert there.json["report"]["division"]["train_rows"] > 3_000
    assert there.json["report"] == here.json["report"]


def test_image_is_made_for_processes_that_live_for_seconds(composed: Composed) -> None:
    asked = (
        "import gc, importlib.util, os, zenml; print(gc.get_threshold()[0],"
        " os.path.exists(importlib.util.cache_from_source(zenml.__file__)))"
    )
    told = composed.compose("exec", "-T", "dashboard", "python", "-c", asked)
    assert told.split() == ["100000", "True"]


def test_client_inside_the_network(composed: Composed, trained: Outcome) -> None:
    group = str(os.stat("/var/run/docker.sock").st_gid)
    told = composed.compose(
        "run", "--rm", "client", "python", "run.py", "doctor", "--stack", "container",
        DOCKER_GID=group,
    )  # fmt: skip
    assert "in a container" in told
    assert "mend " not in told

    asked = "from student_performance.settings import said_of_workers as said; print(said())"
    workers = {"STUDENT_PERFORMANCE_WORKERS": "3"}
    told = composed.compose(
        "run", "--rm", "client", "python", "-c", asked, DOCKER_GID=group, **workers
    )
    assert told.splitlines()[-1] == str(workers)

    again = composed.compose(
        "run", "--rm", "client", "python", "run.py", "train", "--stack", "container", "--json",
        DOCKER_GID=group,
    )  # fmt: skip
    result = f"\n{again}"[f"\n{again}".index("\n{\n") :]  # before it, what the build printed
    assert json.loads(result)["report"] == trained.json["report"]


def test_who_asked_is_in_the_audit_and_not_in_the_cache(
    composed: Composed, trained: Outcome
) -> None:
    again = composed.do(
        sys.executable, "run.py", "train", "--json", STUDENT_PERFORMANCE_ACTOR="another"
    )
    assert [step["status"] for step in again.json["steps"]] == ["cached"] * 4 + ["completed"]
    audit = composed.run("runs", "--json").json["audit"]
    assert audit[0]["actor"] == "tester"


def test_servers_are_hardened(composed: Composed) -> None:
    containers = composed.compose("ps", "-q").split()
    found = json.loads(
        subprocess.run(
            ["docker", "inspect", *containers], capture_output=True, text=True, check=True
        ).stdout
    )
    assert len(found) == 6
    for container in found:
        name, host = (
            container["Config"]["Labels"]["com.docker.compose.service"],
            container["HostConfig"],
        )
        assert host["Memory"] > 0, name
        assert host["RestartPolicy"]["Name"] == "unless-stopped", name
        assert host["CapDrop"] == ["ALL"], name
        assert container["State"]["Health"]["Status"] == "healthy", name
        for bound in (host["PortBindings"] or {}).values():
            assert {place["HostIp"] for place in bound} == {"127.0.0.1"}, name
        if name != "database":  # it starts as root, to own its folder
            assert container["Config"]["User"] == "10001", name
            assert host["ReadonlyRootfs"], name


def test_servers_want_a_login(composed: Composed) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for port, path in (
        ("MLFLOW_PORT", "/api/2.0/mlflow/experiments/get?experiment_id=0"),
        ("ZENML_PORT", "/api/v1/pipelines"),
        ("OBJECT_STORE_PORT", "/mlflow"),
        ("SERVING_PORT", "/version"),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            opener.open(f"http://127.0.0.1:{composed.settings[port]}{path}", timeout=10)
        assert refused.value.code in (401, 403), port


def operations(begin: str, **replaced: str) -> str:
    """The commands of docs/operations.md after a headline or sentence."""
    text = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8").split(begin)[1]
    block = re.search(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    commands = block[1]
    for before, after in replaced.items():
        commands = commands.replace(before, after)
    return commands


def test_down_and_up_and_a_restored_backup_keep_everything_also_with_other_keys(
    composed: Composed, trained: Outcome
) -> None:
    runs = composed.run("runs", "--json").json
    assert runs["aliases"] == {"champion": "1"}
    new = secrets.token_hex(16)
    change = operations("## Other keys").replace("read -rs NEW_PASSWORD", f"NEW_PASSWORD={new}")
    changed = composed.do("bash", "-ec", change)
    assert changed.code == 0, changed.err
    values = {"MLFLOW_TRACKING_PASSWORD": new, "AWS_SECRET_ACCESS_KEY": secrets.token_hex(32)}
    assert composed.do(sys.executable, "-c", SET, json.dumps(values)).code == 0
    composed.compose("down")
    composed.compose("up", "-d", "--wait")
    assert composed.run("runs", "--json").json == runs

    for begin in ("## Back up and restore", "To restore"):
        commands = operations(begin, **{"student-performance_$": f"{composed.name}_$"})
        done = composed.do("bash", "-ec", commands)
        assert done.code == 0, done.err[-3000:]
    assert composed.run("runs", "--json").json == runs
    again = composed.run("train", "--json")
    assert again.code == 0, again.err[-3000:]
    assert [step["status"] for step in again.json["steps"]] == ["cached"] * 4 + ["completed"]
    other = composed.run("train", "--json", ONE)
    assert other.code == 0, other.err[-3000:]  # its steps read what was there, and write
    assert [step["status"] for step in other.json["steps"]] == ["cached"] * 2 + ["completed"] * 3
    reports = other.json["report"], trained.json["report"]
    for report in reports:
        del report["comparison"]  # of one candidate, and of all
    assert reports[0] == reports[1]


def test_scheduler_retrains_when_it_is_due(composed: Composed, trained: Outcome) -> None:
    students = ("--students", 800, "--seed", 8, "--term", "T2-", "--out", "data/term2.csv")
    assert composed.run("simulate", *students).code == 0
    command = (
        "docker", "compose", "--profile", "schedule", "run", "--rm", "-T", "scheduler",
        "python", "-m", "servers.schedule", "--every=1", "--times=2", "python", "run.py",
        "retrain", "--stack=minio", "--data=data/term2.csv", "--folder=/var/lib/retraining",
    )  # fmt: skip
    done = composed.do(*command)

    assert "Retrained because 800 rows are new" in done.out, done.err[-3000:]
    assert "ended with 0" in done.err
    assert "Nothing is new" in done.err  # the second run
    assert "ended with 3" in done.err


def test_other_object_store_by_its_profile(composed: Composed) -> None:
    """Last: the registry of MinIO's time names models that SeaweedFS does not have."""
    composed.compose("down", "-v")
    other = json.dumps({"OBJECT_STORE": "seaweedfs"})
    assert composed.do(sys.executable, "-c", SET, other).code == 0
    composed.compose("up", "-d", "--wait")
    outcome = composed.run("train", "--stack=container", "--json", ONE)

    assert outcome.code == 0, outcome.err[-3000:]
    assert outcome.json["verdict"]["version"] == "1"
    images = composed.compose("ps", "--format", "{{.Image}}").split()
    assert "student-performance-seaweedfs:latest" in images
