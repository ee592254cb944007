"""What the gateway survives on its socket, sent as raw bytes."""

import asyncio
import socket
from contextlib import suppress

import pytest

from hotspare.gateway.limits import ConnectionLimits

HURRIED = ConnectionLimits(head_seconds=0.15, body_seconds=0.15, linger_seconds=0.3)


async def test_a_request_without_a_host_is_refused(place):
    answer = await place.ask("GET", "/health", host=None)
    assert (answer.status, answer.error["code"]) == (400, "host_missing")


async def test_two_hosts_are_refused(place):
    answer = await place.talk(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\n\r\n")
    assert answer.status == 400


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4000", "127.0.0.1.evil.example", "[::2]:4000", "x/health?"]
)
async def test_a_foreign_host_is_refused_each_time(place, host):
    for _ in range(2):
        answer = await place.ask("GET", "/health/live", host=host)
        assert (answer.status, answer.error["code"]) == (403, "host_not_allowed")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:4000", "LocalHost:9", "[::1]:4000", "box.example:1"])
async def test_own_and_allowed_hosts_are_served_whatever_the_port(open_gateway, host):
    place = await open_gateway(allowed_hosts=("box.example",))
    assert (await place.ask("GET", "/health", host=host)).status == 200


async def test_the_path_is_taken_as_it_came_and_not_from_the_host(open_gateway):
    place = await open_gateway(token="s3cret")
    answer = await place.ask("GET", "/health", host="127.0.0.1/health/live?")
    assert answer.status == 403


async def test_web_pages_of_other_origins_are_refused(place):
    own = f"127.0.0.1:{place.port}"
    foreign = await place.ask("GET", "/health", host=own, origin="http://127.0.0.1:3000")
    assert (foreign.status, foreign.error["code"]) == (403, "origin_not_allowed")
    assert (await place.ask("GET", "/health", host=own, origin="null")).status == 403
    served = await place.ask("GET", "/health", host=own, origin=f"http://{own}")
    assert served.status == 200
    assert not [name for name in served.headers if name.startswith("access-control")]


async def test_headers_over_the_bound_are_answered_with_431(place):
    answer = await place.ask("GET", "/health", x_big="a" * 70_000)
    assert (answer.status, answer.error["code"]) == (431, "headers_too_large")


async def test_headers_just_under_the_bound_are_served(place):
    assert (await place.ask("GET", "/health", x_big="a" * 65_000)).status == 200


async def test_twenty_megabytes_of_headers_are_stopped_early(place, fake):
    async with place.connection() as (reader, writer):
        writer.write(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx-big: ")
        sent = 0
        try:
            async with asyncio.timeout(5):
                while sent < 20_000_000:
                    writer.write(b"a" * 100_000)
                    await writer.drain()
                    sent += 100_000
        except OSError:
            pass
        if sent == 20_000_000:  # it read on so that we can read why; it has kept none of it
            assert (await fake.read_answer(reader)).status == 431


async def test_many_small_headers_over_the_bound_are_answered_with_431(place):
    headers = "".join(f"x-{number}: {'b' * 50}\r\n" for number in range(1500))
    answer = await place.talk(f"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}\r\n".encode())
    assert answer.status == 431


async def test_a_long_request_line_is_answered_with_414(place):
    answer = await place.ask("GET", "/health?" + "q" * 17_000)
    assert (answer.status, answer.error["code"]) == (414, "request_line_too_long")


async def test_slow_headers_are_answered_with_408(open_gateway):
    place = await open_gateway(limits=HURRIED)
    answer = await place.talk(b"GET /health HTTP/1.1\r\nhost: 127")
    assert (answer.status, answer.error["code"]) == (408, "headers_too_slow")


async def test_a_connection_that_says_nothing_is_closed(open_gateway):
    place = await open_gateway(limits=HURRIED)
    async with place.connection() as (reader, _), asyncio.timeout(3):
        assert await reader.read() == b""


async def test_more_connections_than_there_is_room_for_are_told_to_come_back(open_gateway, fake):
    place = await open_gateway(limits=ConnectionLimits(connections=2, linger_seconds=0.2))
    async with place.connection() as first, place.connection() as second:
        answer = await place.ask("GET", "/health/live")
        assert (answer.status, answer.error["code"]) == (503, "too_many_connections")
        assert (answer.headers["retry-after"], answer.headers["connection"]) == ("5", "close")
        for reader, writer in (first, second):
            writer.write(fake.request("GET", "/health/live"))
            assert (await fake.read_answer(reader)).status == 204
    for _ in range(50):
        if (answer := await place.ask("GET", "/health/live")).status == 204:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(answer.status)


async def test_a_connection_that_sends_only_blank_lines_is_closed(open_gateway, fake):
    place = await open_gateway(limits=HURRIED)
    async with place.connection() as (reader, writer), asyncio.timeout(3):
        writer.write(fake.request("GET", "/health/live"))
        await fake.read_answer(reader)
        writer.write(b"\r\n")
        assert await reader.read() == b""


async def test_a_slow_body_is_answered_with_408_and_never_reaches_the_engine(open_gateway, fake):
    place = await open_gateway(limits=HURRIED)
    answer = await place.talk(fake.request("POST", "/v1/chat/completions", b'{"model":', content_length="500"))
    assert (answer.status, answer.error["code"]) == (408, "body_too_slow")
    assert not place.engine.calls


async def test_time_for_the_body_does_not_bound_the_answer(open_gateway, chat):
    place = await open_gateway(limits=HURRIED)
    asked = asyncio.create_task(place.ask("POST", "/v1/chat/completions", chat("slow")))
    await asyncio.wait([asked], timeout=0.4)
    place.engine.go_on.set()
    assert (await asked).status == 200


async def test_content_length_beside_chunks_is_refused(place, chat):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    answer = await place.talk(head + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /x")
    assert (answer.status, answer.error["code"]) == (400, "malformed_http")
    assert not place.engine.calls


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hello",
        b"GET\r\n\r\n",
        b"GET /health HTTP/9.9\r\nhost: 127.0.0.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost : 127.0.0.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx\x00y: 1\r\n\r\n",
        b"POST /health HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /health HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST /health HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked, identity\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_a_400_and_a_close(place, data):
    answer = await place.talk(data)
    assert answer.status == 400
    assert answer.headers["connection"] == "close"


async def test_broken_chunks_get_a_400_and_never_reach_the_engine(place):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    answer = await place.talk(head + b"transfer-encoding: chunked\r\n\r\nxyz\r\n")
    assert answer.status == 400
    assert not place.engine.calls


async def test_a_trailer_never_becomes_a_header(open_gateway, chat):
    place = await open_gateway(token="s3cret")
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    body = chat()
    chunks = b"%x\r\n%b\r\n0\r\nauthorization: Bearer s3cret\r\n\r\n" % (len(body), body)
    assert (await place.talk(head + b"transfer-encoding: chunked\r\n\r\n" + chunks)).status == 401


async def test_endless_trailers_are_stopped(open_gateway):
    place = await open_gateway(limits=ConnectionLimits(linger_seconds=0.2))
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    async with place.connection() as (reader, writer), asyncio.timeout(5):
        writer.write(head + b"transfer-encoding: chunked\r\n\r\n0\r\nx: ")
        with suppress(OSError):
            while not reader.at_eof():
                writer.write(b"a" * 65_536)
                await writer.drain()
                await asyncio.sleep(0)
    assert not place.engine.calls


@pytest.mark.parametrize("body", [b"", b"hello", b'{"model": NaN, "messages": []}', b'{"model": "main"', b"\xff\xfe{}"])
async def test_what_is_not_json_gets_a_400_in_the_error_shape(place, body):
    answer = await place.ask("POST", "/v1/chat/completions", body, content_type="application/json")
    assert answer.status == 400
    assert answer.error["type"] == "invalid_request_error"
    assert answer.error["message"]


async def test_json_200000_deep_gets_a_400(place):
    body = b'{"model":"main","messages":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    assert (await place.ask("POST", "/v1/chat/completions", body)).status == 400


async def test_a_body_of_64_megabytes_is_refused_before_it_is_read(place, fake):
    async with place.connection() as (reader, writer):
        writer.write(fake.request("POST", "/v1/chat/completions", b"{", content_length=str(64 << 20)))
        answer = await fake.read_answer(reader)
        assert (answer.status, answer.error["code"]) == (413, "body_too_large")
        assert "max_body_bytes" in answer.error["message"]


async def test_a_caller_that_sends_its_64_megabytes_anyway_can_read_why_it_was_refused(place, fake):
    async with place.connection() as (reader, writer), asyncio.timeout(10):
        writer.write(fake.request("POST", "/v1/chat/completions", b"{", content_length=str((64 << 20) + 1)))
        for _ in range(64):
            writer.write(bytes(1 << 20))
            await writer.drain()
        assert (await fake.read_answer(reader)).status == 413
        writer.write(fake.request("GET", "/health/live"))  # and the connection is as good as before
        assert (await fake.read_answer(reader)).status == 204


async def test_a_refused_body_that_never_ends_loses_its_connection(open_gateway, fake):
    place = await open_gateway(limits=HURRIED)
    async with place.connection() as (reader, writer), asyncio.timeout(3):
        writer.write(fake.request("POST", "/nowhere", b"{", content_length="500"))
        assert (await fake.read_answer(reader)).status == 404
        assert await reader.read() == b""


async def test_chunks_over_the_limit_are_refused_while_they_come(open_gateway, fake):
    place = await open_gateway(max_body_bytes=100_000)
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    async with place.connection() as (reader, writer):
        writer.write(head + b"transfer-encoding: chunked\r\n\r\n")
        for _ in range(20):
            writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        assert (await fake.read_answer(reader)).status == 413


async def test_a_refused_body_that_goes_on_and_on_loses_its_connection(open_gateway):
    place = await open_gateway(max_body_bytes=10_000, limits=ConnectionLimits(wire_bytes=300_000, linger_seconds=0.2))
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    async with place.connection() as (reader, writer), asyncio.timeout(5):
        writer.write(head + b"transfer-encoding: chunked\r\n\r\n")
        with suppress(OSError):
            while not reader.at_eof():
                writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0)
    assert not place.engine.calls


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_at_the_limit_is_taken(open_gateway, fake, chat, announced):
    place = await open_gateway(max_body_bytes=len(chat()))
    for body, status in ((chat(), 200), (chat() + b" ", 413)):
        if announced:
            asked = fake.request("POST", "/v1/chat/completions", body)
        else:
            asked = fake.request(
                "POST", "/v1/chat/completions", transfer_encoding="chunked", content_type="application/json"
            )
            asked += b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        assert (await place.talk(asked)).status == status


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_at_the_limit_that_comes_in_pieces_is_taken(open_gateway, fake, chat, announced):
    body = chat()
    place = await open_gateway(max_body_bytes=len(body))
    framing = {"content_length": str(len(body))} if announced else {"transfer_encoding": "chunked"}
    asked = fake.request("POST", "/v1/chat/completions", content_type="application/json", **framing)
    whole = body if announced else b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    async with place.connection() as (reader, writer):
        for piece in (asked, whole[:9], whole[9:]):
            writer.write(piece)
            await asyncio.sleep(0.01)
        assert (await fake.read_answer(reader)).status == 200


async def test_a_large_body_in_many_pieces_arrives_whole(place, chat):
    body = chat(padding="p" * 3_000_000)
    assert (await place.ask("POST", "/v1/chat/completions", body)).status == 200
    assert place.engine.calls[0].size_bytes == len(body)


@pytest.mark.parametrize("kind", ["text/plain", None, "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_body_that_is_not_announced_as_json_is_refused(place, chat, kind):
    answer = await place.ask("POST", "/v1/chat/completions", chat(), content_type=kind)
    assert (answer.status, answer.error["code"]) == (415, "unsupported_media_type")


async def test_json_with_a_charset_is_taken(place, chat):
    answer = await place.ask("POST", "/v1/chat/completions", chat(), content_type="Application/JSON; charset=utf-8")
    assert answer.status == 200


async def test_a_caller_that_expects_100_gets_it_and_then_its_answer(place, fake, chat):
    body = chat()
    async with place.connection() as (reader, writer):
        head = fake.request("POST", "/v1/chat/completions", body, expect="100-continue")[: -len(body)]
        writer.write(head)
        async with asyncio.timeout(3):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await fake.read_answer(reader)).status == 200


async def test_a_refused_caller_that_expects_100_never_gets_to_send_its_body(place, fake, chat):
    body = chat()
    head = fake.request("POST", "/nowhere", body, expect="100-continue")[: -len(body)]
    answer = await place.talk(head)
    assert (answer.status, answer.headers["connection"]) == (404, "close")


async def test_requests_in_a_pipeline_are_answered_in_their_order(place, fake, chat):
    async with place.connection() as (reader, writer):
        asked = [fake.request("POST", "/v1/chat/completions", chat()), fake.request("GET", "/v1/models")]
        writer.write(b"".join([*asked, fake.request("GET", "/health/live")]))
        answers = [await fake.read_answer(reader) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 204]
        assert b"the whole answer" in answers[0].body


async def test_garbage_behind_a_request_does_not_get_into_its_answer(place, fake, chat):
    async with place.connection() as (reader, writer):
        writer.write(fake.request("POST", "/v1/chat/completions", chat("slow")) + b"\x00garbage\r\n\r\n")
        async with asyncio.timeout(3):
            await place.engine.begun.wait()
        place.engine.go_on.set()
        answer = await fake.read_answer(reader)
        assert answer.status == 200
        assert b"the whole answer" in answer.body
        async with asyncio.timeout(3):
            assert await reader.read() == b""


async def test_a_wish_for_another_protocol_is_answered_in_http_1_1(place, fake, chat):
    upgrade = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAMAAABk"}
    asked = fake.request("POST", "/v1/chat/completions", chat(), **upgrade)
    async with place.connection() as (reader, writer):
        writer.write(asked)
        assert (await fake.read_answer(reader)).status == 200
        writer.write(asked[:-10])
        await asyncio.sleep(0.02)
        writer.write(asked[-10:])
        assert (await fake.read_answer(reader)).status == 200
    assert len(place.engine.calls) == 2


async def test_nagle_is_off_on_accepted_connections(place, fake):
    async with place.connection() as (reader, writer):
        writer.write(fake.request("GET", "/health/live"))
        await fake.read_answer(reader)
        accepted = [connection._transport for connection in place.gateway._traffic._state.connections]
        options = [t.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for t in accepted]
        assert options
        assert all(options)


async def test_nothing_is_written_to_the_terminal_whatever_comes(open_gateway, chat, capfd):
    place = await open_gateway(limits=HURRIED)
    await place.talk(b"nonsense\r\n\r\n")
    await place.ask("POST", "/v1/chat/completions", chat("buggy"))
    async with place.connection() as (_, writer):
        writer.write(b"GET / HT")
    assert capfd.readouterr() == ("", "")


async def test_a_compressed_body_is_refused_in_words(place, chat):
    body = chat()
    asked = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(body)
    ) + body
    answer = await place.talk(asked)
    assert (answer.status, answer.error["code"]) == (415, "unsupported_content_encoding")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b" ", "The request body is empty"),
        (b'{"model": "main", "messages": [{"role": "user", "content": "\\ud800"}]}', "half of a surrogate pair"),
        (b'{"model": "\\ud800 and on", "messages": []}', "half of a surrogate pair"),
        (b'{"model": "main"', "truncated"),
    ],
)
async def test_what_is_wrong_with_a_body_is_said(place, body, said):
    answer = await place.ask("POST", "/v1/chat/completions", body)
    assert answer.status == 400
    assert said in answer.error["message"]
