"""What must never be seen, looked for everywhere: in answers, errors, figures, the store, the spool and the log; and
where a caller must never be able to send us.
"""

import asyncio
import stat
from contextlib import asynccontextmanager

import pytest

from hotspare.dialects.provider_error import MESSAGE_LENGTH

KEY = "sk-proj-the-providers-own-key-4711"
TOKEN = "the-gateways-own-token"
PROMPT = "a prompt that nobody keeps"
HOSTILE = "x'); DROP TABLE requests; --"


@pytest.fixture
async def house(open_house):
    return await open_house(token=TOKEN, key=KEY)


@pytest.fixture
def ask(house, place_of):
    place = place_of(house)

    async def asked(method, path, body=b"", **headers):
        return await place.ask(method, path, body, **{"authorization": f"Bearer {TOKEN}"} | headers)

    return asked


def files_of(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@asynccontextmanager
async def listener():
    """Somewhere on this machine that nothing of ours has any business at, and what came there."""
    came = []

    async def serve(reader, writer):
        came.append(await reader.read(4000))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", came
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("status", [400, 401, 403, 422, 429, 500])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_a_key_that_a_provider_quotes_gets_nowhere(ask, house, rows, chat, tmp_path, status, path):
    house.alpha.status = house.beta.status = status
    house.alpha.message = house.beta.message = f"Incorrect API key provided: {KEY}"
    for stream in (False, True):
        answer = await ask("POST", path, chat("main", max_tokens=5, stream=stream))
        assert answer.status >= 400
        assert KEY not in answer.body.decode() + repr(answer.headers)
    for page in ("/health", "/health/models", "/metrics", "/v1/models"):
        assert KEY not in (await ask("GET", page)).body.decode()
    assert KEY not in repr(await house.backend.snapshot()) + repr(await rows(house))
    assert not [path for path in files_of(tmp_path) if KEY.encode() in path.read_bytes()]


async def test_keys_tokens_prompts_and_answers_are_in_no_file(ask, house, rows, chat, tmp_path):
    body = chat("main", messages=[{"role": "user", "content": PROMPT}])
    assert (await ask("POST", "/v1/chat/completions", body)).status == 200
    house.alpha.status = 400
    assert (await ask("POST", "/v1/chat/completions", body)).status == 400
    spooled = [path for path in files_of(tmp_path) if "spool" in path.name]
    assert any(path.stat().st_size for path in spooled)  # looked at before it is moved, and after
    for _ in range(2):
        for path in files_of(tmp_path):
            found = [secret for secret in (KEY, TOKEN, PROMPT, "whole from") if secret.encode() in path.read_bytes()]
            assert not found, path
        assert len(await rows(house)) == 2


async def test_of_what_a_provider_says_in_an_error_only_its_beginning_is_kept(ask, house, rows, chat, tmp_path):
    house.alpha.status = 400
    house.alpha.message = f"not this: {'w ' * MESSAGE_LENGTH} {PROMPT}"
    assert (await ask("POST", "/v1/chat/completions", chat("main"))).status == 400
    await rows(house)
    assert not [path for path in files_of(tmp_path) if PROMPT.encode() in path.read_bytes()]


async def test_every_file_is_its_owners_alone(ask, house, rows, chat, tmp_path):
    await ask("POST", "/v1/chat/completions", chat("main"))
    await rows(house)
    names = {path.name for path in files_of(tmp_path)}
    assert {"house.db", "house.db-wal", "house.db-shm", "house.db-spool", "house.log"} <= names
    assert {stat.S_IMODE(path.stat().st_mode) for path in files_of(tmp_path)} == {0o600}


async def test_what_callers_say_is_data_to_the_store(ask, house, rows, chat):
    said = {"x_hotspare_caller": HOSTILE, "x_session_id": HOSTILE}
    assert (await ask("POST", "/v1/chat/completions", chat(f"gpt-{HOSTILE}"), **said)).status == 200
    assert (await ask("POST", "/v1/chat/completions", chat("main"))).status == 200
    [row] = await rows(house, caller=HOSTILE)
    assert (row["caller"], row["session"], row["asked"]) == (HOSTILE, HOSTILE, f"gpt-{HOSTILE}")
    assert len(await rows(house)) == 2


async def test_control_characters_of_callers_and_providers_are_not_in_the_log(ask, house, rows, chat, tmp_path):
    escape = "\x1b]52;c;aGk=\x07\x9b31m\u202e\u2028"
    house.alpha.status, house.alpha.message = 429, f"slow{escape}"
    said = {"x_session_id": "s\u009b31m", "user_agent": "a\u009b31m"}
    await ask("POST", "/v1/chat/completions", chat(f"gpt-{escape}"), **said)
    await rows(house)
    lines = (tmp_path / "house.log").read_text()
    assert lines.count("\n") == len(lines.splitlines()) > 0
    assert lines.replace("\n", "").isprintable()


@pytest.mark.parametrize("field", ["api_base", "base_url", "api_key", "url", "endpoint", "proxy"])
async def test_no_field_and_no_header_leads_elsewhere(ask, house, chat, field):
    async with listener() as (elsewhere, came):
        header = {f"x_{field}": elsewhere, field: elsewhere}
        answer = await ask("POST", "/v1/chat/completions", chat("main", **{field: elsewhere}), **header)
        assert answer.headers["x-hotspare-model"] == "alpha"
        answer = await ask("POST", "/v1/messages", chat("main", max_tokens=5, **{field: elsewhere}), **header)
        assert answer.headers["x-hotspare-model"] == "alpha"
    assert not came
    assert {headers["authorization"] for headers, _ in house.alpha.seen} == {f"bearer {KEY}"}


async def test_what_a_request_refers_to_is_never_fetched(ask, house, chat):
    async with listener() as (elsewhere, came):
        schema = {"type": "object", "$ref": f"{elsewhere}/schema", "properties": {"a": {"$ref": f"{elsewhere}/a"}}}
        wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
        tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
        picture = [{"type": "image_url", "image_url": {"url": f"{elsewhere}/a.png"}}]
        messages = [{"role": "user", "content": picture}]
        house.alpha.text = '{"a": 1}'
        for further in ({"response_format": wanted}, {"tools": [tool]}, {"messages": messages}):
            assert (await ask("POST", "/v1/chat/completions", chat("main", **further))).status == 200
        source = {"type": "image", "source": {"type": "url", "url": f"{elsewhere}/b.png"}}
        body = chat("main", max_tokens=5, messages=[{"role": "user", "content": [source]}])
        assert (await ask("POST", "/v1/messages", body)).status == 200
    assert not came


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_of_a_provider_is_not_followed(ask, house, chat, status):
    async with listener() as (elsewhere, came):
        house.alpha.status, house.alpha.location = status, f"{elsewhere}/v1/chat/completions"
        answer = await ask("POST", "/v1/chat/completions", chat("main"))
    assert answer.headers["x-hotspare-model"] == "beta"
    assert not came


async def test_no_act_is_to_be_had_at_the_port_for_applications(ask, house, chat):
    before = await house.backend.snapshot()
    for path in ("/apply", "/prompt", "/query", "/snapshot", "/events", "/instance"):
        for method in ("GET", "POST"):
            assert (await ask(method, path, b"{}" if method == "POST" else b"")).status == 404
    assert (await house.backend.snapshot()).decisions == before.decisions == ()
