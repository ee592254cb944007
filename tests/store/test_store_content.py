"""Prompts and answers: kept only where that was chosen, redacted, for a time of their own."""

import json
import sqlite3
from contextlib import closing

import msgspec
import pytest

from hotspare.dialects.call import Call
from hotspare.store import contents
from hotspare.store.contents import ContentRules
from hotspare.store.retention import Keeping

DAY = 86_400.0


def chat(*messages, **more):
    fields = {"messages": list(messages), **more}
    raw = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in fields.items()}
    return Call("openai", "chat", raw, "main", size_bytes=1000)


def said(text):
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def event(text):
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


ASKED = chat(
    {"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "Why?"}]}
)


async def explained(store, name):
    [row] = await store.query("explain", {"id": name})
    return row["prompt"], row["answer"]


async def test_nothing_is_kept_unless_it_was_chosen(opened, make_record, noon, tmp_path):
    async with opened() as store:
        store.append(make_record())
        store.content("r0001", noon, ASKED, said("Because."), ())
        assert await explained(store, "r0001") == (None, None)
        assert store.view().content is False
    assert b"Because" not in (tmp_path / "hotspare.db").read_bytes()


async def test_words_are_kept_of_whole_answers_and_of_streams(opened, make_record, noon, tmp_path):
    async with opened(content=ContentRules()) as store:
        assert store.view().content is True
        store.append(make_record())
        store.content("r0001", noon, ASKED, said("Because."), ())
        store.append(make_record(id="r0002"))
        anthropic = b'event: content_block_delta\ndata: {"type":"x","delta":{"type":"text_delta","text":"So"}}\n\n'
        store.content(
            "r0002", noon, chat({"role": "user", "content": "Go"}, system="Hm"), None, (event("A"), event("B"))
        )
        store.append(make_record(id="r0003"))
        store.content("r0003", noon, chat(), None, (anthropic[:30], anthropic[30:], b"data: [DONE]\n\n"))
        assert await explained(store, "r0001") == ("system: Be brief.\n\nuser: Why?", "Because.")
        assert await explained(store, "r0002") == ("system: Hm\n\nuser: Go", "AB")
        assert await explained(store, "r0003") == ("", "So")
    with closing(sqlite3.connect(tmp_path / "hotspare.db")) as connection:
        [(prompt,)] = connection.execute("SELECT prompt FROM sessions WHERE id = 'r0001'").fetchall()
        assert prompt.endswith("Why?")


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[1]", b'{"choices": 7}', b"[" * 100_000, b"\xff\xfe"])
async def test_what_cannot_be_read_says_nothing(opened, make_record, noon, body):
    call = Call("openai", "chat", {"messages": msgspec.Raw(body)}, "main")
    async with opened(content=ContentRules()) as store:
        store.append(make_record())
        store.content("r0001", noon, call, body, ())
        assert await explained(store, "r0001") == ("", "")
        assert store.view().state == "ok"


SECRETS = (
    "sk-ant-api03-abcdefghijklmnop",
    "ghp_abcdefghijklmnopqrst",
    "AKIAABCDEFGHIJKLMNOP",
    "Bearer abcdefghijklmnopqrstuvwxyz",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
)


async def test_keys_are_never_kept_nor_what_the_patterns_name(opened, make_record, noon, tmp_path):
    text = " then ".join(SECRETS) + " and card 4111-1111 end"
    async with opened(content=ContentRules(redact=(r"\d{4}-\d{4}",))) as store:
        store.append(make_record())
        store.content("r0001", noon, chat({"role": "user", "content": text}), said(text), ())
        kept = " then ".join(["[redacted]"] * len(SECRETS)) + " and card [redacted] end"
        assert await explained(store, "r0001") == (f"user: {kept}", kept)
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (*SECRETS, "4111-1111"):
        assert secret.encode() not in data


async def test_they_go_before_the_requests_do(opened, make_record, noon, tmp_path):
    async with opened(content=ContentRules(keep_days=2)) as store:
        for name, age in (("old", 2.1), ("new", 1.9)):
            store.append(make_record(id=name, at=noon - age * DAY))
            store.content(name, noon - age * DAY, ASKED, said("So."), ())
        await store.flush()
        store.content("later", noon, ASKED, said("So."), ())
        assert await explained(store, "old") == (None, None)
        assert (await explained(store, "new"))[1] == "So."


async def test_what_there_is_no_room_for_is_counted(opened, noon, monkeypatch):
    monkeypatch.setattr(contents, "HELD_BYTES", 3000)
    async with opened(content=ContentRules(), interval_seconds=60) as store:
        for number in range(5):
            store.content(f"r{number}", noon, ASKED, b"x" * 100, ())
        assert store.view().content_dropped == 3
        await store.flush()
        store.content("r9", noon, ASKED, b"x" * 100, ())
        assert store.view().content_dropped == 3


# ------------------------------------------------------------ to be sent again
async def test_a_request_is_kept_whole_so_that_it_can_be_sent_again(opened, make_record, noon):
    call = chat({"role": "user", "content": "Why?"}, model="main", temperature=0.1, tools=[{"type": "x", "n": None}])
    async with opened(content=ContentRules()) as store:
        store.append(make_record())
        store.content("r0001", noon, call, said("Because."), ())
        [row] = await store.query("kept", {"id": "r00"})
    assert (row["id"], row["chain"], row["content"], row["redacted"]) == ("r0001", "main", True, False)
    assert json.loads(row["request"]) == {
        "messages": [{"role": "user", "content": "Why?"}],
        "model": "main",
        "temperature": 0.1,
        "tools": [{"type": "x", "n": None}],
    }


async def test_what_was_taken_out_of_a_request_is_said(opened, make_record, noon):
    async with opened(content=ContentRules()) as store:
        store.append(make_record())
        store.content("r0001", noon, chat({"role": "user", "content": f"my key: {SECRETS[0]}"}), said("No."), ())
        [row] = await store.query("kept", {"id": "r0001"})
    assert row["redacted"] is True
    assert SECRETS[0] not in row["request"]


async def test_of_a_request_that_is_too_long_only_words_are_kept(opened, make_record, noon):
    call = chat({"role": "user", "content": "Why?"})
    call.size_bytes = contents.KEPT_CHARACTERS + 1
    async with opened(content=ContentRules()) as store:
        store.append(make_record())
        store.content("r0001", noon, call, said("So."), ())
        [row] = await store.query("kept", {"id": "r0001"})
    assert (row["content"], row["request"]) == (True, None)


async def test_nothing_is_to_be_sent_again_where_nothing_was_kept(opened, make_record):
    async with opened() as store:
        store.append(make_record())
        [row] = await store.query("kept", {"id": "r0001"})
        assert (row["content"], row["request"]) == (False, None)
        assert await store.query("kept", {"id": "none"}) == []


async def test_what_is_too_old_goes_without_traffic_and_when_it_is_chosen_no_longer(
    opened, make_record, noon, fake_wall
):
    async with opened(content=ContentRules(keep_days=2)) as store:
        store.append(make_record())
        store.content("r0001", noon, ASKED, said("Because."), ())
        assert (await explained(store, "r0001"))[1] == "Because."
    async with opened(keeping=Keeping(content_days=2)) as store:
        assert (await explained(store, "r0001"))[1] == "Because.", "it is not too old yet"
    fake_wall.now = noon + 3 * DAY
    async with opened(keeping=Keeping(content_days=2)) as store:
        await store.flush()
        assert await explained(store, "r0001") == (None, None)


async def test_without_such_a_limit_it_stays(opened, make_record, noon, fake_wall):
    async with opened(content=ContentRules(keep_days=9000)) as store:
        store.append(make_record())
        store.content("r0001", noon, ASKED, said("Because."), ())
    fake_wall.now = noon + 300 * DAY
    async with opened() as store:
        await store.flush()
        assert (await explained(store, "r0001"))[1] == "Because."
