"""Every figure on the screen is the sum over what is stored: recomputed in SQL, over a run in which all kinds of things
happen to requests.
"""

import asyncio
import json
import random
import sqlite3
from contextlib import closing, suppress
from datetime import date
from itertools import cycle

import httpx
import pytest

from hotspare.app import rows
from hotspare.app.instance import claim
from hotspare.app.wiring import running
from hotspare.configuration.load import load
from hotspare.engine.backend import Prompt
from hotspare.router.clock import Clock

PICO = 10**12
FILE = """
[gateway]
name = "adds-up"
port = 0
[store]
path = "adds-up.db"
[limits]
retries = 0
first_content_seconds = 0.4
[health_check]
enabled = false
[breaker]
consecutive_failures = 6
open_seconds = 0.2
[providers.box]
dialect = "openai"
base_url = "URL"
[[models]]
name = "good"
provider = "box"
input_usd_per_million_tokens = 3
output_usd_per_million_tokens = 15
cache_read_usd_per_million_tokens = 0.3
[[models]]
name = "flaky"
provider = "box"
input_usd_per_million_tokens = 1.1
output_usd_per_million_tokens = 4.4
[[models]]
name = "mute"
provider = "box"
input_usd_per_million_tokens = 0.15
output_usd_per_million_tokens = 0.6
[[models]]
name = "slow"
provider = "box"
input_usd_per_million_tokens = 5
output_usd_per_million_tokens = 25
[[models]]
name = "unpriced"
provider = "box"
[chains.main]
models = ["flaky", "good"]
[chains.race]
models = ["slow", "mute", "good"]
strategy = "fastest"
[chains.hedge]
models = ["slow", "good"]
strategy = "hedged"
hedge_extra_share = 1
[chains.odd]
models = ["unpriced", "flaky"]
[chains.bad]
models = ["flaky"]
"""


class Models:
    """Five models behind one address, each with its own ways."""

    def __init__(self):
        self.chance = random.Random(20261121)
        self.turns = cycle((3, 0, 4, 1, 5, 2))

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().split(b"content-length:")[1].split()[0])
                await self.answer(json.loads(await reader.readexactly(size)), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, asked, writer):
        model = asked["model"]
        turn = next(self.turns) if model == "flaky" else 5
        if model == "slow":
            await asyncio.sleep(0.06)
        if turn < 3:
            status = (b"500 Oops", b"503 Busy", b"400 Your fault")[turn]
            writer.write(b"HTTP/1.1 %s\r\ncontent-length: 2\r\n\r\n{}" % status)
        elif asked.get("stream"):
            await self.stream(model, asked, writer, cut=turn == 4)
        else:
            self.whole(model, writer)
        await writer.drain()

    def usage(self):
        given = self.chance.randrange(100, 9000)
        cached = {"cached_tokens": given // 3}
        return {"prompt_tokens": given, "completion_tokens": given // 9, "prompt_tokens_details": cached}

    def whole(self, model, writer):
        choice = {"index": 0, "message": {"role": "assistant", "content": f"{model} says so"}, "finish_reason": "stop"}
        told = {"id": "c", "object": "chat.completion", "choices": [choice]}
        body = json.dumps(told if model == "mute" else {**told, "usage": self.usage()}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
        writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)

    async def stream(self, model, asked, writer, *, cut):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")

        def event(data):
            line = b"data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", **data}).encode() + b"\n\n"
            writer.write(b"%x\r\n%s\r\n" % (len(line), line))

        for word in ("so ", "it ", "is ", "said "):
            event({"choices": [{"index": 0, "delta": {"content": word}}]})
            await writer.drain()
            await asyncio.sleep(0.003)
        if cut:
            writer.close()
            raise ConnectionError
        event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        if model != "mute":
            event({"choices": [], "usage": self.usage()})
        writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")


async def one(caller, chance):
    """A request of one of some callers, in one of many ways."""
    chain = chance.choice(("main", "main", "race", "hedge", "odd", "bad", "main"))
    asked = {"model": chain, "messages": [{"role": "user", "content": "word " * chance.randrange(1, 400)}]}
    stream, leaves = chance.random() < 0.5, chance.random() < 0.2
    headers = {"x-hotspare-caller": chance.choice(("shop", "nightly")), "x-session-id": chance.choice("abc")}
    if not stream:
        with suppress(httpx.TimeoutException):
            await caller.post("/v1/chat/completions", json=asked, headers=headers, timeout=0.01 if leaves else 20)
        return
    async with caller.stream("POST", "/v1/chat/completions", json=asked | {"stream": True}, headers=headers) as answer:
        async for _ in answer.aiter_raw():
            if leaves:
                return


@pytest.fixture
async def ran(tmp_path):
    """The instance after the run, its store's file, and how to begin another like it."""
    models = Models()
    server = await asyncio.start_server(models.serve, "127.0.0.1", 0)
    file = tmp_path / "hotspare.toml"
    file.write_text(FILE.replace("URL", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"))

    def begun(name):
        configuration = load(file, {"HOME": str(tmp_path)}, today=date(2026, 11, 21))
        return running(configuration, claim(name, tmp_path), Clock(), keeps=True)

    chance = random.Random(7)
    async with server, begun("first") as found:
        async with httpx.AsyncClient(base_url=f"http://{found.gateway.listen}", trust_env=False) as caller:
            for _ in range(16):
                await asyncio.gather(*(one(caller, chance) for _ in range(8)))
            async for _ in found.backend.send_prompt(Prompt("does it work?", model="good")):
                pass
        await found.engine.drained(5)
        await found.store.flush(figures=True)
        yield found, tmp_path / "adds-up.db", begun


def ask(path, sql):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql)]


OF_REQUESTS = """
SELECT
  count(*) FILTER (WHERE verdict IN ('answered', 'failed')) AS requests,
  count(*) FILTER (WHERE verdict = 'answered') AS answered,
  count(*) FILTER (WHERE verdict = 'answered' AND NOT fallback) AS "primary",
  count(*) FILTER (WHERE fallback) AS fallback,
  sum(cost_pico_usd) AS cost_pico_usd, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
  sum(unpriced) AS unpriced_requests
FROM requests WHERE kind = 'traffic'
"""
OF_ATTEMPTS = """
SELECT attempts.model AS name, count(*) AS calls, sum(trigger IS NULL AND NOT cancelled) AS answered,
  coalesce(sum(attempts.cost_pico_usd), 0) AS cost_pico_usd,
  coalesce(sum(attempts.cost_pico_usd) FILTER (WHERE attempts.estimated), 0) AS estimated_pico_usd
FROM attempts JOIN requests ON requests.id = attempts.request_id
WHERE kind = 'traffic' AND trigger IS NOT 'bad_request' GROUP BY 1
"""


async def check(found, path):
    """All that the console, `status` and `/metrics` say is what SQL makes of the rows."""
    await asyncio.sleep(0)
    snapshot = await found.backend.snapshot()
    [total] = ask(path, OF_REQUESTS)
    assert {name: getattr(snapshot.today, name) for name in total} == total
    [guessed] = ask(
        path,
        "SELECT sum(attempts.cost_pico_usd) AS pico FROM attempts JOIN requests ON id = request_id "
        "WHERE attempts.estimated AND kind = 'traffic'",
    )
    assert snapshot.today.estimated_pico_usd == guessed["pico"] > 0
    [other] = ask(path, "SELECT sum(cost_pico_usd) AS pico FROM requests WHERE kind != 'traffic'")
    assert snapshot.today_other_pico_usd == other["pico"] > 0
    models = {row["name"]: row for row in ask(path, OF_ATTEMPTS)}
    for view in snapshot.models:
        row = models[view.name]
        assert (view.requests_today, view.answered_today) == (row["calls"], row["answered"])
        assert (view.cost_pico_usd, view.estimated_pico_usd) == (row["cost_pico_usd"], row["estimated_pico_usd"])
    told = rows.status(snapshot)
    assert told["cost_usd"] == total["cost_pico_usd"] / PICO
    assert (told["requests"], told["ok"], told["fallback"]) == (total["requests"], total["answered"], total["fallback"])
    figures = await found.backend.query("figures", by="model", since=0.0)
    assert {row["name"]: (row["calls"], row["ok"], row["estimated_usd"]) for row in figures} == {
        name: (row["calls"], row["answered"], row["estimated_pico_usd"] / PICO) for name, row in models.items()
    }
    return total


async def test_every_figure_is_the_sum_over_what_is_stored(ran):
    found, path, begun = ran
    seen = ask(path, "SELECT verdict, source, fallback, estimated, unpriced FROM requests")
    assert {row["verdict"] for row in seen} == {"answered", "failed", "caller_fault", "caller_left"}
    assert {row["fallback"] for row in seen} == {row["estimated"] for row in seen} == {0, 1}
    triggers = {row["trigger"] for row in ask(path, "SELECT DISTINCT trigger FROM attempts WHERE trigger IS NOT NULL")}
    assert triggers >= {"server_error", "overloaded", "stream_cut"}
    total = await check(found, path)

    every = "SELECT coalesce(sum(cost_pico_usd), 0) AS pico, count(*) AS number FROM attempts"
    [attempts] = ask(path, every)
    [requests] = ask(path, "SELECT sum(cost_pico_usd) AS pico FROM requests")
    assert attempts["pico"] == requests["pico"]
    async with httpx.AsyncClient(base_url=f"http://{found.gateway.listen}", trust_env=False) as caller:
        metrics = (await caller.get("/metrics")).text
    costs = [float(line.split()[-1]) for line in metrics.splitlines() if line.startswith("hotspare_cost_usd_total{")]
    assert sum(costs) == pytest.approx(attempts["pico"] / PICO, rel=1e-12)
    [guide] = ask(path, "SELECT sum(tokens_used * cost_per_token) AS usd FROM sessions")
    assert guide["usd"] == pytest.approx(total["cost_pico_usd"] / PICO, rel=1e-9)
    async with begun("second") as again:
        assert await check(again, path) == total, "and so says one that begins on the same file"
