"""The emergency cache over a restart: where prompts and answers may be kept, and only there."""

import json

import pytest

from hotspare.dialects.kept import KeptAnswer
from hotspare.dialects.likeness import Wording
from hotspare.store import answers
from hotspare.store.contents import ContentRules
from hotspare.store.retention import Keeping

DAY = 86_400.0
CANARY = "canary-4711"


def said(text):
    return json.dumps({"choices": [{"message": {"content": text}}]}).encode()


def event(text):
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


@pytest.fixture
def kept(noon):
    def made(key=b"key", *, at=noon, body=None, sent=(), words="Why?"):
        wording = None if words is None else Wording(b"form", words)
        body = said("Because.") if body is None and not sent else body
        return KeptAnswer(key, "main", "claude", at, "application/json", body, sent, b"data: [DONE]\n\n", wording)

    return made


async def all_of(store):
    return [answer async for answer in store.answers()]


async def after_a_restart(opened, *given, **options):
    """What the next run finds of what one was given."""
    options = {"content": ContentRules(), **options}
    async with opened(**options) as store:
        for answer in given:
            store.answer(answer)
        await store.flush()
    async with opened(**options) as store:
        return await all_of(store)


async def test_answers_and_streams_are_found_again_newest_first(opened, kept, noon):
    whole, stream = kept(), kept(b"other", at=noon + 1, sent=(event("a"), event("b")), words=None)
    found = await after_a_restart(opened, whole, stream)
    assert found[1] == whole
    assert (found[0].sent, found[0].body, found[0].tail, found[0].wording) == (
        (event("a") + event("b"),), None, b"data: [DONE]\n\n", None,
    )  # fmt: skip


async def test_the_same_request_has_one_answer(opened, kept, noon):
    [found] = await after_a_restart(opened, kept(), kept(at=noon + 1, body=said("No.")))
    assert found.body == said("No.")


async def test_more_than_one_portion_is_read(opened, kept):
    found = await after_a_restart(opened, *(kept(b"%03d" % i) for i in range(250)))
    assert [answer.likeness for answer in found] == [b"%03d" % i for i in reversed(range(250))]


async def test_without_content_no_byte_of_them_is_on_the_disk(opened, kept, tmp_path):
    async with opened() as store:
        store.answer(kept(body=said(CANARY), words=f"ask {CANARY}"))
        await store.flush()
        for path in tmp_path.rglob("*"):
            assert path.is_dir() or CANARY.encode() not in path.read_bytes(), path
        assert await all_of(store) == []
    async with opened(content=ContentRules()) as store:
        assert await all_of(store) == []


async def test_with_content_it_is_there(opened, kept, tmp_path):
    async with opened(content=ContentRules()) as store:
        store.answer(kept(body=said(CANARY)))
        await store.flush()
        assert any(CANARY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


async def test_when_content_is_no_longer_chosen_they_go(opened, kept):
    assert await after_a_restart(opened, kept()) != []
    async with opened() as store:
        await store.flush()
    assert await after_a_restart(opened) == []


SECRET = "sk-abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    "fields",
    [
        {"body": said(f"It is {SECRET}.")},
        {"sent": (event(SECRET[:9]), event(SECRET[9:]))},
        {"words": f"What is {SECRET}?"},
        {"body": said("the M\u00fcller account")},
        {"body": b"no json"},
    ],
)
async def test_what_must_not_be_kept_keeps_the_answer_out(opened, kept, fields):
    found = await after_a_restart(opened, kept(**fields), kept(b"fine"), content=ContentRules(redact=("M\u00fcller",)))
    assert [answer.likeness for answer in found] == [b"fine"]


async def test_they_go_with_the_prompts_and_answers_of_their_time(opened, kept, noon, fake_wall):
    rules = ContentRules(keep_days=2)
    await after_a_restart(opened, kept(b"old"), kept(b"new", at=noon + DAY), content=rules)
    fake_wall.now = noon + 2.5 * DAY
    assert [answer.likeness for answer in await after_a_restart(opened, content=rules)] == [b"new"]
    await after_a_restart(opened, kept(b"newest", at=noon + 2.5 * DAY), content=rules)
    fake_wall.now = noon
    found = await after_a_restart(opened, content=rules)
    assert [answer.likeness for answer in found] == [b"newest", b"new"], "the old one is gone for good"


@pytest.mark.parametrize(("bound", "value"), [("MOST_ANSWERS", 3), ("MOST_BYTES", 3 * len(said("Because.")))])
async def test_their_number_and_size_are_bounded_the_oldest_first(opened, kept, noon, monkeypatch, bound, value):
    monkeypatch.setattr(answers, bound, value)
    found = await after_a_restart(opened, *(kept(b"%d" % i, at=noon + i) for i in range(5)))
    assert [answer.likeness for answer in found] == [b"4", b"3", b"2"]


async def test_what_there_is_no_room_for_is_not_kept(opened, kept, monkeypatch):
    monkeypatch.setattr(answers, "HELD_BYTES", 2 * len(said("Because.")))
    assert len(await after_a_restart(opened, *(kept(b"%d" % i) for i in range(5)))) == 2


async def test_what_a_request_says_of_waiting_and_of_the_cache_is_kept(opened, make_record):
    record = make_record(source="cache", waited_ms=1500.25, cache_age_seconds=720.5, cache_similarity=0.94)
    async with opened() as store:
        store.append(record)
        store.append(make_record(id="r0002"))
        [told] = await store.query("explain", {"id": record.id})
        plain = (await store.query("explain", {"id": "r0002"}))[0]
        assert (told["waited_ms"], told["cache_age_seconds"], told["cache_similarity"]) == (1500.25, 720.5, 0.94)
        assert (plain["waited_ms"], plain["cache_age_seconds"], plain["cache_similarity"]) == (0.0, None, None)
        assert [found async for found in store.records(0.0) if found.id == record.id] == [record]


async def test_what_is_too_old_goes_without_traffic(opened, kept, noon, fake_wall):
    rules = ContentRules(keep_days=9000)
    await after_a_restart(opened, kept(b"old"), kept(b"new", at=noon + 2 * DAY), content=rules)
    fake_wall.now = noon + 3 * DAY
    found = await after_a_restart(opened, content=rules, keeping=Keeping(content_days=2))
    assert [answer.likeness for answer in found] == [b"new"]
