import tempfile

import pytest

from hotspare.app.demo_folder import LOCK, PREFIX, demo_folder


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def folders(place):
    return {path.name for path in place.iterdir()}


def test_a_demo_has_its_folder_to_itself_and_leaves_nothing(place):
    with demo_folder() as one, demo_folder() as two:
        assert one != two
        assert folders(place) == {one.name, two.name}
    assert folders(place) == set()


def test_what_a_killed_demo_left_is_cleared_by_the_next(place):
    left = place / f"{PREFIX}left"
    left.mkdir()
    (left / LOCK).touch()
    (left / "demo.db").touch()
    with demo_folder() as folder:
        assert folders(place) == {folder.name}


def test_what_is_not_known_to_be_a_demos_stays(place):
    (place / f"{PREFIX}strange").mkdir()
    (place / f"{PREFIX}strange" / "mine").touch()
    (place / f"{PREFIX}file").touch()
    (place / "other").mkdir()
    (place / "other" / LOCK).touch()
    before = folders(place)
    with demo_folder():
        pass
    assert folders(place) == before
