"""Who is spoken to: certificates made once (`certificates/README.md`), real handshakes on loopback."""

import asyncio
import contextlib
import socket
import ssl
import threading

import pytest

from hotspare.router.trigger import AttemptFailed, Trigger


@pytest.fixture
def authority(certificates):
    return str(certificates / "authority.pem")


@pytest.fixture
def secure_fetch(fetch, authority):
    """As `fetch`, trusting the tests' authority."""

    async def fetching(url, body=b"{}", ca_file=authority):
        return await fetch(body, url=url, ca_file=ca_file)

    return fetching


async def failure_of(sending) -> AttemptFailed:
    with pytest.raises(AttemptFailed) as caught:
        await sending
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_the_right_host_is_spoken_to_and_its_connection_kept(server, secure_fetch, echoing, host):
    server.does(echoing)
    url = (await server.open_secure("right_host.pem")).replace("127.0.0.1", host)
    assert [await secure_fetch(url, body) for body in (b"one", b"two")] == [(200, b"one"), (200, b"two")]
    assert len(server.lines) == 1
    assert server.lines[0].writer.get_extra_info("ssl_object").selected_alpn_protocol() is None  # it offered none


def only_1_2(context):
    context.maximum_version = ssl.TLSVersion.TLSv1_2


def only_1_3(context):
    context.minimum_version = ssl.TLSVersion.TLSv1_3


def http_alone(context):
    context.set_alpn_protocols(["h2", "http/1.1"])


@pytest.mark.parametrize("change", [only_1_2, only_1_3, http_alone])
async def test_what_servers_may_insist_on(server, secure_fetch, echoing, change):
    server.does(echoing)
    url = await server.open_secure("right_host.pem", change)
    assert await secure_fetch(url, b"one") == (200, b"one")
    assert await secure_fetch(url, b"two") == (200, b"two")
    assert len(server.lines) == 1
    if change is http_alone:
        assert server.lines[0].writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize(
    ("certificate", "trusting", "words"),
    [
        ("wrong_host.pem", "authority.pem", "its certificate is for another host"),
        ("expired.pem", "authority.pem", "its certificate has expired"),
        ("right_host.pem", None, "its certificate is not trusted: its authority is unknown"),
        ("../self_signed.pem", "authority.pem", "its certificate is not trusted: it vouches for itself"),
    ],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_nobody_else_is_given_the_request(server, secure_fetch, certificates, certificate, trusting, words, host):
    url = (await server.open_secure(certificate)).replace("127.0.0.1", host)
    failure = await failure_of(secure_fetch(url, ca_file=trusting and str(certificates / trusting)))
    assert (failure.trigger, failure.message) == (Trigger.network, words)
    assert not server.lines  # no handshake was finished: nothing could be sent


async def test_a_server_without_tls_is_given_nothing_to_read(server, secure_fetch):
    async def plain(line):
        line.received += await line.reader.read(100_000)
        await line.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")

    server.does(plain)
    failure = await failure_of(secure_fetch(f"https://127.0.0.1:{server.port}/v1", b"the prompt"))
    assert (failure.trigger, failure.message) == (Trigger.network, "it does not speak TLS here")
    assert not [word for word in (b"POST", b"Bearer", b"prompt") if word in server.lines[0].received]


@pytest.fixture
def alerting(certificates):
    """A server in a thread, which says why it ends a handshake; asyncio's own do not. Gives its URL."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        threads = []

        def serve(context):
            with listener.accept()[0] as line, line.dup() as rest:
                with contextlib.suppress(ssl.SSLError):
                    context.wrap_socket(line, server_side=True).close()
                while rest.recv(65536):  # else the system resets the connection, and what it said is lost
                    pass

        def begin(change):
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificates / "right_host.pem")
            change(context)
            threads.append(threading.Thread(target=serve, args=(context,)))
            threads[0].start()
            return f"https://127.0.0.1:{listener.getsockname()[1]}/v1"

        yield begin
        threads[0].join()


async def test_a_server_with_which_no_cipher_is_shared(alerting, secure_fetch):
    def odd(context):
        only_1_2(context)
        context.set_ciphers("AES128-GCM-SHA256")  # for RSA keys: its key is none

    failure = await failure_of(secure_fetch(alerting(odd)))
    assert (failure.trigger, failure.message) == (Trigger.network, "no TLS could be agreed on with it")


@pytest.mark.parametrize(
    ("version", "words"),
    [(only_1_2, "no TLS could be agreed on with it"), (only_1_3, "it asks for a certificate of ours")],
)
async def test_a_server_that_wants_a_certificate_of_ours(alerting, secure_fetch, authority, version, words):
    def asking(context):
        version(context)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority)

    failure = await failure_of(secure_fetch(alerting(asking)))
    assert (failure.trigger, failure.message) == (Trigger.network, words)


@pytest.mark.parametrize("end", ["closes", "resets"])
async def test_a_server_that_leaves_in_the_handshake(server, secure_fetch, end):
    async def leaves(line):
        await line.reader.read(1)
        if end == "resets":
            line.reset()

    server.does(leaves)
    failure = await failure_of(secure_fetch(f"https://127.0.0.1:{server.port}/v1"))
    assert (failure.trigger, failure.message) == (Trigger.network, "the connection was reset")


async def test_connections_that_trust_different_authorities_are_not_shared(
    server, secure_fetch, echoing, tmp_path, authority
):
    server.does(echoing)
    url = await server.open_secure("right_host.pem")
    await secure_fetch(url)
    failure = await failure_of(secure_fetch(url, ca_file=None))
    assert "authority is unknown" in failure.message
    await secure_fetch(url)
    assert len(server.lines) == 1


# ------------------------------------------------------------ what holds in the clear holds here


async def test_surplus_ends_the_connection(server, secure_fetch, saying, answer, echoing):
    server.does(saying(answer(b"one") + answer(b"STALE")), echoing)
    url = await server.open_secure("right_host.pem")
    assert await secure_fetch(url) == (200, b"one")
    await server.until_ended(1)
    assert await secure_fetch(url, b"two") == (200, b"two")


async def test_surplus_while_idle_ends_the_connection(server, secure_fetch, answer, echoing):
    more = asyncio.Event()

    async def late(line):
        await line.request()
        await line.send(answer(b"one"))
        await more.wait()
        await line.send(answer(b"STALE"))
        await line.gone()

    server.does(late, echoing)
    url = await server.open_secure("right_host.pem")
    assert await secure_fetch(url) == (200, b"one")
    more.set()
    await server.until_ended(1)
    assert await secure_fetch(url, b"two") == (200, b"two")


async def test_bytes_that_are_no_words_of_the_server_s_yet_end_the_connection_too(
    server, secure_fetch, saying, answer, echoing
):
    server.does(saying(answer(b"one")), echoing)
    url = await server.open_secure("right_host.pem")
    assert await secure_fetch(url) == (200, b"one")
    server.lines[0].now(b"\x17\x03\x03\x00\x40")  # how a record begins
    assert await secure_fetch(url, b"two") == (200, b"two")
    await server.until_ended(1)


async def test_a_kept_connection_that_dies_is_replaced(server, secure_fetch, answer, echoing):
    async def once(line):
        await line.request()
        await line.send(answer(b"one"))
        await line.request()

    server.does(once, echoing)
    url = await server.open_secure("right_host.pem")
    await secure_fetch(url)
    assert await secure_fetch(url, b"two") == (200, b"two")


@pytest.mark.parametrize("head", [b"content-length: 3000000\r\n", b""])
async def test_a_server_that_ends_while_it_is_held_back_is_read_to_the_end(server, send, authority, head, until):
    body = bytes(range(250)) * 12_000

    async def script(line):
        await line.request()
        await line.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body)

    server.does(script)
    reply = await send(url=await server.open_secure("right_host.pem"), ca_file=authority)
    await until(lambda: reply._exchange._connection._paused)
    for _ in range(50):
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert b"".join([piece async for piece in reply.chunks()]) == body


async def test_an_answer_that_is_left_ends_its_connection(server, send, authority):
    async def script(line):
        await line.request()
        await line.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
        await line.gone()

    server.does(script)
    reply = await send(url=await server.open_secure("right_host.pem"), ca_file=authority)
    await reply.aclose()
    await server.until_ended(1)


async def test_a_short_answer_is_cut_short(server, secure_fetch):
    async def script(line):
        await line.request()
        await line.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")

    server.does(script)
    failure = await failure_of(secure_fetch(await server.open_secure("right_host.pem")))
    assert failure.message == "the answer was cut short"
