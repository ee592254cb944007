"""The surface for applications: what is served, what is told, who may ask."""

import asyncio
import hmac
from dataclasses import replace

import msgspec
import pytest

from hotspare.configuration.compiled import CallerSettings
from hotspare.engine.protocols import Told


async def test_a_whole_answer_says_what_happened(place, chat):
    answer = await place.ask("POST", "/v1/chat/completions", chat())
    assert answer.status == 200
    told = {name: value for name, value in answer.headers.items() if name.startswith("x-hotspare")}
    assert told == {
        "x-hotspare-request-id": "r1",
        "x-hotspare-model": "claude",
        "x-hotspare-fallback": "false",
        "x-hotspare-attempts": "1",
        "x-hotspare-source": "model",
    }
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["date"]
    assert "server" not in answer.headers


async def test_a_stream_says_what_happened_and_is_not_cached(place, chat):
    place.engine.told = Told("r2", "gpt", True, 3, notice="backup", notice_text="gpt answers: 97 %", dropped=("top_k",))
    answer = await place.ask("POST", "/v1/chat/completions", chat(stream=True))
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-hotspare-fallback"] == "true"
    assert answer.headers["x-hotspare-attempts"] == "3"
    assert answer.headers["x-hotspare-notice"] == "backup"
    assert answer.headers["x-hotspare-notice-text"] == "gpt answers: 97 %"
    assert answer.headers["x-hotspare-dropped"] == "top_k"
    assert answer.body.endswith(b"data: [DONE]\n\n")


async def test_names_cannot_end_a_header(place, chat):
    place.engine.told = Told(
        "r", "gr\u00f6\u00dfe\r\nx-evil: 1", True, 1, notice="backup", notice_text="a\u2192b\x1b[0m"
    )
    answer = await place.ask("POST", "/v1/chat/completions", chat())
    assert answer.headers["x-hotspare-model"] == "gr%C3%B6%C3%9Fe%0D%0Ax-evil: 1"
    assert answer.headers["x-hotspare-notice-text"] == "a%E2%86%92b%1B[0m"
    assert "x-evil" not in answer.headers


async def test_an_error_says_when_to_come_back(place, chat):
    answer = await place.ask("POST", "/v1/chat/completions", chat("failing"))
    assert answer.status == 503
    assert answer.headers["retry-after"] == "13"
    assert "x-should-retry" not in answer.headers
    assert answer.error["code"] == "all_models_failed"
    assert answer.error["retry_after"] == 12.2
    assert answer.error["fallback_suggestion"] == "try gpt"
    assert answer.error["request_id"] == "r1"
    assert answer.headers["x-hotspare-request-id"] == "r1"


@pytest.mark.parametrize(("seconds", "says"), [(60.0, None), (60.1, "false"), (None, "false")])
async def test_a_client_is_kept_from_retrying_where_that_cannot_help_soon(place, chat, seconds, says):
    place.engine.fail = replace(place.engine.fail, retry_after_seconds=seconds)
    answer = await place.ask("POST", "/v1/chat/completions", chat("failing"))
    assert answer.headers.get("x-should-retry") == says


async def test_the_providers_own_error_goes_back_unchanged(place, chat):
    answer = await place.ask("POST", "/v1/chat/completions", chat("relayed"))
    assert (answer.status, answer.body) == (422, b'{"error":{"message":"theirs"}}')


async def test_a_broken_stream_ends_with_an_error_event_and_without_its_usual_end(place, chat):
    answer = await place.ask("POST", "/v1/chat/completions", chat("breaking", stream=True))
    last = answer.body.strip().split(b"\n\n")[-1]
    assert msgspec.json.decode(last.removeprefix(b"data: "))["error"]["code"] == "all_models_failed"
    assert b"[DONE]" not in answer.body


async def test_a_fault_of_our_own_is_a_500_without_a_traceback(place, chat):
    answer = await place.ask("POST", "/v1/chat/completions", chat("buggy"))
    assert (answer.status, answer.error["code"]) == (500, "internal_error")
    assert b"ZeroDivision" not in answer.body
    assert answer.headers["x-should-retry"] == "false"


async def test_an_unknown_model_is_a_404_that_names_what_is_served(place, chat):
    answer = await place.ask("POST", "/v1/chat/completions", chat("unknown"))
    assert (answer.status, answer.error["code"], answer.error["param"]) == (404, "model_not_found", "model")
    assert "claude" in answer.error["message"]


async def test_an_unknown_preferred_fallback_is_a_400(place, chat):
    answer = await place.ask("POST", "/v1/chat/completions", chat(preferred_fallback="nobody"))
    assert (answer.status, answer.error["param"]) == (400, "preferred_fallback")


@pytest.mark.parametrize(
    "path",
    ["/", "/v1/chat/completions/", "/v1/completions", "/snapshot", "/apply", "/health/../v1/models", "/V1/models"],
)
async def test_any_other_path_is_a_404_that_names_what_is_served(place, path):
    answer = await place.ask("GET", path)
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert "POST /v1/chat/completions" in answer.error["message"]


async def test_an_unknown_path_of_anthropics_dialect_answers_in_its_shape(place):
    answer = await place.ask("POST", "/v1/messages/batches", b"{}")
    body = msgspec.json.decode(answer.body)
    assert (answer.status, body["type"], body["error"]["type"]) == (404, "error", "not_found_error")


async def test_a_wrong_method_says_which_is_right(place):
    answer = await place.ask("GET", "/v1/chat/completions")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    answer = await place.ask("OPTIONS", "/v1/models", origin=None)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("via", ["run1", "run0 run1", "run0,run1", "run1 run0", "a b c d e f g h"])
async def test_a_request_of_our_own_that_comes_back_is_refused(place, chat, via):
    answer = await place.ask("POST", "/v1/chat/completions", chat(), x_hotspare_via=via)
    assert (answer.status, answer.error["code"]) == (508, "loop_detected")
    assert answer.headers["x-should-retry"] == "false"
    assert not place.engine.calls


@pytest.mark.parametrize(
    ("via", "passed"), [("run0", "run0"), ("run0, run2", "run0 run2"), ("run11 *; evil run0", "run11 evil run0")]
)
async def test_a_request_that_came_through_other_gateways_is_served_and_their_marks_kept(place, chat, via, passed):
    assert (await place.ask("POST", "/v1/chat/completions", chat(), x_hotspare_via=via)).status == 200
    assert place.engine.calls[0].via == passed


async def test_while_draining_new_requests_are_told_to_come_back(place, chat):
    place.engine.draining = True
    answer = await place.ask("POST", "/v1/chat/completions", chat())
    assert (answer.status, answer.error["code"], answer.headers["retry-after"]) == (503, "draining", "5")
    ready = await place.ask("GET", "/health/ready")
    assert ready.status == 503
    assert (await place.ask("GET", "/v1/models")).status == 200


@pytest.mark.parametrize(
    ("headers", "caller"),
    [
        ({"x_hotspare_caller": "shop-api"}, "shop-api"),
        ({"x_hotspare_caller": "shop-api", "user_agent": "curl/8"}, "shop-api"),
        ({"user_agent": "OpenAI/Python 3.52.0"}, "OpenAI/Python"),
        ({"user_agent": "curl/8.5.0"}, "curl"),
        ({"user_agent": "python-httpx/0.28.1 (linux)"}, "python-httpx"),
        ({}, "unknown"),
        ({"x_hotspare_caller": ""}, "unknown"),
        ({"user_agent": "  "}, "unknown"),
        ({"x_hotspare_caller": "gr\u00fcn"}, "gr\u00fcn"),
        ({"x_hotspare_caller": "c\u0085\u202ed"}, "cd"),
        ({"x_hotspare_caller": "a" * 100}, "a" * 64),
    ],
)
async def test_the_caller_is_named_and_its_name_made_harmless(place, chat, headers, caller):
    await place.ask("POST", "/v1/chat/completions", chat(), **headers)
    assert place.engine.callers == [caller]


# ------------------------------------------------------------------ token
@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer s3cret\u00fc"},
        {"authorization": "bearer  s3cret\u00fc"},
        {"x_api_key": "s3cret\u00fc"},
    ],
)
async def test_the_token_opens_the_gateway(open_gateway, chat, headers):
    place = await open_gateway(token="s3cret\u00fc")
    assert (await place.ask("POST", "/v1/chat/completions", chat(), **headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer"},
        {"authorization": "Basic s3cret"},
        {"authorization": "s3cret"},
        {"x_api_key": ""},
        {"x_api_key": "s3cret "[:-2]},
        {"authorization": "Bearer \u00ff\u00fe'; DROP TABLE requests"},
    ],
)
async def test_without_the_token_every_path_is_closed_but_liveness(open_gateway, chat, headers):
    place = await open_gateway(token="s3cret")
    for method, path, body in [
        ("POST", "/v1/chat/completions", chat()),
        ("GET", "/v1/models", b""),
        ("GET", "/health", b""),
        ("GET", "/health/models", b""),
        ("GET", "/nowhere", b""),
        ("GET", "/health/live/", b""),
        ("GET", "/health/livex", b""),
    ]:
        answer = await place.ask(method, path, body, **headers)
        assert (answer.status, answer.error["code"]) == (401, "invalid_token")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert b"s3cret" not in answer.body
    assert not place.engine.calls
    assert (await place.ask("GET", "/health/live", **headers)).status == 204


async def test_the_token_is_asked_for_before_the_body_is_looked_at(open_gateway):
    place = await open_gateway(token="s3cret")
    assert (await place.ask("POST", "/v1/chat/completions", b"nonsense", content_type="text/plain")).status == 401


# ------------------------------------------------------------------ looking
async def test_the_list_of_models_holds_chains_and_models_once(place, fake):
    place.backend.models += (fake.model("gpt", chain="other", provider="openai"),)
    listed = msgspec.json.decode((await place.ask("GET", "/v1/models")).body)
    assert listed["object"] == "list"
    assert [(m["id"], m["owned_by"]) for m in listed["data"]] == [
        ("main", "hotspare"),
        ("claude", "anthropic"),
        ("gpt", "openai"),
    ]
    assert {m["object"] for m in listed["data"]} == {"model"}
    assert {m["created"] for m in listed["data"]} == {1_789_000_000}


async def test_one_model_is_found_by_its_name_with_slashes_and_escapes(place, fake):
    place.backend.models = (fake.model("openai/gpt 5"),)
    answer = await place.ask("GET", "/v1/models/openai/gpt%205")
    assert msgspec.json.decode(answer.body)["id"] == "openai/gpt 5"
    assert (await place.ask("GET", "/v1/models/openai")).error["code"] == "model_not_found"


async def test_liveness_says_nothing(place):
    answer = await place.ask("GET", "/health/live")
    assert (answer.status, answer.body) == (204, b"")
    assert set(answer.headers) == {"date"}


async def test_health_tells_each_chain(place, fake):
    place.backend.models = (fake.model(state="open"), fake.model("gpt", state="disabled"))
    told = msgspec.json.decode((await place.ask("GET", "/health")).body)
    assert (told["status"], told["chains"], told["instance"]) == ("down", [{"chain": "main", "ready": False}], "prod")
    place.backend.models += (fake.model("haiku"),)
    assert msgspec.json.decode((await place.ask("GET", "/health")).body)["status"] == "ok"


async def test_a_head_request_gets_the_headers_alone(place):
    answer = await place.ask("HEAD", "/health")
    assert (answer.status, answer.body) == (200, b"")


async def test_ready_means_that_a_model_can_be_called(place, fake):
    assert (await place.ask("GET", "/health/ready")).status == 200
    place.backend.models = (
        fake.model(state="cooling", seconds_left=40.5),
        fake.model("gpt", state="open", seconds_left=9.2),
        fake.model("x", state="disabled"),
    )
    answer = await place.ask("GET", "/health/ready")
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    place.backend.models += (fake.model("haiku", state="trial"),)
    assert (await place.ask("GET", "/health/ready")).status == 200


async def test_the_health_of_models_has_the_guides_shape(place, fake):
    place.backend.models = (
        fake.model(checked_at=1_789_999_990.4),
        fake.model("gpt", provider="openai", state="cooling", reason="429, Retry-After", seconds_left=40, calls=0),
        fake.model("haiku", state="open", reason="5 failures in a row (timeout)", p50_ms=None),
        fake.model("haiku", chain="other", state="open", reason="5 failures in a row (timeout)", p50_ms=None),
    )
    told = msgspec.json.decode((await place.ask("GET", "/health/models")).body)
    assert told == {
        "models": [
            {
                "model": "claude",
                "provider": "anthropic",
                "status": "healthy",
                "reason": None,
                "until": None,
                "success_rate": 0.9,
                "latency_ms": 120.0,
                "checked_at": "2026-09-21T14:13:10Z",
                "error": None,
            },
            {
                "model": "gpt",
                "provider": "openai",
                "status": "cooling",
                "reason": "cooling",
                "until": "2026-09-21T14:14:00Z",
                "success_rate": None,
                "latency_ms": 120.0,
                "checked_at": None,
                "error": "429, Retry-After",
            },
            {
                "model": "haiku",
                "provider": "anthropic",
                "status": "unhealthy",
                "reason": "open",
                "until": None,
                "success_rate": 0.9,
                "latency_ms": None,
                "checked_at": None,
                "error": "5 failures in a row (timeout)",
            },
        ]
    }


async def test_connections_are_kept_for_the_next_request(place, fake, chat):
    async with place.connection() as (reader, writer):
        for _ in range(3):
            writer.write(fake.request("POST", "/v1/chat/completions", chat(stream=True)))
            assert (await fake.read_answer(reader)).status == 200
        assert not reader.at_eof()


async def test_answers_of_many_callers_do_not_mix(place, chat):
    answers = await asyncio.gather(
        *(place.ask("POST", "/v1/chat/completions", chat(stream=bool(n % 2))) for n in range(40))
    )
    assert all(a.status == 200 for a in answers)
    assert [b"[DONE]" in a.body for a in answers] == [bool(n % 2) for n in range(40)]


async def test_every_token_is_compared_whichever_fits_and_in_constant_time(open_gateway, monkeypatch):
    place = await open_gateway(token="gate-token", callers=(CallerSettings("shop", "shop-token"),))
    compared = []
    compare = hmac.compare_digest

    def noted(given, token):
        compared.append(token)
        return compare(given, token)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    for given, status in (("gate-token", 200), ("shop-token", 200), ("wrong", 401)):
        compared.clear()
        assert (await place.ask("GET", "/health", x_api_key=given)).status == status
        assert compared == [b"gate-token", b"shop-token"]


@pytest.mark.parametrize("length", [120, 121, 5000])
async def test_a_path_that_is_served_by_nobody_is_quoted_and_a_long_one_cut(place, length):
    path = "/" + "p" * (length - 1)
    answer = await place.ask("GET", path)
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    shown = path if length == 120 else path[:120] + "…"
    assert f"Nothing is served at '{shown}'." in answer.error["message"]


@pytest.mark.parametrize(
    ("path", "headers", "dialect"),
    [
        ("/v1/models/none", {"anthropic_version": "2023-06-01"}, "anthropic"),
        ("/v1/models/none", {}, "openai"),
        ("/v1/embeddings", {"anthropic_version": "2023-06-01"}, "openai"),
        ("/v1/messages", {}, "anthropic"),
    ],
)
async def test_an_error_has_the_shape_of_who_asks_at_that_path(place, path, headers, dialect):
    answer = await place.ask("GET", path, **headers)
    assert answer.status in {404, 405}
    assert (msgspec.json.decode(answer.body).get("type") == "error") is (dialect == "anthropic")
