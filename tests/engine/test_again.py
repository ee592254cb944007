"""A request of the past, sent once more: as it was, or not at all."""

import json
from dataclasses import replace

import pytest

from hotspare.engine.again import NotKept, call_of, kept_request
from hotspare.engine.backend import Prompt
from hotspare.engine.local import LocalBackend
from hotspare.router.snapshot import Instance

CHAT = {"model": "main", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.1, "stream": True}
MESSAGES = {"model": "main", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
INSTANCE = Instance("demo", "127.0.0.1:4000", 1, 0.0, "0.1.0")


def row(body=CHAT, **given):
    return {
        "id": "r0001", "at": 0.0, "chain": "main", "asked": "main", "caller": "shop", "dialect": "openai",
        "input_tokens": 10, "cost_usd": 0.1, "request": json.dumps(body), "content": True, "redacted": False, **given,
    }  # fmt: skip


class KeptHistory:
    def __init__(self, *rows):
        self.rows = list(rows)

    async def query(self, name, parameters):
        assert (name, parameters) == ("kept", {"id": "r0001"})
        return self.rows


def chunk(text):
    return b'data: {"choices":[{"delta":{"content":"' + text + b'"}}]}\n\n'


def delta(text):
    return b'event: x\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"' + text + b'"}}\n\n'


async def follow(bench, *rows, instance=INSTANCE):
    backend = LocalBackend(bench.engine, history=KeptHistory(*rows), instance=instance)
    return [event async for event in backend.send_prompt(Prompt("", again="r0001"))]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no request r0001"),
        ([row(content=False, request=None)], "not kept"),
        ([row(request=None)], "too long"),
        ([row(redacted=True)], "taken out"),
    ],
)
def test_what_was_not_kept_as_it_was_is_not_sent(rows, said):
    with pytest.raises(NotKept, match=said):
        kept_request(rows, "r0001")


@pytest.mark.parametrize(
    ("given", "kind", "operation"),
    [
        (row(), "chat", "chat"),
        (row(MESSAGES, dialect="anthropic"), "chat", "chat"),
        (row({"model": "main", "input": "hi"}), "embeddings", "embeddings"),
    ],
)
def test_it_is_read_as_its_callers_was(given, kind, operation):
    call = call_of(given, kind)
    assert (call.dialect, call.operation, call.model) == (given["dialect"], operation, "main")
    assert {name: json.loads(bytes(raw)) for name, raw in call.fields.items()} == json.loads(given["request"])


def test_what_cannot_be_read_any_more_is_not_sent():
    with pytest.raises(NotKept, match="cannot be read"):
        call_of(row({"model": "main"}), "chat")
    with pytest.raises(NotKept, match="no request that could be sent"):
        call_of(row(dialect="anthropic"), "embeddings")


@pytest.mark.looptime
async def test_it_goes_out_as_it_was_and_counts_as_a_test(bench, plays):
    bench.script(claude=plays.stream(chunk(b"hel"), chunk(b"lo")))
    events = await follow(bench, row())
    assert [event.text for event in events if event.kind == "text"] == ["hel", "lo"]
    assert (bench.record.kind, bench.record.asked, bench.record.chain) == ("test", "main", "main")


@pytest.mark.looptime
async def test_an_answer_in_the_other_dialect_is_read_too(bench, plays):
    bench.script(claude=plays.stream(delta(b"so"), delta(b"!")))
    events = await follow(bench, row({**MESSAGES, "stream": True}, dialect="anthropic"))
    assert "".join(event.text for event in events if event.kind == "text") == "so!"


@pytest.mark.looptime
async def test_nothing_is_sent_where_it_was_not_kept_or_nothing_may_be_done(bench):
    [event] = await follow(bench, row(content=False, request=None))
    assert event.kind == "error"
    assert "not kept" in event.text
    [event] = await follow(bench, row(), instance=replace(INSTANCE, read_only=True))
    assert "read-only" in event.text


async def test_what_the_store_refuses_is_told_and_nothing_is_sent(make_bench):
    class Refusing:
        async def query(self, name, parameters):
            raise ValueError("no such request can be looked for")

    bench = make_bench()
    backend = LocalBackend(bench.engine, history=Refusing(), instance=INSTANCE)
    [event] = [event async for event in backend.send_prompt(Prompt("", again="r0001"))]
    assert (event.kind, event.text) == ("error", "no such request can be looked for")
    assert bench.carrier.calls == []
