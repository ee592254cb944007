import os
import stat
from pathlib import Path

import pytest

from hotspare.app import instance
from hotspare.app.instance import AlreadyRuns, Note, NothingRuns, SeveralRun
from hotspare.router.error import HotspareError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


def start(name: str, folder: Path, **fields: object) -> instance.Claim:
    claim = instance.claim(name, folder)
    claim.write(Note(name, pid=os.getpid(), socket=str(claim.socket), **fields))
    return claim


def test_a_running_instance_is_found_with_what_it_says_of_itself(folder: Path) -> None:
    claim = start("prod", folder, listen="127.0.0.1:4000")
    assert instance.find(None, folder) == instance.find("prod", folder)
    assert instance.find("prod", folder).listen == "127.0.0.1:4000"
    claim.release(forget=False)


def test_an_instance_that_has_ended_runs_no_more(folder: Path) -> None:
    start("prod", folder).release(forget=False)
    assert instance.running(folder) == []
    with pytest.raises(NothingRuns) as caught:
        instance.find("prod", folder)
    assert caught.value.exit_code == 3


def test_a_second_start_is_told_which_instance_runs_and_how_to_reach_it(folder: Path) -> None:
    claim = start("prod", folder, listen="127.0.0.1:4000")
    with pytest.raises(AlreadyRuns) as caught:
        instance.claim("prod", folder)
    assert str(os.getpid()) in caught.value.title
    assert "127.0.0.1:4000" in caught.value.title
    assert "hotspare attach --instance prod" in caught.value.hint
    assert caught.value.exit_code == 2
    claim.release(forget=False)


def test_several_instances_need_a_name(folder: Path) -> None:
    claims = [start(name, folder) for name in ("one", "two")]
    with pytest.raises(SeveralRun, match="one, two") as caught:
        instance.find(None, folder)
    assert caught.value.exit_code == 2
    assert instance.find("two", folder).name == "two"
    with pytest.raises(NothingRuns) as other:
        instance.find("three", folder)
    assert "one, two" in other.value.hint
    for claim in claims:
        claim.release(forget=False)


def test_an_ended_instance_leaves_word_of_its_store_unless_it_is_forgotten(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "kept.db"
    store.touch()
    start("prod", folder, store=str(store)).release(forget=False)
    start("demo", folder, store=str(tmp_path / "gone.db")).release(forget=True)
    assert instance.remembered(None, folder).store == str(store)
    assert instance.remembered("demo", folder) is None
    assert not (folder / "demo.instance").exists()


def test_a_stale_socket_is_taken_away_by_the_next_start(folder: Path) -> None:
    folder.mkdir()
    stale = instance.socket_path("prod", folder)
    stale.touch()
    claim = instance.claim("prod", folder)
    assert not stale.exists()
    claim.release(forget=False)


def test_folder_and_note_are_for_their_owner_alone(folder: Path) -> None:
    claim = start("prod", folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "prod.instance").stat().st_mode) == 0o600
    claim.release(forget=False)


@pytest.mark.parametrize("name", ["prod", "x" * 90, "a/b", "../../etc", ".hidden"])
def test_every_name_has_a_socket_in_a_folder_of_ours_within_the_kernels_limit(name: str, tmp_path: Path) -> None:
    path = instance.socket_path(name, tmp_path)
    assert len(os.fsencode(path)) <= instance.SOCKET_PATH_BYTES
    assert path.parent in {tmp_path, Path(path.parent.parent) / f"hotspare-{os.getuid()}"}


def test_a_folder_too_deep_for_a_socket_has_its_sockets_elsewhere_and_is_searched_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    claim = start("prod", deep)
    assert claim.socket.parent.name == f"hotspare-{os.getuid()}"
    assert instance.find("prod", deep).socket == str(claim.socket)
    claim.release(forget=False)


def test_names_that_differ_have_sockets_that_differ(tmp_path: Path) -> None:
    assert instance.socket_path("a/b", tmp_path) != instance.socket_path("a-b", tmp_path)


def test_sockets_are_in_the_sessions_folder_where_there_is_one(tmp_path: Path) -> None:
    assert instance.socket_folder({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path / "hotspare"


def test_one_that_has_only_begun_says_where_its_store_is_and_is_not_found_yet(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "kept.db"
    store.touch()
    start("prod", folder, store=str(store), listen="127.0.0.1:4000").release(forget=False)
    again = instance.claim("prod", folder)
    assert instance.alive("prod", folder) is None
    assert instance.remembered("prod", folder).store == str(store)
    with pytest.raises(AlreadyRuns) as caught:
        instance.claim("prod", folder)
    assert "127.0.0.1" not in caught.value.title
    again.release(forget=False)


def test_an_instance_begun_without_the_sessions_folder_is_found_from_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    claim = start("prod", instance.socket_folder())
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    assert instance.find("prod").socket == str(claim.socket)
    with pytest.raises(AlreadyRuns):
        instance.claim("prod")
    claim.release(forget=False)


def test_a_folder_that_others_could_enter_is_narrowed(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    start("prod", folder).release(forget=False)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_of_another_user_or_behind_a_link_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HotspareError, match="does not belong to you"):
        instance.claim("prod", folder)
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    with pytest.raises(HotspareError, match="does not belong to you"):
        instance.claim("prod", tmp_path / "elsewhere")
