"""To count a prompt's tokens a guess is better than an error, unless the error is the caller's own."""

import msgspec
import pytest

from hotspare.dialects import anthropic_messages

pytestmark = pytest.mark.looptime


@pytest.fixture
def count(make_bench, plays):
    async def run(trigger, status):
        bench = make_bench()
        bench.script(**dict.fromkeys(("claude", "gpt", "haiku"), plays.failing(trigger, status)))
        asked = {"model": "main", "messages": [{"role": "user", "content": "hi"}]}
        call = anthropic_messages.read_count_request(msgspec.json.encode(asked), {})
        delivery = bench.delivery()
        await bench.engine.serve(bench.engine.admit(call, caller="shop", kind="probe"), call, delivery)
        return delivery.told, delivery.fail, bench.record

    return run


async def test_a_guess_in_place_of_an_error_is_an_answer(count):
    told, fail, record = await count("server_error", 500)
    assert (told.source, told.notice, told.notice_text) == ("estimate", "", "")
    assert not fail.relay
    assert (record.verdict, record.status, record.source, record.ended_by) == ("answered", 200, "estimate", "estimate")


async def test_the_caller_s_own_mistake_is_told(count):
    told, fail, record = await count("bad_request", 400)
    assert (told.source, told.notice) == ("model", "")
    assert fail.relay
    assert (record.verdict, record.status, record.source) == ("caller_fault", 400, "model")
