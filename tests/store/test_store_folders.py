"""Where state lives."""

import os
import stat

import pytest

from hotspare.store import folders


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_state_folder_is_where_the_environment_says_and_private(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a" / "state"))
    assert folders.state_folder() == tmp_path / "a" / "state" / "hotspare"
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "state" / "hotspare") == 0o700
    assert folders.default_store_path("prod") == tmp_path / "a" / "state" / "hotspare" / "prod.db"
    assert folders.default_log_path("prod") == tmp_path / "a" / "state" / "hotspare" / "prod.log"


def test_a_state_folder_that_others_could_read_is_tightened(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "hotspare").mkdir()
    (tmp_path / "hotspare").chmod(0o755)
    tmp_path.chmod(0o750)
    assert mode(folders.state_folder()) == 0o700
    assert mode(tmp_path) == 0o750


def test_a_relative_place_is_ignored(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert folders.state_folder() != tmp_path / "state" / "hotspare"
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_file_is_private_whatever_the_mask(tmp_path, mask):
    before = os.umask(mask)
    try:
        os.close(folders.open_private(tmp_path / "file", os.O_RDWR))
        folders.make_private(tmp_path / "one" / "two")
    finally:
        os.umask(before)
    assert mode(tmp_path / "file") == 0o600
    assert mode(tmp_path / "one") == mode(tmp_path / "one" / "two") == 0o700
