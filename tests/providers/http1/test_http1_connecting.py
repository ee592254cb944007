"""Where a request goes: addresses, names, and what is said when there is no way; and what is written of it."""

import asyncio

import pytest

from hotspare.providers.http1_request import Target, header_line
from hotspare.providers.wire import Place
from hotspare.router.trigger import AttemptFailed, Trigger

SECRET = "sk-canary-0123456789"


def all_of(error: BaseException | None) -> str:
    """Every text that the error could show to anybody."""
    told = ""
    while error is not None:
        told += f"{error!r} {error} {getattr(error, 'message', '')} {vars(error) if hasattr(error, '__dict__') else ''}"
        error = error.__cause__ or error.__context__
    return told


# ------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("url", "host", "port", "secure", "line", "authority"),
    [
        ("http://h", "h", 80, False, "/", "h"),
        ("https://h/", "h", 443, True, "/", "h"),
        ("http://h:8080/v1/x", "h", 8080, False, "/v1/x", "h:8080"),
        ("http://h:0/v1", "h", 0, False, "/v1", "h:0"),
        ("http://h?q=1", "h", 80, False, "/?q=1", "h"),
        ("https://H.example/a/b?c=d&e=f#part", "h.example", 443, True, "/a/b?c=d&e=f", "H.example"),
        ("http://[::1]:81/v1", "::1", 81, False, "/v1", "[::1]:81"),
        ("http://somebody:word@h:82/v1", "h", 82, False, "/v1", "h:82"),
        ("http://h/a@b", "h", 80, False, "/a@b", "h"),
        ("http://h/%C3%A9", "h", 80, False, "/%C3%A9", "h"),
    ],
)
def test_where_a_url_points(url, host, port, secure, line, authority):
    target = Target(url)
    assert (target.host, target.port, target.secure) == (host, port, secure)
    assert target.head == f"POST {line} HTTP/1.1\r\nhost: {authority}\r\n".encode()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h",
        "/v1",
        "ftp://h/",
        "file:///etc/passwd",
        "http://",
        "http://:80/",
        "http:///v1",
        "http://h:65536/",
        "http://h:-1/",
        "http://h:port/",
        "http://[::1/",
        "http://h/é",
        "http://hé/",
        "http://h/a b",
        "http://h/a\r\nx: y",
        "http://h/\x7f",
        "http://h/\0",
        " http://h/",
        f"http://user:{SECRET}é@h/",
        f"http://user:{SECRET}:port/",
    ],
)
def test_a_url_that_is_none_is_refused_in_words(url):
    with pytest.raises(AttemptFailed) as caught:
        Target(url)
    assert caught.value.trigger is Trigger.unclassified
    assert caught.value.message == "its address is not an http or https URL"
    assert SECRET not in all_of(caught.value)


async def test_a_url_is_refused_before_anything_is_sent(send):
    with pytest.raises(AttemptFailed, match="not an http or https URL"):
        await send(url="gopher://h/")


async def test_the_request_as_it_is_written(server, fetch, answer, saying):
    server.does(saying(answer(b"")))
    url = f"http://somebody:{SECRET}@127.0.0.1:{server.port}/v1/chat?version=2"
    await fetch(b'{"a": 1}', url=url, headers=(("authorization", "Bearer k\xe9y"), ("x-empty", ""), ("x-tab", "a\tb")))
    assert (
        bytes(server.lines[0].received)
        == (
            b"POST /v1/chat?version=2 HTTP/1.1\r\nhost: 127.0.0.1:%d\r\nauthorization: Bearer k\xe9y\r\nx-empty: \r\n"
            b'x-tab: a\tb\r\ncontent-length: 8\r\n\r\n{"a": 1}'
        )
        % server.port
    )


@pytest.mark.parametrize(
    "value",
    [
        f"{SECRET}\r\nx-more: 1",
        f"{SECRET}\n",
        f"{SECRET}\r",
        f"{SECRET}\0",
        f"{SECRET}\x1b",
        f"{SECRET}\x7f",
        f"{SECRET}€",
    ],
)
async def test_a_key_that_cannot_be_sent_is_refused_naming_its_header_alone(send, server, value):
    with pytest.raises(AttemptFailed) as caught:
        await send(headers=(("accept", "*/*"), ("authorization", f"Bearer {value}")))
    assert (caught.value.trigger, caught.value.message) == (
        Trigger.unclassified,
        "its header authorization cannot be sent over HTTP",
    )
    assert SECRET not in all_of(caught.value)
    assert not server.lines


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "a\0", "é", f"authorization: {SECRET}"])
def test_a_header_whose_name_is_none_is_refused_without_quoting_it(name):
    with pytest.raises(AttemptFailed) as caught:
        header_line(name, "v")
    assert caught.value.message == "the name of one of its headers cannot be sent over HTTP"
    assert SECRET not in all_of(caught.value)


@pytest.mark.parametrize("name", ["host", "Content-Length", "transfer-encoding"])
def test_what_frames_a_request_is_not_said_twice(name):
    with pytest.raises(AttemptFailed, match=f"its header {name} is not for a configuration to set"):
        header_line(name, "1")


async def test_header_lines_are_not_mistaken_for_another_key_s(server, fetch, echoing, transport):
    server.does(echoing)
    places = [Place(server.url, (("x-number", str(number)),)) for number in range(257)]
    for place in (*places, *places):
        await fetch(place=place)
    received = bytes(server.lines[0].received)
    assert [received.count(b"x-number: %d\r\n" % number) for number in range(257)] == [2] * 257
    assert len(transport._ways) == 2  # all are forgotten when there are too many


# ------------------------------------------------------------ ways


async def failure_of(sending) -> AttemptFailed:
    with pytest.raises(AttemptFailed) as caught:
        await sending
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_nobody_listens(send, unused_port, host):
    failure = await failure_of(send(url=f"http://{host}:{unused_port}/"))
    assert (failure.trigger, failure.message) == (Trigger.network, "the connection was refused")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "a" * 64 + ".invalid", ".invalid"])
async def test_a_name_that_nobody_has(send, host):
    failure = await failure_of(send(url=f"http://{host}/"))
    assert (failure.trigger, failure.message) == (Trigger.network, "the host name was not found")


async def test_a_host_that_does_not_answer_is_waited_for_as_long_as_allowed(send, full_port):
    began = asyncio.get_running_loop().time()
    failure = await failure_of(send(url=f"http://127.0.0.1:{full_port}/", connect_seconds=0.15))
    took = asyncio.get_running_loop().time() - began
    assert (failure.trigger, failure.message) == (Trigger.timeout, "no connection in 0.1 s")
    assert 0.14 < took < 1.5


async def test_the_time_to_connect_holds_for_the_handshake_too(server, send):
    async def mute(line):
        await line.gone()

    server.does(mute)
    failure = await failure_of(send(url=f"https://127.0.0.1:{server.port}/", connect_seconds=0.1))
    assert failure.trigger is Trigger.timeout
    await server.until_ended(1)


async def test_the_time_to_connect_does_not_hold_for_the_answer(server, fetch, answer):
    async def slow(line):
        await line.request()
        await asyncio.sleep(0.1)
        await line.send(answer(b"slow"))
        await line.gone()

    server.does(slow)
    assert await fetch(connect_seconds=0.05) == (200, b"slow")


async def test_an_address_of_the_sixth_version(server, fetch, echoing):
    server.does(echoing)
    port = await server.open("::1")
    assert await fetch(b"six", url=f"http://[::1]:{port}/v1") == (200, b"six")


async def test_places_share_no_connections(server, fetch, echoing):
    server.does(echoing)
    other = await server.open()
    for port in (server.port, other, server.port, other):
        await fetch(b"to %d" % port, url=f"http://127.0.0.1:{port}/v1")
    assert len(server.lines) == 2
    assert [line.received.count(b"host: ") for line in server.lines] == [2, 2]
