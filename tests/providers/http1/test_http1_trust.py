"""Reading authorities takes long: it holds up nobody, is done once, and nobody can spoil it for the others."""

import asyncio
import shutil
import ssl
import threading

import pytest

from hotspare.providers import trust
from hotspare.providers.trust import Trust
from hotspare.router.trigger import AttemptFailed, Trigger


@pytest.fixture
def slow(monkeypatch):
    """Reading takes until it is told to end. Counts how often it began."""
    end, begun, read = threading.Event(), [], trust._read

    def reading(path):
        begun.append(path)
        assert end.wait(5)
        return read(path)

    monkeypatch.setattr(trust, "_read", reading)
    yield end, begun
    end.set()


@pytest.fixture
def authority(certificates):
    return str(certificates / "authority.pem")


async def test_authorities_are_read_beside_the_loop_and_once_for_all_who_wait(slow, authority):
    end, begun = slow
    shared = Trust()
    waiting = [asyncio.create_task(shared.context(authority)) for _ in range(20)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    end.set()
    contexts = await asyncio.gather(*waiting)
    assert len(set(contexts)) == 1
    assert await shared.context(authority) is contexts[0]
    assert begun == [authority]


async def test_who_stops_waiting_takes_it_from_nobody(slow, authority):
    end, begun = slow
    shared = Trust()
    first, second = (asyncio.create_task(shared.context(authority)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    end.set()
    assert isinstance(await second, ssl.SSLContext)
    assert begun == [authority]


async def test_a_file_that_cannot_be_read_is_read_once_it_can(tmp_path, authority):
    shared, path = Trust(), tmp_path / "authorities.pem"
    for content in (None, "no certificate"):
        if content is not None:
            path.write_text(content)
        with pytest.raises(AttemptFailed) as caught:
            await shared.context(str(path))
        assert (caught.value.trigger, caught.value.message) == (
            Trigger.network,
            f"its certificate authorities cannot be read: {path}",
        )
    shutil.copy(authority, path)
    assert (await shared.context(str(path))).get_ca_certs()


async def test_who_is_asked_for_authorities(monkeypatch, authority, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", authority)
    (named,) = (await Trust().context(None)).get_ca_certs()
    assert dict(pair for (pair,) in named["subject"]) == {"commonName": "hotspare test authority"}
    monkeypatch.setenv("SSL_CERT_FILE", "")
    assert len((await Trust().context(None)).get_ca_certs()) > 50
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert await Trust().context(authority)


async def test_a_context_checks_hosts_and_offers_what_we_speak(authority):
    context = await Trust().context(authority)
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
