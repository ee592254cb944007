"""Streams that are held until they are whole: whatever goes wrong up to the last byte, the caller sees none of it."""

import asyncio

import pytest

from hotspare.router.settings import Chain, Limits
from hotspare.router.trigger import AttemptFailed, Trigger, Usage
from hotspare.router.walk import Walk

pytestmark = pytest.mark.looptime

MEGABYTE = b"x" * (1 << 20)


@pytest.fixture
def bench(make_bench):
    return make_bench(stream_delivery="whole")


def broken(trigger, **told):
    return AttemptFailed(Trigger(trigger), "told so", **told)


async def test_an_answer_goes_out_when_all_of_it_is_there_and_its_tail_after_the_record(bench, plays):
    bench.script(claude=plays.stream(b"one ", b"two "))
    delivery = await bench.serve(streamed=True)
    assert bench.diary == ["call claude#1", "closed claude#1", "begin", "piece", "record", "end"]
    assert delivery.text == b"one two data: [DONE]\n\n"
    assert (delivery.told.model, delivery.told.fallback, delivery.told.attempts) == ("claude", False, 1)
    assert (bench.record.verdict, bench.record.output_tokens) == ("answered", 5)
    assert bench.nothing_is_held()


@pytest.mark.parametrize(
    ("failure", "trigger"),
    [
        (broken("stream_cut"), "stream_cut"),
        (broken("stream_stall"), "stream_stall"),
        (broken("server_error", status=500), "server_error"),
        (broken("malformed"), "malformed"),
        (KeyError("bug"), "unclassified"),
    ],
)
async def test_what_breaks_late_falls_back_unseen(bench, plays, failure, trigger):
    bench.script(claude=plays.stream(b"half ", failure, seconds_between=1), gpt=plays.stream(b"whole "))
    delivery = await bench.serve(streamed=True)
    assert delivery.text == b"whole data: [DONE]\n\n"
    assert (delivery.told.model, delivery.told.fallback, delivery.told.attempts) == ("gpt", True, 2)
    assert bench.diary.count("begin") == 1
    assert (bench.record.verdict, bench.record.reason) == ("answered", trigger)
    assert bench.nothing_is_held()


async def test_a_late_break_is_retried_where_its_trigger_is(make_bench, plays):
    bench = make_bench(limits=Limits(retries=1), stream_delivery="whole")
    bench.script(claude=[plays.stream(b"half ", broken("overloaded", status=503)), plays.stream(b"whole ")])
    delivery = await bench.serve(streamed=True)
    assert delivery.text == b"whole data: [DONE]\n\n"
    assert [attempt.model for attempt in bench.record.attempts] == ["claude", "claude"]
    assert bench.record.fallback is False
    assert bench.record.first_content_ms == bench.record.attempts[1].first_content_ms


async def test_a_broken_attempt_keeps_what_the_provider_said_of_itself(bench, plays):
    bench.script(claude=plays.stream(b"half ", broken("stream_cut"), seconds=1, seconds_between=2))
    await bench.serve(streamed=True)
    attempt = bench.record.attempts[0]
    assert (attempt.status, attempt.provider_request_id, attempt.output_tokens) == (200, "provider-1", 5)
    assert attempt.cost_pico_usd == 10 * 1_000_000 + 5 * 5_000_000
    assert attempt.first_content_ms == pytest.approx(1000, abs=5)
    assert attempt.ended_ms == pytest.approx(5000, abs=5)


@pytest.mark.parametrize("delivery", ["live", "whole"])
@pytest.mark.parametrize(("skipped", "told"), [(1, "1 unreadable event left out"), (3, "3 unreadable events left out")])
async def test_events_that_were_left_out_are_told_in_the_record(make_bench, plays, delivery, skipped, told):
    bench = make_bench(stream_delivery=delivery)
    bench.script(claude=plays.stream(b"a", b"b", skipped_events=skipped))
    await bench.serve(streamed=True)
    [attempt] = bench.record.attempts
    assert (attempt.trigger, attempt.message) == (None, told)


async def test_what_the_failure_itself_says_goes_before(bench, plays):
    failure = broken("overloaded", status=529, provider_request_id="their own", usage=Usage(1, 1))
    bench.script(claude=plays.stream(b"half ", failure))
    await bench.serve(streamed=True)
    attempt = bench.record.attempts[0]
    assert (attempt.status, attempt.provider_request_id, attempt.output_tokens) == (529, "their own", 1)


async def test_content_that_was_held_and_lost_may_be_billed(bench, plays):
    failure = broken("server_error")
    bench.script(claude=plays.stream(b"half ", failure, usage=None, said_bytes=41))
    await bench.serve(streamed=True)
    [attempt, _] = bench.record.attempts
    assert (attempt.estimated, attempt.output_tokens) == (True, 11)
    assert attempt.cost_pico_usd == attempt.input_tokens * 1_000_000 + 11 * 5_000_000


async def test_the_record_tells_when_the_provider_began_to_answer(bench, plays):
    bench.script(claude=plays.stream(b"a", b"b", seconds=1, seconds_between=1.5))
    await bench.serve(streamed=True)
    assert bench.record.first_content_ms == pytest.approx(1000, abs=5)
    assert bench.record.duration_ms == pytest.approx(4000, abs=5)


async def test_a_stream_too_large_to_hold_is_a_failed_attempt_and_ends_at_once(bench, plays):
    bench.script(claude=plays.stream(*[MEGABYTE] * 40, seconds_between=0.1), gpt=plays.stream(*[MEGABYTE] * 16))
    delivery = await bench.serve(streamed=True)
    [first, second] = bench.record.attempts
    assert (first.trigger, second.trigger) == ("malformed", None)
    assert "16 MB" in first.message
    assert first.ended_ms < 1_800
    assert len(delivery.text) == 16 * len(MEGABYTE) + len(b"data: [DONE]\n\n")


async def test_the_pieces_go_out_in_order_one_after_the_other(bench, plays):
    pieces = [b"%07d" % number * 1000 for number in range(100)]
    bench.script(claude=plays.stream(*pieces))
    delivery = await bench.serve(streamed=True)
    assert delivery.text == b"".join(pieces) + b"data: [DONE]\n\n"
    assert 8 <= bench.diary.count("piece") <= 12


# ------------------------------------------------------------ signs of life
async def test_a_long_answer_is_waited_for_with_signs_of_life(bench, plays):
    bench.script(claude=plays.stream(b"a", b"b", seconds_between=6.5))
    delivery = await bench.serve(streamed=True)
    assert bench.diary == [
        "call claude#1", "begin early", "keep alive", "keep alive", "closed claude#1", "piece", "record", "end",
    ]  # fmt: skip
    assert delivery.signs == pytest.approx([5.0, 5.0, 10.0], abs=0.01)
    assert delivery.text == b"abdata: [DONE]\n\n"


async def test_signs_of_life_go_on_over_attempts_and_the_pauses_between(make_bench, plays):
    limits = Limits(retries=1, retry_delay_seconds=60.0, retry_delay_cap_seconds=60.0)
    bench = make_bench(limits=limits, stream_delivery="whole")
    bench.script(
        claude=[plays.failing("overloaded", 503, seconds=4), plays.stream(b"a", broken("stream_cut"), seconds=8)],
        gpt=plays.stream(b"b", seconds=8),
    )
    delivery = await bench.serve(streamed=True)
    assert bench.diary.count("begin early") == 1
    expected = int(bench.record.duration_ms // 5000)
    assert expected >= 4
    assert bench.diary.count("keep alive") == expected
    assert delivery.text == b"bdata: [DONE]\n\n"


async def test_the_first_sign_goes_out_inside_the_deadline(make_bench, plays):
    bench = make_bench(stream_delivery="whole", deadline_seconds=2.0)
    bench.script(claude=plays.stream(b"a", b"b", seconds_between=3))
    delivery = await bench.serve(streamed=True)
    assert delivery.signs == pytest.approx([2.0, 2.0], abs=0.01)
    assert bench.record.verdict == "answered"


async def test_how_often_is_the_engines_to_say(bench, plays):
    bench.engine._keep_alive_seconds = 0.5
    bench.script(claude=plays.stream(b"a", seconds=1.7))
    delivery = await bench.serve(streamed=True)
    assert delivery.signs == pytest.approx([0.5, 0.5, 1.0, 1.5], abs=0.01)


async def test_when_all_fail_before_anything_went_out_the_error_is_a_plain_one(bench, plays):
    cut = plays.stream(b"a", broken("stream_cut"))
    bench.script(claude=cut, gpt=cut, haiku=cut)
    delivery = await bench.serve(streamed=True)
    assert bench.diary[-1] == "error"
    assert "begin" not in bench.diary
    assert (delivery.fail.status, delivery.fail.code) == (503, "all_models_failed")


async def test_when_all_fail_after_a_sign_of_life_the_error_ends_the_stream(bench, plays):
    cut = plays.stream(b"a", broken("stream_cut"), seconds_between=2)
    bench.script(claude=cut, gpt=cut, haiku=cut)
    delivery = await bench.serve(streamed=True)
    assert bench.diary[-2:] == ["record", "broken"]
    assert delivery.fail.code == "all_models_failed"
    assert delivery.text == b""
    assert bench.record.verdict == "failed"


async def test_a_late_break_after_the_deadline_ends_the_request(make_bench, plays):
    chain = Chain(
        "main", ("claude", "gpt"), dict.fromkeys(("claude", "gpt"), Limits()), deadline_seconds=3.0,
        stream_delivery="whole",
    )  # fmt: skip
    bench = make_bench(chain=chain)
    bench.script(claude=plays.stream(b"a", broken("stream_cut"), seconds_between=2))
    delivery = await bench.serve(streamed=True)
    assert delivery.fail.code == "deadline_exceeded"
    assert [model for model, _ in bench.carrier.calls] == ["claude"]


# ------------------------------------------------------------ the caller
async def test_a_slow_reader_holds_no_models_place(bench, plays):
    delivery = bench.delivery()
    taken = []

    async def piece(data):
        await asyncio.sleep(5)
        taken.append((data, bench.router.states["claude"].in_flight))

    delivery.piece = piece
    bench.script(claude=plays.stream(b"a" * 70_000, b"b" * 70_000))
    await bench.serve(streamed=True, delivery=delivery)
    assert [(data[:1], in_flight) for data, in_flight in taken] == [(b"a", 0), (b"b", 0)]
    assert bench.diary[-2:] == ["record", "end"]
    assert bench.record.duration_ms > 10_000
    assert bench.record.attempts[0].ended_ms < 1_000


@pytest.mark.parametrize("after_seconds", [0.5, 3, 7])
async def test_leaving_stops_the_call_at_once(bench, plays, after_seconds):
    bench.script(claude=plays.stream(b"a", b"b", seconds=2, seconds_between=30))
    serving = asyncio.create_task(bench.serve(streamed=True))
    await asyncio.sleep(after_seconds)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert bench.record.verdict == "caller_left"
    assert bench.record.duration_ms == pytest.approx(after_seconds * 1000, abs=5)
    assert bench.nothing_is_held()
    [attempt] = bench.record.attempts
    told = (10, 5, False) if after_seconds > 2 else (attempt.input_tokens, 0, True)
    assert (attempt.input_tokens, attempt.output_tokens, attempt.estimated) == told, "what was held is known"


async def test_leaving_in_the_middle_of_a_whole_answer_is_a_departure_with_its_cost(bench, plays):
    bench.script(claude=plays.stream(b"a" * 70_000, b"b"))
    await bench.serve(streamed=True, delivery=bench.delivery(dies_at="piece"))
    assert (bench.record.verdict, bench.record.model) == ("caller_left", None)
    assert bench.record.output_tokens == 5
    assert bench.nothing_is_held()


@pytest.mark.parametrize("moment", ["begin early", "keep alive"])
async def test_a_socket_that_dies_at_a_sign_of_life_is_a_departure(bench, plays, moment):
    bench.script(claude=plays.stream(b"a", seconds=60))
    await bench.serve(streamed=True, delivery=bench.delivery(dies_at=moment))
    assert bench.record.verdict == "caller_left"
    assert bench.record.duration_ms == pytest.approx(5000, abs=5)
    assert bench.nothing_is_held()


async def test_a_caller_that_takes_no_sign_of_life_does_not_hold_up_the_attempts(bench, plays):
    delivery = bench.delivery()

    async def keep_alive():
        await asyncio.sleep(60)

    delivery.keep_alive = keep_alive
    bench.script(claude=plays.stream(b"a", broken("stream_cut"), seconds=6), gpt=plays.stream(b"b"))
    await bench.serve(streamed=True, delivery=delivery)
    assert bench.record.attempts[1].ended_ms < 7_000
    assert delivery.text == b"bdata: [DONE]\n\n"


# ------------------------------------------------------------ others
async def test_the_first_whole_answer_wins_a_race(bench, plays):
    bench.plan(lanes=3)
    bench.script(
        claude=plays.stream(b"early ", b"late", seconds=1, seconds_between=9),
        gpt=plays.stream(b"g", seconds=3),
        haiku=plays.stream(b"h", broken("stream_cut"), seconds=1),
    )
    delivery = await bench.serve(streamed=True)
    assert delivery.text == b"gdata: [DONE]\n\n"
    assert delivery.told.model == "gpt"
    [loser] = [attempt for attempt in bench.record.attempts if attempt.model == "claude"]
    assert loser.cancelled
    assert loser.first_content_ms == pytest.approx(1000, abs=5)
    assert bench.nothing_is_held()


async def test_an_answer_that_is_not_streamed_is_as_in_any_chain(bench):
    loop = asyncio.get_running_loop()
    made = []
    loop.set_task_factory(lambda loop, work, **options: made.append(work) or asyncio.Task(work, loop=loop, **options))
    try:
        await bench.serve()
    finally:
        loop.set_task_factory(None)
    assert made == []
    assert bench.diary == ["call claude#1", "closed claude#1", "record", "whole"]


async def test_a_carrier_that_answers_a_stream_with_a_body_has_it_passed_on(bench, plays):
    bench.script(claude=plays.Play())
    delivery = await bench.serve(streamed=True)
    assert bench.diary == ["call claude#1", "closed claude#1", "record", "whole"]
    assert delivery.told.model == "claude"


async def test_a_bug_in_the_walk_is_raised_to_the_server(bench, plays, monkeypatch):
    bench.script(claude=plays.stream(b"a"))
    step_on = Walk.next

    def told(walk, event, now):
        if type(event).__name__ == "FirstContent":
            raise LookupError("bug")
        return step_on(walk, event, now)

    monkeypatch.setattr(Walk, "next", told)
    with pytest.raises(LookupError):
        await bench.serve(streamed=True)
