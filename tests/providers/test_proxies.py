"""Through a real proxy on loopback: who is spoken to, with what, and who is named when it fails."""

import asyncio
import base64
import contextlib
import ssl
from pathlib import Path

import pytest
from listening import listening

from hotspare.dialects import openai_chat
from hotspare.dialects.endpoint import Endpoint
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.record import Ask
from hotspare.router.settings import Limits
from hotspare.router.step import Try
from hotspare.router.trigger import AttemptFailed, Trigger

CERTIFICATES = Path(__file__).parent / "certificates"
AUTHORITY = str(CERTIFICATES / "authority.pem")
PASSWORD = "proxy-password-canary"


class FakeProxy:
    """A proxy that opens tunnels and passes plain requests on; `instead` is what it answers in place of that.

    Attributes:
        heads: the head of each request that it was sent, in full.
        carried: all bytes that callers sent through its tunnels.
        open: how many connections it serves now.
    """

    def __init__(self):
        self.heads = []
        self.carried = bytearray()
        self.instead = None
        self.port = 0
        self.open = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader, writer):
        self.open += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head.decode())
            if self.instead is not None:
                await self.instead(reader, writer)
            else:
                await self.pass_on(head, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.open -= 1

    async def pass_on(self, head, reader, writer):
        method, target, _ = head.split(b"\r\n", 1)[0].split()
        place = target if method == b"CONNECT" else target.split(b"/")[2]
        host, port = place.decode().rsplit(":", 1)
        theirs, ours = await asyncio.open_connection(host, int(port))
        if method == b"CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            ours.write(head)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self.pump(reader, ours, self.carried))
                both.create_task(self.pump(theirs, writer))
        finally:
            ours.close()

    async def pump(self, source, sink, copy=None):
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if copy is not None:
                    copy += data
                sink.write(data)
                await sink.drain()
        with contextlib.suppress(OSError, RuntimeError):
            sink.write_eof() if sink.can_write_eof() else sink.close()

    def answers(self, answer):
        async def instead(_reader, writer):
            writer.write(answer)
            await writer.drain()

        self.instead = instead


@pytest.fixture
async def proxy():
    fake = FakeProxy()
    async with listening(fake.serve) as fake.port:
        yield fake


@pytest.fixture
async def secure_url(provider):
    """The provider's address over TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATES / "right_host.pem")
    async with listening(provider.serve, ssl=context) as port:
        yield f"https://127.0.0.1:{port}/v1"


@pytest.fixture
def through(carry, proxy, secure_url):
    """Carry one attempt over TLS through the proxy."""

    async def carrying(url=secure_url, proxy_url=None, ca_file=AUTHORITY, **options):
        return await carry(url=url, endpoint={"proxy": proxy_url or proxy.url, "ca_file": ca_file}, **options)

    return carrying


async def failure_of(carrying):
    with pytest.raises(AttemptFailed) as caught:
        await carrying
    return caught.value


def answering(body):
    async def behaviour(exchange):
        await exchange.answer(body)

    return behaviour


async def test_a_tunnel_is_opened_and_the_proxy_reads_nothing_of_what_goes_through(
    through, proxy, provider, good_answer, secure_url
):
    provider.does(answering(good_answer))
    answer = await through()
    assert answer.usage.input == 11
    place = secure_url.removeprefix("https://").removesuffix("/v1")
    assert [head.split("\r\n")[0] for head in proxy.heads] == [f"CONNECT {place} HTTP/1.1"]
    assert "authorization" not in proxy.heads[0].lower()
    assert provider.seen[0].headers["authorization"].startswith("Bearer sk-test-canary")
    assert b"sk-test-canary" not in proxy.carried


async def test_a_stream_comes_through_the_tunnel(through, provider, good_stream):
    async def streaming(exchange):
        await exchange.begin_stream()
        await exchange.chunk(*good_stream)
        await exchange.end_stream()

    provider.does(streaming)
    answer = await through(stream=True)
    assert b"hello" in b"".join([piece async for piece in answer.pieces()])
    await answer.aclose()


async def test_a_provider_without_tls_is_asked_through_the_proxy_too(carry, proxy, provider, good_answer):
    provider.does(answering(good_answer))
    await carry(endpoint={"proxy": proxy.url})
    assert proxy.heads[0].startswith(f"POST {provider.url}/v1/chat/completions HTTP/1.1\r\n")


async def test_the_proxy_is_told_user_and_password_and_the_provider_is_not(through, proxy, provider, good_answer):
    provider.does(answering(good_answer))
    await through(proxy_url=f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}")
    told = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
    assert f"Proxy-Authorization: Basic {told}" in proxy.heads[0]
    assert not [name for name in provider.seen[0].headers if name.startswith("proxy-")]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"407 Authenticate", "asks for a user and a password, or refuses the ones it was given (407)"),
        (b"403 Forbidden", "does not let it through (403)"),
        (b"502 Bad Gateway", "cannot reach it (502)"),
        (b"418 Teapot", "does not let it through (status 418)"),
    ],
)
async def test_a_proxy_that_refuses_is_named_with_its_reason(through, proxy, provider, answer, words):
    proxy.answers(b"HTTP/1.1 " + answer + b"\r\ncontent-length: 0\r\n\r\n")
    failure = await failure_of(through(proxy_url=f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}"))
    assert failure.trigger is Trigger.network
    assert failure.message == f"its proxy 127.0.0.1:{proxy.port} {words}"
    assert failure.status is None  # it was not the provider's
    assert not provider.seen


async def test_a_proxy_that_wants_a_password_is_no_refused_key_of_a_provider_without_tls(carry, proxy):
    proxy.answers(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n")
    failure = await failure_of(carry(endpoint={"proxy": proxy.url}))
    assert (failure.trigger, failure.message[-5:]) == (Trigger.network, "(407)")


async def test_a_proxy_that_hangs_ends_with_the_time_for_connecting(through, proxy):
    async def hanging(reader, _writer):
        await reader.read()

    proxy.instead = hanging
    failure = await failure_of(through(connect_seconds=0.05))
    assert failure.trigger is Trigger.timeout
    assert failure.message == f"no connection through its proxy 127.0.0.1:{proxy.port} in 0.1 s"


async def test_a_provider_that_thinks_for_longer_than_connecting_may_take_is_waited_for(
    through, carry, proxy, provider, good_answer
):
    async def slow(exchange):
        await exchange.send(0.3)
        await exchange.answer(good_answer)

    provider.does(slow)
    assert (await through(connect_seconds=0.2)).status == 200
    assert (await carry(endpoint={"proxy": proxy.url}, connect_seconds=0.2)).status == 200


async def test_a_proxy_that_is_not_there_is_named(through, unused_port):
    failure = await failure_of(through(proxy_url=f"http://user:{PASSWORD}@127.0.0.1:{unused_port}"))
    assert failure.trigger is Trigger.network
    assert failure.message == f"its proxy 127.0.0.1:{unused_port}: the connection was refused"


async def test_a_proxy_that_closes_without_a_word_is_named(through, proxy):
    proxy.answers(b"")
    failure = await failure_of(through())
    assert failure.trigger is Trigger.network
    assert failure.message.startswith(f"its proxy 127.0.0.1:{proxy.port}: ")


async def test_a_certificate_is_checked_through_a_tunnel_and_the_provider_blamed(through, provider):
    failure = await failure_of(through(ca_file=None))
    assert (failure.trigger, failure.message) == (
        Trigger.network,
        "its certificate is not trusted: its authority is unknown",
    )
    assert not provider.seen


async def test_what_a_provider_quotes_of_a_proxys_password_is_hidden(through, proxy, provider):
    provider.does(lambda exchange: exchange.answer(b'{"error":{"message":"you are %s"}}' % PASSWORD.encode(), 400))
    failure = await failure_of(through(proxy_url=f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}"))
    assert PASSWORD not in failure.message + (failure.body or b"").decode()
    assert "[key hidden]" in failure.message


async def test_a_password_is_hidden_as_it_is_written_and_as_it_is_meant(proxy, provider, carry):
    said = b'{"error":{"message":"p%2Fss-canary or p/ss-canary"}}'
    provider.does(lambda exchange: exchange.answer(said, 400))
    failure = await failure_of(carry(endpoint={"proxy": f"http://u:p%2Fss-canary@127.0.0.1:{proxy.port}"}))
    assert failure.message == "[key hidden] or [key hidden]"


async def test_each_provider_has_its_own_way(proxy, provider, good_answer, unused_port):
    provider.does(answering(good_answer))
    ways = {"through": proxy.url, "straight": None, "lost": f"http://127.0.0.1:{unused_port}"}
    carrier = ProviderCarrier(
        {
            name: Endpoint(name, "p", "openai", provider.url + "/v1", "m", transport="httpx", proxy=way)
            for name, way in ways.items()
        }
    )
    now = asyncio.get_running_loop().time()
    ask = Ask("r", "main", "m", "tests", 0.0, now, now + 5)
    call = openai_chat.read_request(b'{"model":"m","messages":[{"role":"user","content":"hi"}]}', {})
    try:
        for name in ("through", "straight"):
            await carrier.call(Try(1, name, "", Limits(), now + 5), ask, call)
        await failure_of(carrier.call(Try(1, "lost", "", Limits(), now + 5), ask, call))
    finally:
        await carrier.aclose()
    assert (len(proxy.heads), len(provider.seen)) == (1, 2)


async def test_a_cancelled_attempt_closes_the_tunnel(through, proxy, provider):
    came = asyncio.Event()

    async def silent(exchange):
        came.set()
        await exchange.until_closed()

    provider.does(silent)
    attempt = asyncio.create_task(through())
    await came.wait()
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    async with asyncio.timeout(2):
        while proxy.open:  # noqa: ASYNC110 -- the loop is what is waited for
            await asyncio.sleep(0)
