"""Progress of steps, whether they run in this process or in containers."""

import logging
import re
from collections.abc import Iterator

import pytest

from cli.output import show_progress
from tests.conftest import PROJECT

CONTAINERS = "zenml.orchestrators.local_docker.local_docker_orchestrator"


@pytest.fixture(autouse=True)
def loggers() -> Iterator[None]:
    yield
    for name in ("steps", CONTAINERS):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


def test_lines_of_our_steps_are_shown_and_those_of_zenml_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_progress()
    logging.getLogger("steps.load").info("load: 10 rows")
    told = logging.getLogger(CONTAINERS)
    told.info("Running step `train` in Docker:")
    told.info("\x1b[37m\x1b[37mtrain: comparing %s%%\x1b[0m\x1b[0m", 5)
    told.info("\x1b[37mCode download finished.\x1b[0m")
    told.info("\x1b[37mengine: 2 processes of this machine learn in parts\x1b[0m")
    told.info("\x1b[37mwatch: 10 students, ok\x1b[0m")

    assert capsys.readouterr().err.splitlines() == [
        "  load: 10 rows",
        "  train: in a container …",
        "  train: comparing 5%",
        "  engine: 2 processes of this machine learn in parts",
        "  watch: 10 students, ok",
    ]


def test_every_line_that_a_step_logs_is_shown_from_its_container(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sources = [*PROJECT.glob("steps/*.py"), *PROJECT.glob("student_performance/parts/*.py")]
    logged = re.compile(r"log(?:ger)?\.info\(\s*f?\"([^\"]*)\"")
    lines = [line for path in sources for line in logged.findall(path.read_text("utf-8"))]
    own = [line for line in lines if not line.startswith("%s: ")]  # begins with its caller's word
    show_progress()
    for line in own:
        logging.getLogger(CONTAINERS).info("%s", line)

    assert len(own) > 15
    assert capsys.readouterr().err.splitlines() == [f"  {line}" for line in own]
