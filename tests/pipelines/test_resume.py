"""A training that was killed while it computed is resumed by the next one."""

import pytest

from student_performance.registry import Store, Tracker
from student_performance.settings import local_tracking_uri
from tests.conftest import WEAK
from tests.pipelines.kills import COMPUTING, NAME, Train, check_first_training_resumes, killed


@pytest.mark.parametrize("place", COMPUTING)
def test_first_training_resumes_after_a_kill(train: Train, place: str) -> None:
    check_first_training_resumes(train, COMPUTING[place])


def test_steps_that_were_done_before_the_kill_are_not_repeated(train: Train) -> None:
    killed(train, COMPUTING["decide, before"], WEAK)
    resumed = train(WEAK).steps

    assert resumed == {
        "load": "cached", "split": "cached", "train": "cached", "evaluate": "cached",
        "decide": "completed",
    }  # fmt: skip


def test_run_of_a_killed_training_is_closed_by_the_next(train: Train) -> None:
    killed(train, COMPUTING["tracking, model logged"], WEAK)
    train(WEAK)
    statuses = {run.status for run in Tracker(Store(local_tracking_uri())).runs(NAME)}

    assert statuses == {"finished", "killed"}
