"""A stream that breaks off after content: given up, or gone on with by the next model."""

import msgspec
import pytest

from hotspare.router.trigger import AttemptFailed, Trigger, Usage

pytestmark = pytest.mark.looptime


def chunk(text):
    return b"data: " + msgspec.json.encode({"choices": [{"index": 0, "delta": {"content": text}}]}) + b"\n\n"


def cut(**told):
    return AttemptFailed(Trigger.stream_cut, "cut", **told)


@pytest.fixture
def asked(monkeypatch):
    """What each model of a bench was asked to go on with, in the order of the calls."""

    def watch(bench):
        begun, carry = [], bench.carrier.call

        async def call(attempt, ask, call):
            begun.append((attempt.model, call.begun))
            return await carry(attempt, ask, call)

        monkeypatch.setattr(bench.carrier, "call", call)
        return begun

    return watch


async def test_the_next_model_is_told_what_the_caller_has_and_what_that_took(make_bench, plays, asked):
    bench = make_bench(on_stream_break="continue")
    begun = asked(bench)
    bench.script(claude=plays.stream(chunk("Hel"), chunk("lo"), cut()), gpt=plays.stream(chunk(" world")))
    delivery = await bench.serve(streamed=True)
    [(_, none), (model, known)] = begun
    assert (none, model, known.text, known.usage) == (None, "gpt", "Hello", Usage(input=10, output=5))
    assert delivery.text == chunk("Hel") + chunk("lo") + chunk(" world") + b"data: [DONE]\n\n"
    assert bench.diary[-2:] == ["record", "end"]
    assert bench.diary.count("begin") == 1
    assert (bench.record.verdict, bench.record.fallback) == ("answered", True)
    assert bench.nothing_is_held()


async def test_what_all_models_before_have_used_is_told_together(make_bench, plays, asked):
    bench = make_bench(on_stream_break="continue")
    begun = asked(bench)
    bench.script(
        claude=plays.stream(chunk("one "), cut()),
        gpt=plays.stream(chunk("two "), cut(), usage=Usage(20, 7)),
        haiku=plays.stream(chunk("three")),
    )
    await bench.serve(streamed=True)
    assert [(model, known and known.text) for model, known in begun] == [
        ("claude", None), ("gpt", "one "), ("haiku", "one two ")
    ]  # fmt: skip
    assert begun[2][1].usage == Usage(input=30, output=12)


@pytest.mark.parametrize(
    ("on_stream_break", "pieces"),
    [
        ("error", (chunk("Hello"),)),
        ("continue", (b"data: {\n\n",)),
        ("continue", (b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}\n\n',)),
    ],
)
async def test_what_may_not_or_cannot_be_gone_on_with_ends_in_an_error(
    make_bench, plays, asked, on_stream_break, pieces
):
    bench = make_bench(on_stream_break=on_stream_break)
    begun = asked(bench)
    bench.script(claude=plays.stream(*pieces, cut()))
    await bench.serve(streamed=True)
    assert [model for model, _ in begun] == ["claude"]
    assert bench.diary[-2:] == ["record", "broken"]
    assert (bench.record.verdict, bench.record.reason) == ("failed", "stream_cut")


async def test_a_stream_that_is_whole_is_not_read_again(make_bench, plays, monkeypatch):
    monkeypatch.setattr("hotspare.engine.passage.begun_of", None)
    bench = make_bench(on_stream_break="continue")
    bench.script(claude=plays.stream(chunk("Hello")))
    await bench.serve(streamed=True)
    assert bench.record.verdict == "answered"
