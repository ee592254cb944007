"""An instance that runs for weeks: the price library's new price holds from its date on, without a restart."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import httpx
import pytest

from hotspare.app.instance import claim
from hotspare.app.reloading import Reloading
from hotspare.app.wiring import running
from hotspare.configuration.load import load
from hotspare.router.clock import Clock

DAY_BEFORE, DAY = datetime(2025, 6, 9, 23, 59, tzinfo=UTC), datetime(2025, 6, 10, tzinfo=UTC)


@pytest.fixture
async def model():
    """A model of OpenAI's, as far as one must know it here."""
    import asyncio  # noqa: PLC0415

    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    body = json.dumps({"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}).encode()

    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().split(b"content-length:")[1].split()[0])
        await reader.readexactly(size)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n")
        writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def test_the_new_price_is_paid_from_its_date_on_and_told(tmp_path, model):
    file = tmp_path / "hotspare.toml"
    file.write_text(
        '[gateway]\nname = "weeks"\nport = 0\n[store]\npath = "weeks.db"\n[health_check]\nenabled = false\n'
        f'[[models]]\nname = "o3"\nprovider = "openai"\nbase_url = "{model}"\n[chains.main]\nmodels = ["o3"]\n'
    )
    environment = {"HOME": str(tmp_path), "OPENAI_API_KEY": "k"}
    wall = [DAY_BEFORE.timestamp()]

    def read():
        return load(file, environment, today=datetime.fromtimestamp(wall[0], UTC))

    async with (
        running(read(), claim("weeks", tmp_path), Clock(wall=lambda: wall[0]), keeps=True) as found,
        httpx.AsyncClient(base_url=f"http://{found.gateway.listen}", trust_env=False) as caller,
    ):
        said = []
        found.tell = lambda text, hint: said.append(text + hint)
        reloading = Reloading(read, found)

        async def ask():
            asked = {"model": "main", "messages": [{"role": "user", "content": "hi"}]}
            answer = await caller.post("/v1/chat/completions", json=asked)
            assert answer.status_code == 200

        await reloading.look_at_prices(wall[0])
        await ask()
        assert said == []
        wall[0] = DAY.timestamp()
        await reloading.look_at_prices(wall[0])
        await ask()
        assert said == ["other prices hold from now on: o3"]
        await reloading.look_at_prices(wall[0] + 61)
        assert len(said) == 1
    with closing(sqlite3.connect(tmp_path / "weeks.db")) as connection:
        costs = [row[0] for row in connection.execute("SELECT cost_pico_usd FROM requests ORDER BY at")]
    assert costs == [1000 * 10_000_000 + 100 * 40_000_000, 1000 * 2_000_000 + 100 * 8_000_000]
