"""A model that goes on with a stream which broke off: what it is asked, and what of its answer is news."""

import asyncio

import pytest

from hotspare.dialects import openai_chat
from hotspare.dialects.adaptation import Adaptation
from hotspare.dialects.begun import Begun
from hotspare.router.trigger import AttemptFailed, Trigger

BEGUN = Begun("Hello wor", id="c1", model="m", created=1)
TAKES_IT = {"adaptation": Adaptation(prefills=True)}
PING = b": ping\n\n"


async def text_of(answer) -> str:
    try:
        return openai_chat.text_of_piece(b"".join([piece async for piece in answer.pieces()]))
    finally:
        await answer.aclose()


async def failure_of(carry, **options) -> AttemptFailed:
    with pytest.raises(AttemptFailed) as caught:
        await carry(stream=True, begun=BEGUN, **options)
    return caught.value


@pytest.fixture
def says(sse):
    """A behaviour: a stream of these texts (bytes go as they are, a number is a pause), and its end."""

    def says(*texts, finish="stop"):
        async def serve(x):
            await x.begin_stream()
            for text in texts:
                if isinstance(text, float):
                    await asyncio.sleep(text)
                else:
                    await x.chunk(text if isinstance(text, bytes) else sse({"content": text}))
            if finish:
                await x.chunk(sse({}, finish))
                await x.end_stream()
            else:
                await x.until_closed()

        return serve

    return says


async def test_a_model_is_asked_again_and_only_what_follows_is_told(provider, carry, says):
    provider.does(says("Hel", "lo w", "orld", "!"))
    answer = await carry(stream=True, begun=BEGUN)
    assert await text_of(answer) == "ld!"
    assert [message["role"] for message in provider.seen[0].json["messages"]] == ["user"]
    assert answer.usage is None


MESSAGE = (
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"ld!"}}\n\n',
    b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}\n\n',
    b'data: {"type":"message_stop"}\n\n',
)
AGAIN = MESSAGE[0].replace(b"ld!", b"Hello world!")


async def goes_on(x):
    """As the model of a message does: from the beginning that it is given, if it is given one."""
    given = x.json["messages"][-1]["role"] == "assistant"
    await x.begin_stream()
    await x.chunk(MESSAGE[0] if given else AGAIN, *MESSAGE[1:])
    await x.end_stream()


async def refuses(x):
    if x.json["messages"][-1]["role"] == "assistant":
        await x.answer(b'{"type":"error","error":{"message":"no beginnings"}}', status=400)
    else:
        await goes_on(x)


async def minds_the_rest(x):
    await x.answer(b'{"type":"error","error":{"message":"no"}}', status=400)


async def breaks_down(x):
    status = 400 if x.json["messages"][-1]["role"] == "assistant" else 500
    await x.answer(b'{"type":"error","error":{"message":"no"}}', status=status)


def roles(provider):
    return [x.json["messages"][-1]["role"] for x in provider.seen]


async def test_one_that_takes_it_is_given_the_beginning(provider, carry):
    provider.does(goes_on)
    for _ in range(2):
        answer = await carry(stream=True, dialect="anthropic", begun=BEGUN, endpoint=TAKES_IT)
        assert await text_of(answer) == "ld!"
    assert roles(provider) == ["assistant"] * 2
    assert provider.seen[0].json["messages"][-1]["content"] == "Hello wor"


async def test_one_that_refuses_the_beginning_is_asked_without_at_once_and_from_then_on_only_so(provider, carry):
    provider.does(refuses)
    for _ in range(2):
        answer = await carry(stream=True, dialect="anthropic", begun=BEGUN, endpoint=TAKES_IT)
        assert await text_of(answer) == "ld!"
    assert roles(provider) == ["assistant", "user", "user"]


@pytest.mark.parametrize(
    ("behaviour", "statuses", "asked"),
    [
        (minds_the_rest, [400, 400], ["assistant", "user"] * 2),
        (breaks_down, [500, 500], ["assistant", "user", "user"]),
    ],
)
async def test_it_is_known_to_refuse_the_beginning_only_if_that_was_what_it_minded(
    provider, carry, behaviour, statuses, asked
):
    provider.does(behaviour)
    for status in statuses:
        assert (await failure_of(carry, dialect="anthropic", endpoint=TAKES_IT)).status == status
    assert roles(provider) == asked


@pytest.mark.parametrize(("dialect", "endpoint", "status"), [("anthropic", TAKES_IT, 500), ("openai", {}, 400)])
async def test_what_fails_otherwise_is_not_asked_again(provider, carry, dialect, endpoint, status):
    provider.does(lambda x: x.answer(b'{"error":{"message":"no"}}', status=status))
    assert (await failure_of(carry, dialect=dialect, endpoint=endpoint)).status == status
    assert len(provider.seen) == 1


async def test_one_that_answers_otherwise_does_not_go_on(provider, carry, says):
    provider.does(says("Hel", "p"))
    failure = await failure_of(carry)
    assert (failure.trigger, failure.message) == (
        Trigger.invalid_output, "it answers otherwise: only 3 of 9 characters are as they were sent"
    )  # fmt: skip
    assert failure.said_bytes == 3


async def test_an_answer_that_ends_before_it_has_said_all_does_not_go_on(provider, carry, says):
    provider.does(says("Hel"))
    assert (await failure_of(carry)).trigger is Trigger.invalid_output


@pytest.mark.parametrize("breaks", ["says nothing", "pings"])
async def test_the_first_word_has_the_time_of_a_first_content(provider, carry, says, breaks):
    provider.does(says(*[0.02, PING] * 100, finish=None) if breaks == "pings" else says(finish=None))
    failure = await failure_of(carry, first_content_seconds=0.2, silence_seconds=9.0)
    assert (failure.trigger, failure.message) == (Trigger.timeout, "no token in 0.2 s")


async def test_what_is_said_again_may_take_longer_than_a_first_content(provider, carry, says):
    provider.does(says("Hel", 0.8, "lo world"))
    answer = await carry(stream=True, begun=BEGUN, first_content_seconds=0.6, silence_seconds=4.0)
    assert await text_of(answer) == "ld"


async def test_whoever_falls_silent_while_it_says_it_again_has_stalled(provider, carry, says):
    provider.does(says("Hel", finish=None))
    failure = await failure_of(carry, first_content_seconds=9.0, silence_seconds=0.2)
    assert (failure.trigger, failure.message) == (
        Trigger.stream_stall, "nothing for 0.2 s while it said again what was sent"
    )  # fmt: skip
    assert (failure.status, failure.said_bytes) == (200, 3)


async def test_nor_does_it_go_on_for_ever_without_a_word(provider, carry, says):
    empty = b'data: {"choices":[{"index":0,"delta":{"content":""}}]}\n\n'
    provider.does(says("Hel", *[0.01, empty] * 300, finish=None))
    async with asyncio.timeout(5):
        failure = await failure_of(carry, first_content_seconds=9.0, silence_seconds=0.05)
    assert failure.trigger is Trigger.stream_stall


async def test_a_cut_while_it_says_it_again_is_one_of_the_stream(provider, carry, sse):
    async def serve(x):
        await x.begin_stream()
        await x.chunk(sse({"content": "Hel"}))
        x.writer.close()

    provider.does(serve)
    failure = await failure_of(carry)
    assert (failure.trigger, failure.said_bytes) == (Trigger.stream_cut, 3)


async def test_an_error_in_place_of_going_on_keeps_its_status(provider, carry):
    provider.does(lambda x: x.answer(b'{"error": {"message": "busy"}}', status=503))
    failure = await failure_of(carry)
    assert (failure.trigger, failure.status, failure.message) == (Trigger.overloaded, 503, "busy")
