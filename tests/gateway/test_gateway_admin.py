"""The instance socket: Backend's calls, whole on both sides."""

import asyncio
import getpass

import msgspec
import pytest

from hotspare.engine.backend import Prompt, PromptEvent
from hotspare.gateway import admin_wire
from hotspare.gateway.admin_wire import ApplyMessage
from hotspare.router.command import ForceModel, Refusal, SetPriorities, Undo


@pytest.fixture
async def admin(open_gateway):
    return await open_gateway(unix=True)


async def _post(admin, path, body):
    return await admin.ask("POST", path, body, unix=True)


async def test_a_snapshot_arrives_as_it_was(admin):
    answer = await admin.ask("GET", "/snapshot", unix=True)
    assert admin_wire.decode_snapshot(answer.body) == await admin.backend.snapshot()


async def test_a_console_that_looks_is_known_to_the_others_by_user_and_claim(admin):
    async def look(query=""):
        answer = await admin.ask("GET", f"/snapshot{query}", unix=True)
        return [console.who for console in admin_wire.decode_snapshot(answer.body).consoles]

    user = getpass.getuser()
    assert await look("?console=a1&as=ana%20b%1b[0m") == []
    assert await look("?console=b2&as=") == [f"{user} (as ana b[0m)"]
    assert await look() == [f"{user} (as ana b[0m)", user]


async def test_the_instance_tells_who_it_is(admin):
    answer = await admin.ask("GET", "/instance", unix=True)
    assert admin_wire.decode_instance(answer.body) == admin.backend.instance


async def test_a_command_arrives_with_who_and_why(admin, fake):
    message = ApplyMessage(ForceModel("main", "gpt", until=9.5), why="slow", confirmed=True, claimed="ana")
    answer = await _post(admin, "/apply", admin_wire.encode_apply(message))
    who = f"{getpass.getuser()} (as ana)"
    assert admin.backend.applied == [(ForceModel("main", "gpt", until=9.5), who, "slow", True)]
    assert admin_wire.decode_outcome(answer.body) == fake.entry


async def test_tuples_stay_tuples_on_the_way(admin):
    await _post(admin, "/apply", admin_wire.encode_apply(ApplyMessage(SetPriorities("main", ("b", "a")))))
    assert admin.backend.applied[0][0] == SetPriorities("main", ("b", "a"))


async def test_a_claim_is_made_harmless_and_an_empty_one_is_none(admin):
    await _post(admin, "/apply", admin_wire.encode_apply(ApplyMessage(Undo(), claimed="a\x1b[31m\nb")))
    await _post(admin, "/apply", admin_wire.encode_apply(ApplyMessage(Undo())))
    user = getpass.getuser()
    assert [who for _, who, _, _ in admin.backend.applied] == [f"{user} (as a[31mb)", user]


async def test_a_refusal_arrives_as_it_was(admin):
    admin.backend.outcome = Refusal("It would stop 12 req/min.", "--yes does it", needs_confirmation=True)
    answer = await _post(admin, "/apply", admin_wire.encode_apply(ApplyMessage(Undo())))
    assert (answer.status, admin_wire.decode_outcome(answer.body)) == (200, admin.backend.outcome)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"act":"explode"}',
        b'{"act":"force","chain":"main"}',
        b'{"act":"force","chain":"main","model":7}',
        b'{"act":"force","chain":"main","model":"gpt","until":"soon"}',
        b'{"act":"undo","confirmed":"yes"}',
        b'{"act":"undo","more":1}',
        b"[" * 100_000,
    ],
)
async def test_a_message_that_is_no_command_changes_nothing(admin, body):
    answer = await _post(admin, "/apply", body or b" ")
    assert answer.status == 400
    assert "not understood" in admin_wire.decode_error(answer.body).title
    assert not admin.backend.applied


async def test_a_query_arrives_with_its_parameters(admin):
    answer = await _post(admin, "/query", admin_wire.encode_query("requests", {"last": 5, "model": None}))
    assert admin.backend.queries == [("requests", {"last": 5, "model": None})]
    assert admin_wire.decode_rows(answer.body) == [{"id": "r1", "cost_usd": None}]


async def test_an_unknown_view_is_told(admin):
    answer = await _post(admin, "/query", admin_wire.encode_query("secrets", {}))
    assert answer.status == 400
    assert "secrets" in admin_wire.decode_error(answer.body).title


async def test_a_fault_of_our_own_is_told_without_a_traceback(admin, caplog):
    answer = await _post(admin, "/query", admin_wire.encode_query("broken", {}))
    assert answer.status == 500
    assert "Zero" not in admin_wire.decode_error(answer.body).title
    assert "ZeroDivisionError" in caplog.text


async def test_a_test_prompt_is_followed_line_by_line(admin):
    prompt = Prompt("say hi", model="gpt")
    answer = await _post(admin, "/prompt", admin_wire.encode_prompt(prompt))
    assert admin.backend.prompts == [prompt]
    events = [admin_wire.decode_prompt_event(line) for line in answer.body.splitlines()]
    assert events == [
        PromptEvent("route", "claude: 429, next gpt"),
        PromptEvent("text", "gr\u00f6\u00dfe"),
        PromptEvent("end", "gpt, 1 ms", "r9"),
    ]


async def test_events_come_as_they_happen_and_end_when_nobody_listens(admin, fake):
    async with admin.connection(unix=True) as (reader, writer), asyncio.timeout(3):
        writer.write(fake.request("GET", "/events"))
        await reader.readuntil(b"\r\n\r\n")
        await reader.readline()
        assert admin_wire.decode_event(await reader.readline()) == {"event": "request", "id": "r1"}
        assert not admin.backend.left.is_set()
    async with asyncio.timeout(2):
        await admin.backend.left.wait()


async def test_stopping_ends_those_who_watch(admin, fake):
    async with admin.connection(unix=True) as (reader, writer), asyncio.timeout(3):
        writer.write(fake.request("GET", "/events"))
        await reader.readuntil(b"\r\n\r\n")
        await admin.gateway.stop(0.0)
    assert admin.backend.left.is_set()


async def test_the_socket_knows_no_other_calls(admin):
    assert (await admin.ask("GET", "/apply", unix=True)).status == 405
    assert (await admin.ask("GET", "/v1/models", unix=True)).status == 404


async def test_the_traffic_port_knows_no_admin_calls(admin):
    for path in ("/snapshot", "/apply", "/query", "/prompt", "/events", "/instance"):
        assert (await admin.ask("POST", path, b"{}")).status == 404


async def test_a_message_without_end_is_refused(admin):
    answer = await _post(admin, "/query", msgspec.json.encode({"name": "x" * 5_000_000}))
    assert answer.status == 400
    assert "longer than" in admin_wire.decode_error(answer.body).title
