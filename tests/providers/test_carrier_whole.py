"""Whole answers: what is served, and how each way to fail is named."""

import asyncio
import gzip
import json
import re
import ssl
import zlib
from pathlib import Path

import pytest

from hotspare.providers import carrier
from hotspare.providers.carrier import ERROR_BYTES
from hotspare.router.trigger import AttemptFailed, Trigger, Usage

SELF_SIGNED = Path(__file__).with_name("self_signed.pem")


async def failure_of(carry, **options) -> AttemptFailed:
    with pytest.raises(AttemptFailed) as caught:
        await carry(**options)
    return caught.value


async def test_an_answer_arrives_byte_for_byte_with_its_usage_and_the_provider_s_id(provider, carry, good_answer):
    provider.does(lambda x: x.answer(good_answer, extra="x-request-id: req_9\r\n"))
    answer = await carry()
    assert answer.body == good_answer
    assert answer.usage == Usage(input=11, output=7, cache_read=3)
    assert (answer.status, answer.content_type, answer.provider_request_id) == (200, "application/json", "req_9")


async def test_where_an_answer_tells_no_usage_it_is_known_how_much_it_says(provider, carry):
    told = {"id": "c", "choices": [{"index": 0, "message": {"content": "nine word"}, "finish_reason": "stop"}]}
    provider.does(lambda x: x.answer(json.dumps(told).encode()))
    answer = await carry()
    assert (answer.usage, answer.said_bytes) == (None, 9)


async def test_the_request_that_goes_up_names_the_provider_s_model_and_key_and_nothing_of_the_caller_s_headers(
    provider, carry, good_answer
):
    provider.does(lambda x: x.answer(good_answer))
    passed = {"cookie": "c", "authorization": "Bearer ours", "openai-beta": "x=1", "x-internal": "no"}
    await carry(headers=passed, endpoint={"headers": {"X-Team": "search"}})
    seen = provider.seen[0]
    assert seen.line.startswith("POST /v1/chat/completions ")
    assert seen.headers["authorization"] == "Bearer sk-test-canary-0123456789abcdef"
    assert (seen.headers["openai-beta"], seen.headers["x-team"]) == ("x=1", "search")
    assert "cookie" not in seen.headers
    assert "x-internal" not in seen.headers
    assert seen.json["model"] == "upstream-model"


async def test_an_anthropic_model_is_reached_its_own_way_and_gets_no_header_of_another_dialect(provider, carry):
    message = {"type": "message", "id": "msg_1", "model": "claude", "content": [{"type": "text", "text": "hello"}]}
    told = {"stop_reason": "end_turn", "usage": {"input_tokens": 2, "output_tokens": 3, "cache_read_input_tokens": 5}}
    provider.does(lambda x: x.answer(json.dumps(message | told).encode()))
    answer = await carry(dialect="anthropic", headers={"openai-beta": "x"}, body={"seed": 7})
    seen = provider.seen[0]
    assert seen.line.startswith("POST /v1/messages ")
    assert seen.headers["x-api-key"] == "sk-test-canary-0123456789abcdef"
    assert seen.headers["anthropic-version"] == "2023-06-01"
    assert not {"authorization", "openai-beta"} & set(seen.headers)
    assert json.loads(answer.body)["choices"][0]["message"]["content"] == "hello"
    assert answer.usage == Usage(input=7, output=3, cache_read=5)
    assert answer.dropped == ("seed",)


@pytest.mark.parametrize(
    ("status", "trigger"),
    [
        (401, Trigger.auth),
        (404, Trigger.model_missing),
        (408, Trigger.timeout),
        (429, Trigger.rate_limit),
        (500, Trigger.server_error),
        (503, Trigger.overloaded),
        (529, Trigger.overloaded),
        (300, Trigger.unclassified),
        (307, Trigger.unclassified),
    ],
)
async def test_an_error_status_is_named(provider, carry, status, trigger):
    error = json.dumps({"error": {"message": "injected fault", "type": "x", "code": None}}).encode()
    provider.does(lambda x: x.answer(error, status, extra="location: http://127.0.0.1:1/\r\nrequest-id: r7\r\n"))
    failure = await failure_of(carry)
    assert (failure.trigger, failure.status, failure.provider_request_id) == (trigger, status, "r7")
    assert failure.body is None
    assert len(provider.seen) == 1
    if status >= 400:
        assert failure.message == "injected fault"
    else:
        assert "redirects" in failure.message


async def test_a_rate_limit_says_when_to_come_back(provider, carry):
    provider.does(lambda x: x.answer(b"{}", 429, extra="retry-after: 42\r\n"))
    assert (await failure_of(carry)).retry_after_seconds == 42.0


async def test_the_caller_s_own_fault_comes_back_in_the_provider_s_words(provider, carry):
    error = b'{"error": {"message": "messages[0] is wrong", "type": "invalid_request_error", "extra": 1}}'
    provider.does(lambda x: x.answer(error, 400))
    failure = await failure_of(carry)
    assert (failure.trigger, failure.body) == (Trigger.bad_request, error)


async def test_a_fault_told_in_another_dialect_is_translated(provider, carry):
    error = b'{"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens is wrong"}}'
    provider.does(lambda x: x.answer(error, 400))
    failure = await failure_of(carry, dialect="anthropic")
    assert failure.trigger is Trigger.bad_request
    told = json.loads(failure.body)
    assert told["error"]["message"] == "max_tokens is wrong"
    assert told["error"]["request_id"] == "r1"  # by which it is found here
    assert "type" not in told


async def test_a_fault_that_is_no_json_is_put_into_the_caller_s_shape(provider, carry):
    provider.does(lambda x: x.answer(b"<h1>Bad \x1b[2J gateway</h1>", 400, "text/html"))
    failure = await failure_of(carry)
    assert json.loads(failure.body)["error"]["message"] == "<h1>Bad [2J gateway</h1>"


@pytest.mark.parametrize("quoted", ["sk-test-canary-0123456789abcdef", "sk-test-ca***************cdef"])
async def test_a_key_that_the_provider_quotes_is_never_shown(provider, carry, quoted):
    error = {"error": {"message": f"Incorrect API key provided: {quoted}.", "param": quoted, "type": "x"}}
    escaped = json.dumps(error).replace("canary", "c\\u0061nary").encode()
    provider.does(lambda x: x.answer(escaped, 400))
    failure = await failure_of(carry)
    for shown in (failure.message, str(failure), json.dumps(json.loads(failure.body))):
        assert "test-ca" not in shown
        assert "cdef" not in shown
    assert "Incorrect API key provided" in failure.message


@pytest.mark.parametrize(
    ("body", "content_type", "trigger"),
    [
        (b"<html><body>Sign in</body></html>", "text/html", Trigger.malformed),
        (b'{"id": "x", "choices": [{"index": 0, "mess', "application/json", Trigger.malformed),
        (b"", "application/json", Trigger.empty),
        (b'{"choices": []}', "application/json", Trigger.empty),
        (b'{"choices": [{"message": {"content": null}, "finish_reason": "stop"}]}', "application/json", Trigger.empty),
        (b'{"id": 7}', "application/json", Trigger.malformed),
        (b'{"error": {"message": "busy", "code": 429}}', "application/json", Trigger.rate_limit),
        (b'{"choices": [{"message": {"content": "\xff"}}]}', "application/json", Trigger.malformed),
    ],
)
async def test_a_200_that_is_no_answer_is_a_failure(provider, carry, body, content_type, trigger):
    provider.does(lambda x: x.answer(body, 200, content_type))
    assert (await failure_of(carry)).trigger is trigger


async def test_json_with_a_wrong_label_is_accepted(provider, carry, good_answer):
    provider.does(lambda x: x.answer(good_answer, content_type="text/plain"))
    assert (await carry()).body == good_answer


async def test_an_answer_that_the_caller_s_own_limit_cut_to_nothing_is_served(provider, carry):
    body = b'{"choices": [{"message": {"content": ""}, "finish_reason": "length"}]}'
    provider.does(lambda x: x.answer(body))
    assert (await carry()).body == body


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@pytest.mark.parametrize(
    ("wire", "trigger", "words"),
    [
        (b"", Trigger.network, "closed before an answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: app", Trigger.network, "closed before an answer"),
        (HEAD + b'content-length: 500\r\n\r\n{"choices":[', Trigger.network, "cut short"),
        (HEAD + b'transfer-encoding: chunked\r\n\r\n9\r\n{"id":"x"\r\n', Trigger.network, "cut short"),
        (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", Trigger.malformed, "not HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\n{}xxx", Trigger.malformed, "not HTTP"),
        (HEAD + b"x-pad: " + b"y" * 70_000 + b"\r\ncontent-length: 2\r\n\r\n{}", Trigger.malformed, "headers exceed"),
        (HEAD + b"x-pad: " + b"y" * 200_000, Trigger.malformed, "not HTTP|headers exceed"),
        (HEAD + b"content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc", Trigger.malformed, "not the gzip"),
        (HEAD + b"content-encoding: br\r\ncontent-length: 3\r\n\r\nabc", Trigger.malformed, "did not ask for"),
    ],
    ids=lambda value: "",
)
async def test_a_fault_of_the_wire_is_named(provider, carry, wire, trigger, words):
    provider.does(lambda x: x.send(wire))
    failure = await failure_of(carry)
    assert failure.trigger is trigger
    assert re.search(words, failure.message)


@pytest.mark.parametrize("before", [b"", HEAD + b"content-length: 500\r\n\r\n{"])
async def test_a_reset_is_named(provider, carry, before):
    async def reset(x):
        await x.send(before, 0.02)
        x.reset()

    provider.does(reset)
    failure = await failure_of(carry)
    assert failure.trigger is Trigger.network
    assert ("cut short" if before else "reset") in failure.message


async def test_a_refused_connection_and_an_unknown_host_are_told_apart(carry, unused_port):
    refused = await failure_of(carry, url=f"http://127.0.0.1:{unused_port}/v1")
    unknown = await failure_of(carry, url="http://no-such-host.invalid/v1")
    assert (refused.trigger, refused.message) == (Trigger.network, "the connection was refused")
    assert (unknown.trigger, unknown.message) == (Trigger.network, "the host name was not found")


async def test_tls_to_a_plain_port_is_named_and_the_request_is_not_given(carry):
    heard = bytearray()

    async def plain(reader, writer):
        heard.extend(await reader.read(65536))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        failure = await failure_of(carry, url=f"https://127.0.0.1:{port}/v1")
    assert (failure.trigger, failure.message) == (Trigger.network, "it does not speak TLS here")
    assert b"POST" not in heard


@pytest.fixture
async def secure_port(provider):
    """The provider behind a certificate that nobody vouches for."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(SELF_SIGNED)
    async with await asyncio.start_server(provider.serve, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_certificate_that_is_not_trusted_ends_the_call_before_the_request_is_given(
    provider, secure_port, carry
):
    failure = await failure_of(carry, url=f"https://127.0.0.1:{secure_port}/v1")
    assert (failure.trigger, failure.message) == (
        Trigger.network,
        "its certificate is not trusted: it vouches for itself",
    )
    assert not provider.seen


async def test_a_certificate_of_the_operator_s_own_is_trusted_where_it_says_so(
    provider, secure_port, carry, good_answer
):
    provider.does(lambda x: x.answer(good_answer))
    url = f"https://127.0.0.1:{secure_port}/v1"
    assert (await carry(url=url, endpoint={"ca_file": str(SELF_SIGNED)})).body == good_answer


async def test_a_ca_file_that_is_not_there_is_a_failed_attempt(carry, secure_port):
    failure = await failure_of(carry, url=f"https://127.0.0.1:{secure_port}/v1", endpoint={"ca_file": "no/such.pem"})
    assert (failure.trigger, failure.message) == (
        Trigger.network,
        "its certificate authorities cannot be read: no/such.pem",
    )


@pytest.mark.parametrize("base_url", ["ftp://127.0.0.1", "http://127.0.0.1:99999/v1", "http://" + "a" * 70, "nonsense"])
async def test_an_address_that_cannot_be_called_is_a_failure_and_no_crash(carry, base_url):
    assert (await failure_of(carry, url=base_url)).trigger in (Trigger.unclassified, Trigger.network)


async def test_a_header_that_cannot_be_sent_is_not_quoted(provider, carry):
    failure = await failure_of(carry, endpoint={"headers": {"x-key": "top\nsecret"}})
    assert failure.trigger is Trigger.unclassified
    assert "secret" not in failure.message


@pytest.mark.parametrize("squeeze", [gzip.compress, zlib.compress, lambda body: zlib.compress(body)[2:-4]])
async def test_a_compressed_answer_is_decoded(provider, carry, good_answer, squeeze):
    encoding = "gzip" if squeeze is gzip.compress else "deflate"
    provider.does(lambda x: x.answer(squeeze(good_answer), extra=f"content-encoding: {encoding}\r\n"))
    assert (await carry()).body == good_answer


async def test_compressed_content_that_stops_halfway_is_no_answer(provider, carry, good_answer):
    half = gzip.compress(good_answer)[:-8]
    provider.does(lambda x: x.answer(half, extra="content-encoding: gzip\r\n"))
    failure = await failure_of(carry)
    assert (failure.trigger, failure.message) == (Trigger.network, "the answer was cut short")


async def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(provider, carry):
    bomb = gzip.compress(b" " * (40 << 20))
    provider.does(lambda x: x.answer(bomb, extra="content-encoding: gzip\r\n"))
    failure = await failure_of(carry)
    assert (failure.trigger, failure.message) == (Trigger.malformed, "the answer exceeds 16 MB")


async def test_an_answer_without_a_length_ends_with_its_connection(provider, carry, good_answer):
    provider.does(lambda x: x.send(b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n" + good_answer))
    assert (await carry()).body == good_answer


async def test_surplus_bytes_never_answer_another_request(provider, carry, good_answer):
    poison = good_answer.replace(b"hello", b"POISON")

    async def twice(x):
        for body in (good_answer, poison):
            await x.answer(body)
        await x.until_closed()

    provider.does(twice, lambda x: x.answer(good_answer))
    for _ in range(3):
        assert (await carry()).body == good_answer


async def silent(x):
    await x.until_closed()


async def test_silence_ends_with_the_attempt_s_time(provider, carry):
    provider.does(silent)
    failure = await failure_of(carry, attempt_seconds=0.1)
    assert (failure.trigger, failure.message) == (Trigger.timeout, "no answer in 0.1 s")


async def test_the_request_s_deadline_ends_an_attempt_before_its_own_time(provider, carry):
    provider.does(silent)
    failure = await failure_of(carry, deadline_seconds=0.1)
    assert failure.trigger is Trigger.timeout
    assert failure.message in ("no answer in 0.0 s", "no answer in 0.1 s")


async def test_a_byte_now_and_then_does_not_outlive_the_attempt(provider, carry):
    async def drip(x):
        await x.send(HEAD + b"content-length: 9999\r\n\r\n")
        while True:
            await x.send(b"{", 0.02)

    provider.does(drip)
    began = asyncio.get_running_loop().time()
    failure = await failure_of(carry, attempt_seconds=0.2)
    assert failure.trigger is Trigger.timeout
    assert asyncio.get_running_loop().time() - began < 3


async def test_an_error_whose_words_never_end_is_still_that_error(provider, carry, monkeypatch):
    monkeypatch.setattr("hotspare.providers.carrier.ERROR_SECONDS", 0.05)

    async def endless(x):
        await x.send(b"HTTP/1.1 429 X\r\nretry-after: 9\r\ncontent-length: 900\r\n\r\n{")
        await x.until_closed()

    provider.does(endless)
    failure = await failure_of(carry)
    assert (failure.trigger, failure.retry_after_seconds) == (Trigger.rate_limit, 9.0)


async def test_cancelling_closes_the_connection_at_once_and_stays_a_cancellation(provider, carry):
    called, closed = asyncio.Event(), asyncio.Event()

    async def hang(x):
        called.set()
        await x.until_closed()
        closed.set()

    provider.does(hang)
    task = asyncio.create_task(carry())
    await called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(closed.wait(), 5)


async def test_tools_that_reach_an_anthropic_model_by_mistake_fail_for_that_model_only(provider, carry):
    failure = await failure_of(carry, dialect="anthropic", body={"tools": [{"type": "function"}]})
    assert failure.trigger is Trigger.unclassified
    assert "tools" in failure.message
    assert not provider.seen


async def test_an_error_without_end_is_read_no_further_than_its_first_words(provider, carry):
    poured = 0

    async def pour(x):
        nonlocal poured
        await x.send(b"HTTP/1.1 500 X\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            await x.chunk(b"w" * 65_536)
            poured += 65_536

    provider.does(pour)
    failure = await failure_of(carry)
    assert (failure.trigger, len(failure.message)) == (Trigger.server_error, 500)
    assert poured < 16 << 20


LONG_ERROR = json.dumps({"error": {"message": "x" * 100_000, "type": "invalid_request_error"}}).encode()


@pytest.mark.parametrize("at_once", [True, False])
async def test_no_more_of_an_error_than_its_bound_goes_on(provider, carry, at_once):
    async def serve(x):
        if at_once:
            await x.answer(LONG_ERROR, status=400)
        else:
            await x.begin_error(400)
            for begin in range(0, len(LONG_ERROR), 20_000):
                await x.chunk(LONG_ERROR[begin : begin + 20_000])
                await asyncio.sleep(0.01)
            await x.end_stream()

    provider.does(serve)
    failure = await failure_of(carry)
    assert (failure.trigger, failure.status) == (Trigger.bad_request, 400)
    assert len(failure.body) < ERROR_BYTES + 1_000


@pytest.mark.parametrize(("error_seconds", "attempt_seconds"), [(0.1, 30.0), (30.0, 0.3)])
async def test_the_words_of_an_error_are_waited_for_by_the_nearer_of_two_bounds(
    provider, carry, monkeypatch, error_seconds, attempt_seconds
):
    monkeypatch.setattr(carrier, "ERROR_SECONDS", error_seconds)

    async def serve(x):
        await x.begin_error(503)
        await x.until_closed()

    provider.does(serve)
    async with asyncio.timeout(10):
        failure = await failure_of(carry, attempt_seconds=attempt_seconds, deadline_seconds=30.0)
    assert (failure.trigger, failure.status) == (Trigger.overloaded, 503)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_connection_has_its_own_bound_and_nothing_was_sent_when_it_passes(carry, full_port, stream):
    async with asyncio.timeout(10):
        failure = await failure_of(
            carry,
            url=f"http://127.0.0.1:{full_port}/v1",
            stream=stream,
            connect_seconds=0.2,
            first_content_seconds=30.0,
            attempt_seconds=30.0,
            deadline_seconds=30.0,
        )
    assert (failure.trigger, failure.message, failure.sent) == (Trigger.timeout, "no connection in 0.2 s", False)


async def test_an_address_that_is_none_is_said_to_be_none_without_quoting_it(carry):
    url = "http://h:port/v1"
    failure = await failure_of(carry, url=url)
    assert failure.trigger is Trigger.unclassified
    assert "address is not" in failure.message
    assert url not in failure.message


@pytest.mark.parametrize(
    "told", [b'{"error": "just words"}', b'{"detail": "just words"}', b'["just words"]', b"just words"]
)
async def test_an_error_that_is_none_of_its_dialect_reaches_the_caller_as_one(provider, carry, told):
    provider.does(lambda x: x.answer(told, status=400))
    failure = await failure_of(carry)
    assert failure.trigger is Trigger.bad_request
    assert "just words" in json.loads(failure.body)["error"]["message"]
