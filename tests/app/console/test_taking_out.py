"""Copy, curl, export, redo, and the terminal's title."""

import csv
import json
import shlex
import stat
from dataclasses import replace

import pytest

from hotspare.app.console.taking_out import as_curl, write_file
from hotspare.router.command import DisableModel
from hotspare.widgets.glyphs import UNICODE
from hotspare.widgets.vital import title_text

EVIL = "=HYPERLINK(1)\x1b]52;c;QUFB\x07"


@pytest.fixture
async def pilot(make_console, begin):
    async with make_console().run_test(size=(120, 40), notifications=True) as pilot:
        await begin(pilot)
        yield pilot


async def acted(pilot):
    """Wait for what a key has begun, but not for the console's own watch."""
    going = [worker for worker in pilot.app.workers if worker.group == "acts"]
    if going:
        await pilot.app.workers.wait_for_complete(going)


async def test_y_copies_the_row_as_it_is_read_and_as_json(pilot, press, toasts):
    await press(pilot, "3", "y")
    assert pilot.app.clipboard.startswith("02:41:06 ✔ claude")
    assert toasts(pilot.app)[-1].startswith("Copied the row: 02:41:06")
    await press(pilot, "Y")
    assert json.loads(pilot.app.clipboard)["id"] == pilot.app.page().chosen_request()
    await press(pilot, "2", "j", "Y")
    assert json.loads(pilot.app.clipboard)["name"] == "gpt-5"
    await press(pilot, "6", "y")
    assert toasts(pilot.app)[-1] == "There is nothing here to copy yet."
    await press(pilot, "7", "y")
    assert "127.0.0.1:4000" in pilot.app.clipboard


async def test_c_copies_a_request_as_curl(pilot, press, backend):
    backend.traces = [{"asked": "main", "caller": "shop", "session": "s-1", "chain": "main", "dialect": "openai"}]
    await press(pilot, "3", "c")
    words = shlex.split(pilot.app.clipboard)
    assert words[:3] == ["curl", "-sS", "http://127.0.0.1:4000/v1/chat/completions"]
    assert "x-session-id: s-1" in words
    assert "authorization: Bearer $HOTSPARE_TOKEN" in words
    assert json.loads(words[-1])["model"] == "main"


async def test_curl_has_the_prompt_where_it_is_kept(pilot, press, backend, toasts):
    body = {"model": "main", "messages": [{"role": "user", "content": "it's \u001b[31mred"}]}
    backend.traces = [{"asked": "main", "caller": "shop", "session": "", "chain": "main", "dialect": "openai"}]
    row = {"id": "r", "content": True, "redacted": False, "request": json.dumps(body)}
    backend.past["kept"] = [row]
    await press(pilot, "3", "c")
    assert json.loads(shlex.split(pilot.app.clipboard)[-1]) == body
    assert "\x1b" not in pilot.app.clipboard
    assert toasts(pilot.app)[-1].startswith("Copied it as curl: ")
    backend.past["kept"] = [{**row, "redacted": True}]
    await press(pilot, "c")
    assert "YOUR PROMPT" in pilot.app.clipboard


def test_names_cannot_leave_their_quotes_in_curl():
    evil = "'; rm -rf ~; echo \x1b[31m$(id)"
    text = as_curl({"asked": evil, "caller": evil, "session": evil, "dialect": "anthropic", "stream": True}, "h:1")
    assert "\x1b" not in text
    words = shlex.split(text)
    assert words[2] == "http://h:1/v1/messages"
    assert sum("rm -rf" in word for word in words) == 3
    assert "rm" not in words
    assert json.loads(words[-1])["stream"] is True
    assert "/v1/embeddings" in as_curl({"asked": "e5"}, "h:1", embeddings=True)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_rows_go_into_a_file_of_their_own(tmp_path, kind):
    records = [{"name": EVIL, "cost": 0.25, "ok": True, "none": None}, {"name": "b", "more": ["x"]}]
    path = write_file(records, kind, view="cost", at=0.0, folder=tmp_path)
    assert path.name == f"hotspare-cost-19700101T000000Z.{kind}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert "\x1b" not in text
    if kind == "json":
        assert json.loads(text) == records
    else:
        head, first, second = csv.reader(text.splitlines())
        assert head == ["name", "cost", "ok", "none", "more"]
        assert first[0].startswith("'=HYPER")
        assert first[1:] == ["0.25", "true", "", ""]
        assert second[-1] == '["x"]'
    with pytest.raises(FileExistsError):
        write_file(records, kind, view="cost", at=0.0, folder=tmp_path)


async def test_export_says_where_the_rows_are(pilot, press, toasts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    await press(pilot, "2", "ctrl+e")
    await acted(pilot)
    [path] = tmp_path.glob("*.csv")
    assert toasts(pilot.app)[-1] == f"4 rows are in {path}\n$ hotspare models --json"
    await press(pilot, "colon", *"export json", "enter")
    await acted(pilot)
    [path] = tmp_path.glob("*.json")
    assert [row["name"] for row in json.loads(path.read_text())] == ["claude", "gpt-5", "haiku", "local"]
    await press(pilot, "7", "colon", *"export json", "enter")
    await acted(pilot)
    assert toasts(pilot.app)[-1].startswith("1 row is in ")
    assert path.name.startswith("hotspare-chains-")


async def test_an_export_that_fails_is_said(pilot, press, toasts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    await press(pilot, "2", "ctrl+e")
    await acted(pilot)
    pilot.app.desk.clock = type(pilot.app.clock)(monotonic=pilot.app.clock.monotonic, wall=lambda: 0.0)
    (tmp_path / "hotspare-chains-19700101T000000Z.csv").write_text("")
    await press(pilot, "ctrl+e")
    await acted(pilot)
    assert toasts(pilot.app)[-1] == "Not exported: File exists"


async def test_redo_does_again_what_was_taken_back(pilot, press, backend, toasts):
    await press(pilot, "U")
    assert "nothing to redo" in toasts(pilot.app)[-1]
    backend.past["journal"] = [
        {"number": 2, "act": "undo", "subject": "haiku", "undoes": 1, "after": None, "until": None},
        {"number": 1, "act": "disable", "subject": "haiku", "undoes": None, "after": ["disabled"], "until": None},
    ]
    await press(pilot, "U")
    assert backend.applied == [(DisableModel("haiku"), False)]


def test_the_title_carries_state_and_share(calm_snapshot, outage_snapshot):
    assert title_text(calm_snapshot, UNICODE, lost=False) == "● demo: 100 % ok, 1 % fallback"
    assert title_text(outage_snapshot, UNICODE, lost=False) == "✖ prod: 33 % ok, 8 % fallback"
    assert title_text(calm_snapshot, UNICODE, lost=True) == "✖ demo: no answer"
    assert title_text(None, UNICODE, lost=False) == "hotspare"
    named = replace(calm_snapshot, instance=replace(calm_snapshot.instance, name="\x1b]0;x\x07"))
    assert not {"\x1b", "\x07"} & set(title_text(named, UNICODE, lost=False))
