"""What trainings have left is put back as it was, whatever a test does to it."""

from pathlib import Path

import pytest

from tests.shelf import Shelf

FIRST: tuple[str, ...] = ()
SECOND = ("--set=candidates.logistic_regression.C=0.5",)


@pytest.fixture
def user(tmp_path: Path) -> Path:
    folder = tmp_path / "user"
    folder.mkdir()
    (folder / "store.db").write_text("one training")
    return folder


@pytest.fixture
def shelf(user: Path, tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path / "shelf")
    made.keep((FIRST,), "first", user)
    (user / "store.db").write_text("two trainings")
    made.keep((FIRST, SECOND), "second", user)
    return made


def test_a_folder_is_put_back_without_what_came_after(shelf: Shelf, user: Path) -> None:
    (user / "another.db").touch()
    shelf.put_back((FIRST,), user)
    (user / "store.db").write_text("spoilt by a test")
    shelf.put_back((FIRST,), user)

    assert [path.name for path in user.iterdir()] == ["store.db"]
    assert (user / "store.db").read_text() == "one training"
    assert shelf.outcomes[(FIRST,)] == "first"


def test_the_longest_beginning_that_is_kept_is_found(shelf: Shelf) -> None:
    assert shelf.longest((FIRST, SECOND, FIRST)) == (FIRST, SECOND)
    assert shelf.longest((FIRST, FIRST)) == (FIRST,)
    assert shelf.longest((SECOND, FIRST)) == ()
