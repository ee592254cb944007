"""Answers are judged before they go out: what was not asked for falls back, what was repaired is marked."""

import json

import pytest

from hotspare.dialects import anthropic_messages, openai_chat, openai_embeddings
from hotspare.engine.judging import JUDGED_BYTES
from hotspare.router.settings import Chain, Limits
from hotspare.router.trigger import Action, Trigger

pytestmark = pytest.mark.looptime

REFUSAL = "I'm sorry, but I can't assist with that."
LOOP = "and so on " * 400
NEXT = {Trigger.content_filter: Action.next}
GOOD = '{"city": "Paris"}'
FENCED = '```json\n{"city": "Paris",}\n```'
JSON = {"response_format": {"type": "json_object"}}


def whole(text=None, finish="stop", **more):
    message = {"role": "assistant", "content": text} | more
    return json.dumps({"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": finish}]}).encode()


def chunks(*deltas, finish="stop"):
    told = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    told.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    return [b"data: " + json.dumps(one).encode() + b"\n\n" for one in told]


def words(*texts, **more):
    return chunks(*({"content": text} for text in texts), **more)


@pytest.fixture
def serve(make_bench, plays):
    """Serve a request with these fields by claude's answer, then gpt's good one; the bench and the delivery."""

    async def serve(claude, fields=None, *, streamed=False, good=None, told=None, **chain):
        bench = make_bench(**chain)
        plain = plays.stream(*words(GOOD)) if streamed else plays.Play(body=whole(GOOD))
        first = plays.stream(*claude) if streamed else plays.Play(body=claude, **(told or {}))
        bench.script(claude=first, gpt=good or plain)
        body = {"model": "main", "stream": streamed, "messages": [{"role": "user", "content": "?"}]} | (fields or {})
        call = openai_chat.read_request(json.dumps(body).encode(), {})
        ask, delivery = bench.engine.admit(call, caller="shop"), bench.delivery()
        await bench.engine.serve(ask, call, delivery)
        assert bench.nothing_is_held()
        return bench, delivery

    return serve


async def test_what_is_not_json_falls_back_and_is_paid_for(serve):
    bench, delivery = await serve(whole("It is Paris."), JSON)
    assert delivery.text == whole(GOOD)
    assert (delivery.told.model, delivery.told.fallback, delivery.told.repaired) == ("gpt", True, False)
    assert (bench.record.verdict, bench.record.reason) == ("answered", "invalid_output")
    rejected, served = bench.record.attempts
    assert (rejected.trigger, rejected.message) == ("invalid_output", "the answer is not JSON")
    assert (rejected.status, rejected.provider_request_id) == (200, "provider-1")
    assert (rejected.input_tokens, rejected.output_tokens) == (10, 5)
    assert rejected.cost_pico_usd == served.cost_pico_usd == 35_000_000
    assert bench.record.cost_pico_usd == 70_000_000
    assert served.message == ""


async def test_what_a_rejected_answer_used_is_guessed_from_what_it_said(serve):
    bench, _ = await serve(whole("It is Paris."), JSON, told={"usage": None, "said_bytes": 41})
    rejected, served = bench.record.attempts
    assert (rejected.output_tokens, rejected.estimated) == (11, True)
    assert (served.output_tokens, served.estimated) == (5, False)


async def test_a_rejected_answer_says_nothing_of_its_models_health(make_bench, plays):
    bench = make_bench()
    bench.script(claude=plays.Play(body=whole("It is Paris.")), gpt=plays.Play(body=whole(GOOD)))
    body = {"model": "main", "messages": [{"role": "user", "content": "?"}]} | JSON
    for _ in range(5):
        call = openai_chat.read_request(json.dumps(body).encode(), {})
        await bench.engine.serve(bench.engine.admit(call, caller="shop"), call, bench.delivery())
    assert [record.model for record in bench.recorder.records] == ["gpt"] * 5
    assert [record.attempts[0].model for record in bench.recorder.records] == ["claude"] * 5


async def test_an_answer_that_could_be_repaired_is_marked_in_header_and_record(serve):
    bench, delivery = await serve(whole(FENCED), JSON)
    assert json.loads(delivery.text)["choices"][0]["message"]["content"] == '{"city": "Paris"}'
    assert (delivery.told.model, delivery.told.fallback, delivery.told.repaired) == ("claude", False, True)
    [attempt] = bench.record.attempts
    assert attempt.trigger is None
    assert attempt.message == "repaired: code fence and trailing commas left out"
    assert (attempt.output_tokens, attempt.provider_request_id) == (5, "provider-1")


async def test_all_that_was_done_to_an_answer_is_told(serve):
    bench, _ = await serve(whole(FENCED), JSON, told={"skipped_events": 2})
    [attempt] = bench.record.attempts
    assert attempt.message == "2 unreadable events left out; repaired: code fence and trailing commas left out"


@pytest.mark.parametrize(
    ("chain", "serves"),
    [({}, "claude"), ({"repair_output": False}, "gpt"), ({"check_output": False}, "claude")],
)
async def test_the_chain_says_whether_output_is_checked_and_repaired(serve, chain, serves):
    _, delivery = await serve(whole(FENCED), JSON, **chain)
    assert delivery.told.model == serves
    assert delivery.told.repaired is (chain == {})


@pytest.mark.parametrize(
    "answer", [whole(GOOD), whole("It is Paris."), b'{"choices":[{"message":{"content":"a"}}]}', b"[]", b"no json"]
)
async def test_whatever_is_not_repaired_goes_out_byte_for_byte(serve, answer):
    _, delivery = await serve(answer, JSON if answer == whole(GOOD) else None)
    assert delivery.text == answer
    assert delivery.told.model == "claude"


@pytest.mark.parametrize("answer", [b"no json", b"[]"])
async def test_an_answer_that_cannot_be_read_is_not_judged(serve, answer):
    _, delivery = await serve(answer, JSON)
    assert (delivery.text, delivery.told.model) == (answer, "claude")


async def test_when_every_model_fails_the_caller_gets_the_graceful_error(serve, plays):
    bench, delivery = await serve(whole("Paris"), JSON, good=plays.Play(body=whole("Paris")))
    assert (delivery.fail.status, delivery.fail.code) == (503, "all_models_failed")
    assert [attempt.trigger for attempt in bench.record.attempts] == ["invalid_output"] * 3
    assert bench.record.output_tokens == 15


# ------------------------------------------------------------------ refusals and filters
REFUSED = [
    (whole(None, refusal=REFUSAL), "refusal"),
    (whole(REFUSAL), "refusal"),
    (whole("half", "content_filter"), "content_filter"),
    (whole(None, "content_filter"), "content_filter"),
]


@pytest.mark.parametrize(("answer", "trigger"), REFUSED)
@pytest.mark.parametrize("fields", [None, JSON])
async def test_a_refusal_is_served_by_another_model_only_where_the_chain_says_so(serve, answer, trigger, fields):
    bench, delivery = await serve(answer, fields)
    assert (delivery.text, delivery.told.model) == (answer, "claude")
    assert [attempt.trigger for attempt in bench.record.attempts] == [None]
    bench, delivery = await serve(answer, fields, actions=NEXT)
    assert (delivery.text, delivery.told.model) == (whole(GOOD), "gpt")
    assert bench.record.reason == trigger


@pytest.mark.parametrize(
    ("actions", "passed_on", "kept"),
    [
        ({Trigger.refusal: Action.next}, whole(REFUSAL), whole("half", "content_filter")),
        (NEXT | {Trigger.refusal: Action.stop}, whole("half", "content_filter"), whole(REFUSAL)),
    ],
)
async def test_a_chain_may_tell_a_model_s_refusal_from_a_provider_s_filter(serve, actions, passed_on, kept):
    _, delivery = await serve(passed_on, actions=actions)
    assert delivery.told.model == "gpt"
    _, delivery = await serve(kept, actions=actions)
    assert (delivery.text, delivery.told.model) == (kept, "claude")


async def test_words_are_looked_at_only_where_the_chain_says_so(serve):
    _, delivery = await serve(whole(REFUSAL), actions=NEXT, check_refusal=False)
    assert delivery.told.model == "claude"


async def test_a_loop_falls_back_unless_the_chain_leaves_it(serve):
    bench, delivery = await serve(whole(LOOP, "length"))
    assert (delivery.told.model, bench.record.reason) == ("gpt", "loop")
    _, delivery = await serve(whole(LOOP, "length"), check_loop=False)
    assert delivery.told.model == "claude"
    _, delivery = await serve(whole(LOOP))
    assert delivery.told.model == "claude"


# ------------------------------------------------------------------ streams
async def test_a_stream_that_is_held_is_judged_whole(serve):
    bench, delivery = await serve(words("It ", "is Paris."), JSON, streamed=True, stream_delivery="whole")
    assert (delivery.told.model, bench.record.reason) == ("gpt", "invalid_output")
    assert b"is Paris" not in delivery.text
    assert bench.record.attempts[0].output_tokens == 5


@pytest.mark.parametrize(
    ("pieces", "trigger"),
    [
        (words(" ", "\n"), "empty"),
        (chunks({"reasoning_content": "hm"}), "empty"),
        (words(LOOP, finish="length"), "loop"),
        (words(REFUSAL), "refusal"),
        (chunks({"refusal": "I"}, {"refusal": " can't."}), "refusal"),
        (words("half", finish="content_filter"), "content_filter"),
    ],
)
async def test_a_held_stream_is_judged_by_every_rule(serve, pieces, trigger):
    bench, delivery = await serve(pieces, streamed=True, stream_delivery="whole", actions=NEXT)
    assert (delivery.told.model, bench.record.reason) == ("gpt", trigger)


async def test_a_held_stream_is_repaired_into_a_stream(serve):
    bench, delivery = await serve(
        words("```json\n", '{"city": ', '"Paris"}\n', "```"), JSON, streamed=True, stream_delivery="whole"
    )
    assert delivery.told.repaired
    assert openai_chat.text_of_piece(delivery.text) == '{"city": "Paris"}'
    assert delivery.text.endswith(openai_chat.TAIL)
    assert delivery.text.count(b"[DONE]") == 1
    assert bench.record.attempts[0].message == "repaired: code fence left out"


async def test_a_held_stream_that_is_right_goes_out_byte_for_byte(serve):
    pieces = words('{"city": ', '"Paris"}')
    _, delivery = await serve(pieces, JSON, streamed=True, stream_delivery="whole")
    assert delivery.text == b"".join(pieces) + openai_chat.TAIL
    assert delivery.told.repaired is False


async def test_a_held_stream_that_cannot_be_read_is_not_judged(serve):
    _, delivery = await serve([b"data: {\n\n"], JSON, streamed=True, stream_delivery="whole")
    assert delivery.text == b"data: {\n\n" + openai_chat.TAIL


async def test_a_live_stream_is_not_judged_after_its_first_piece(serve):
    pieces = words("I'm sorry, but ", "I can't assist with that.")
    bench, delivery = await serve(pieces, JSON, streamed=True, actions=NEXT)
    assert delivery.text == b"".join(pieces) + openai_chat.TAIL
    assert bench.record.attempts[0].output_tokens == 5


@pytest.mark.parametrize(
    ("first", "trigger"),
    [
        (b"".join(chunks({"refusal": "I can't."})), "refusal"),
        (chunks({"refusal": "I"})[0], "refusal"),
        (b"".join(chunks(finish="content_filter")), "content_filter"),
    ],
)
async def test_a_live_stream_that_begins_as_a_refusal_falls_back_where_the_chain_says_so(serve, first, trigger):
    bench, delivery = await serve([first], streamed=True, actions=NEXT)
    assert (delivery.told.model, bench.record.reason) == ("gpt", trigger)
    assert "closed claude#1" in bench.diary
    _, delivery = await serve([first], streamed=True)
    assert delivery.text == first + openai_chat.TAIL


async def test_a_live_stream_whose_beginning_cannot_be_read_is_not_judged(serve):
    _, delivery = await serve([b"data: {\n\n"], streamed=True, actions=NEXT)
    assert delivery.text == b"data: {\n\n" + openai_chat.TAIL


async def test_reasoning_at_the_beginning_of_a_live_stream_says_nothing_yet(serve):
    pieces = chunks({"reasoning_content": "hm"}, {"content": "Paris"})
    _, delivery = await serve(pieces, streamed=True, actions=NEXT)
    assert delivery.text == b"".join(pieces) + openai_chat.TAIL


# ------------------------------------------------------------------ the other dialect
def message(*blocks, stop="end_turn"):
    return json.dumps({"type": "message", "content": list(blocks), "stop_reason": stop}).encode()


@pytest.mark.parametrize("streamed", [False, True])
async def test_callers_of_anthropic_are_served_alike(make_bench, plays, streamed):
    bench = make_bench(stream_delivery="whole")
    refused = message({"type": "text", "text": "It is sunny."})
    broken = message({"type": "tool_use", "id": "t", "name": "weather", "input": {"town": "Paris"}}, stop="tool_use")
    good = message({"type": "tool_use", "id": "t", "name": "weather", "input": {"city": "Paris"}}, stop="tool_use")

    def play(body):
        return plays.stream(anthropic_messages.events_of_answer(body)) if streamed else plays.Play(body=body)

    bench.script(claude=play(refused), gpt=play(broken), haiku=play(good))
    schema = {"type": "object", "required": ["city"]}
    body = {"model": "main", "max_tokens": 9, "stream": streamed, "messages": [{"role": "user", "content": "?"}]}
    body |= {"tools": [{"name": "weather", "input_schema": schema}], "tool_choice": {"type": "any"}}
    call = anthropic_messages.read_request(json.dumps(body).encode(), {})
    delivery = bench.delivery()
    await bench.engine.serve(bench.engine.admit(call, caller="shop"), call, delivery)
    assert delivery.told.model == "haiku"
    assert [attempt.message for attempt in bench.record.attempts] == [
        "no tool is called, though one had to be",
        "what the tool weather is given does not fit its schema: $ lacks city",
        "",
    ]


async def test_a_chain_of_embeddings_is_not_judged(make_bench, plays):
    chain = Chain("vectors", ("claude",), {"claude": Limits(retries=0)}, kind="embeddings")
    bench = make_bench(chain=chain)
    bench.script(claude=plays.Play(body=b'{"data": []}'))
    call = openai_embeddings.read_request(b'{"model": "vectors", "input": "x"}', {})
    delivery = bench.delivery()
    await bench.engine.serve(bench.engine.admit(call, caller="shop"), call, delivery)
    assert delivery.text == b'{"data": []}'


async def test_a_held_stream_beyond_all_measure_is_not_judged(serve):
    pieces = words(*(["x" * (JUDGED_BYTES // 8)] * 8))
    _, delivery = await serve(pieces, JSON, streamed=True, stream_delivery="whole")
    assert delivery.told.model == "claude"
    assert delivery.text == b"".join(pieces) + openai_chat.TAIL
