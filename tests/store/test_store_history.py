"""Questions about what was, in the contract's words; the guide's own queries by hand."""

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime

import pytest

from hotspare.router.trigger import Trigger

CONTRACT_REQUEST = {
    *("id", "at", "asked", "chain", "model", "caller", "session", "status", "ok", "fallback", "attempts", "reason"),
    *("input_tokens", "output_tokens", "cost_usd"),
}


@pytest.fixture
async def filled(opened, make_record, make_fallback, make_attempt, noon):
    """A store with a morning's worth of everything."""
    unpriced = make_attempt(cost_pico_usd=None)
    async with opened() as store:
        for record in (
            make_record(id="a1", at=noon - 300, duration_ms=100.0),
            make_record(id="a2", at=noon - 200, duration_ms=300.0, caller="nightly", session=None),
            make_fallback(id="f1", at=noon - 100, duration_ms=800.0),
            make_record(id="u1", at=noon - 90, chain="other", cost_pico_usd=0, unpriced=True, attempts=(unpriced,)),
            make_record(id="t1", at=noon - 80, kind="test"),
            make_record(
                id="x1",
                at=noon - 70,
                model=None,
                verdict="failed",
                status=503,
                reason="timeout",
                ended_by="exhausted",
                input_tokens=0,
                output_tokens=0,
                cost_pico_usd=0,
                attempts=(
                    make_attempt(trigger=Trigger.timeout, status=None, cost_pico_usd=0),
                    make_attempt(number=2, model="gpt", trigger=Trigger.timeout, cost_pico_usd=0),
                ),
            ),
            make_record(id="l1", at=noon - 60, model=None, verdict="caller_left", status=499, cost_pico_usd=5),
            make_record(id="old", at=noon - 40 * 3600, duration_ms=9000.0),
        ):
            store.append(record)
        yield store


async def ids(store, **parameters):
    return [row["id"] for row in await store.query("requests", parameters)]


async def test_requests_come_newest_first_in_the_contracts_words(filled, noon):
    rows = await filled.query("requests", {"last": 7})
    assert [row["id"] for row in rows] == ["l1", "x1", "t1", "u1", "f1", "a2", "a1"]
    by_id = {row["id"]: row for row in rows}
    assert by_id["f1"].keys() >= CONTRACT_REQUEST
    assert {key: by_id["f1"][key] for key in CONTRACT_REQUEST} == {
        "id": "f1",
        "at": noon - 100,
        "asked": "main",
        "chain": "main",
        "model": "gpt",
        "caller": "shop-api",
        "session": "s1",
        "status": 200,
        "ok": True,
        "fallback": True,
        "attempts": 2,
        "reason": "rate_limit",
        "input_tokens": 1000,
        "output_tokens": 200,
        "cost_usd": 0.006,
    }
    assert by_id["u1"]["cost_usd"] is None
    assert by_id["x1"]["cost_usd"] == 0
    assert (by_id["x1"]["ok"], by_id["x1"]["model"]) == (False, None)


async def test_requests_are_filtered(filled, noon):
    assert await ids(filled, model="gpt") == ["f1"]
    assert await ids(filled, trigger="timeout") == ["x1"]
    assert await ids(filled, trigger="rate_limit") == ["f1"]
    assert await ids(filled, caller="nightly") == ["a2"]
    assert await ids(filled, since=noon - 75) == ["l1", "x1"]
    assert await ids(filled, kind="test") == ["t1"]
    assert await ids(filled, chain="other") == ["u1"]
    assert await ids(filled, session="s1", fallback=True) == ["f1"]
    assert await ids(filled, ok="false") == ["l1", "x1"]
    assert await ids(filled, last="2", model=None) == ["l1", "x1"]
    assert await ids(filled, since=noon - 300, until=noon - 100) == ["a2", "a1"]
    assert await ids(filled, status=503) == ["x1"]
    assert await ids(filled, slow=True) == ["old"]
    assert await ids(filled, slow=False, chain="main", last=2) == ["l1", "x1"]
    assert await ids(filled, text="NIGHT") == ["a2"]
    assert await ids(filled, text="gpt") == ["f1"]
    assert await ids(filled, text="ol") == ["old"]
    assert await ids(filled, text="%") == []
    assert await ids(filled, model="gpt' OR 1=1 --") == []


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("tables", {}, "no view named"),
        ("requests", {"where": "1"}, "no parameter 'where'"),
        ("requests", {"last": "many"}, "none of it"),
        ("requests", {"last": -1}, "none of it"),
        ("errors", {"since": float("nan")}, "none of it"),
        ("history", {"days": 0}, "none of it"),
        ("figures", {"by": "weather"}, "none of it"),
        ("explain", {}, "needs the id"),
    ],
)
async def test_what_is_no_question_is_refused(filled, name, parameters, said):
    with pytest.raises(ValueError, match=said):
        await filled.query(name, parameters)


async def test_explain_gives_candidates_attempts_and_the_rule(filled):
    [row] = await filled.query("explain", {"id": "f1"})
    assert row["ended_by"] == "fallback"
    assert row["candidates"] == [
        {"model": "claude", "skip": "cooling", "seconds_left": 41.5, "by": "provider"},
        {"model": "gpt", "skip": None, "seconds_left": None, "by": ""},
    ]
    first, second = row["attempts"]
    expected = {
        "model": "claude",
        "key": "ANTHROPIC_API_KEY",
        "trigger": "rate_limit",
        "status": 429,
        "provider_request_id": "req_1",
        "started_ms": 1.5,
        "first_content_ms": None,
        "ended_ms": 50.0,
        "cost_usd": 0.0,
    }
    assert {key: first[key] for key in expected} == expected
    assert (second["trigger"], second["cost_usd"]) == (None, 0.006)
    assert second["cancelled"] is second["estimated"] is False
    [unknown] = await filled.query("explain", {"id": "u1"})
    assert unknown["attempts"][0]["cost_usd"] is None


async def test_explain_takes_the_beginning_of_an_id_if_only_one_has_it(filled):
    assert [row["id"] for row in await filled.query("explain", {"id": "ol"})] == ["old"]
    assert await filled.query("explain", {"id": "zz"}) == []
    assert await filled.query("explain", {"id": "%"}) == []
    with pytest.raises(ValueError, match="several requests begin with 'a': a1, a2"):
        await filled.query("explain", {"id": "a"})


async def test_explain_takes_a_whole_id_that_others_begin_with(opened, make_record):
    async with opened() as store:
        for name in ("r1", "r10", "r11"):
            store.append(make_record(id=name))
        assert [row["id"] for row in await store.query("explain", {"id": "r1"})] == ["r1"]


async def test_errors_are_counted_by_type_and_model_for_the_last_hour(filled, noon, make_fallback):
    filled.append(make_fallback(id="earlier", at=noon - 3601))
    filled.append(make_fallback(id="tested", at=noon, kind="test"))
    rows = await filled.query("errors", {})
    assert [(row["trigger"], row["model"], row["count"]) for row in rows] == [
        ("rate_limit", "claude", 1),
        ("timeout", "claude", 1),
        ("timeout", "gpt", 1),
    ]
    assert rows[0]["last_at"] == pytest.approx(noon - 100 + 0.05)
    assert [row["model"] for row in await filled.query("errors", {"model": "gpt"})] == ["gpt"]
    assert await filled.query("errors", {"since": noon}) == []


async def test_errors_tell_how_many_requests_they_hit(opened, make_record, make_attempt):
    twice = tuple(make_attempt(number=number, trigger=Trigger.timeout) for number in (1, 2))
    async with opened() as store:
        store.append(make_record(id="a", attempts=(*twice, make_attempt(number=3))))
        store.append(make_record(id="b", attempts=(twice[0], make_attempt(number=2))))
        [row] = await store.query("errors", {})
        assert (row["count"], row["requests"]) == (3, 2)


def near(milliseconds):
    return pytest.approx(milliseconds, rel=0.02)


async def test_slow_gives_the_times_of_each_model_that_answered(opened, make_record, make_attempt, noon):
    async with opened() as store:
        for number in range(1, 21):
            attempt = make_attempt(started_ms=5.0, ended_ms=5.0 + number)
            store.append(make_record(id=f"r{number}", at=noon - number, attempts=(attempt,)))
        quick = (make_attempt(model="gpt", started_ms=0, ended_ms=2.0),)
        store.append(make_record(id="g", model="gpt", attempts=quick))
        failed = (make_attempt(trigger=Trigger.timeout, ended_ms=99999.0),)
        store.append(make_record(id="x", attempts=failed))
        cancelled = (make_attempt(cancelled=True, ended_ms=99999.0),)
        store.append(make_record(id="y", attempts=cancelled))
        store.append(make_record(id="earlier", at=noon - 3601))
        store.append(make_record(id="tested", kind="test"))
        assert await store.query("slow", {}) == [
            {"model": "claude", "count": 20, "mean_ms": 10.5, "p50_ms": near(10.0), "p95_ms": near(19.0)},
            {"model": "gpt", "count": 1, "mean_ms": 2.0, "p50_ms": near(2.0), "p95_ms": near(2.0)},
        ]


async def test_history_gives_the_figures_in_steps(filled, noon):
    rows = await filled.query("history", {"chain": "main", "days": 2})
    assert [row["at"] for row in rows] == [noon - 3600, noon - 40 * 3600]
    assert rows[0] == {
        "at": noon - 3600,
        "requests": 4,
        "ok": 3,
        "failed": 1,
        "primary": 2,
        "fallback": 1,
        "forced_fallback": 0,
        "mean_ms": 400.0,
        "p50_ms": pytest.approx(300.0, rel=0.02),
        "p95_ms": pytest.approx(800.0, rel=0.02),
        "input_tokens": 4000,
        "output_tokens": 800,
        "cost_usd": pytest.approx(0.018000000005),
        "unpriced_requests": 0,
        "estimated_usd": 0.0,
    }
    [one] = await filled.query("history", {"caller": "nightly"})
    assert (one["requests"], one["mean_ms"]) == (1, 300.0)
    assert await filled.query("history", {"until": noon - 3600}) == []
    minutes = await filled.query("history", {"since": noon - 3600, "step_seconds": 60})
    assert sum(row["requests"] for row in minutes) == 5
    assert sum(row["unpriced_requests"] for row in minutes) == 1
    assert all(row["at"] % 60 == 0 for row in minutes)


async def test_figures_are_told_for_each_name_the_dearest_first(filled, noon):
    async def named(**parameters):
        return [(row["name"], row["requests"], row["cost_usd"]) for row in await filled.query("figures", parameters)]

    cent = pytest.approx
    assert await named(by="caller") == [("shop-api", 4, cent(0.012, abs=1e-6)), ("nightly", 1, cent(0.006))]
    assert await named(by="chain", last=1) == [("main", 4, cent(0.018, abs=1e-6))]
    assert await named(by="reason", chain="main") == [
        ("", 2, cent(0.012, abs=1e-6)),
        ("rate_limit", 1, cent(0.006)),
        ("timeout", 1, 0.0),
    ]
    assert await named(by="session", chain="other") == [("s1", 1, None)]
    assert await named(by="hour", since=noon - 2 * 86400) == [(noon - 3600, 5, cent(0.018)), (noon - 144000, 1, 0.006)]
    assert await named(by="chain", until=noon - 86400) == []


async def test_figures_of_a_model_are_those_of_its_calls(filled):
    rows = {row["name"]: row for row in await filled.query("figures", {"by": "model", "chain": "main"})}
    assert (rows["claude"]["requests"], rows["claude"]["calls"], rows["claude"]["failed"]) == (2, 5, 2)
    assert rows["gpt"]["cost_usd"] == pytest.approx(0.006)
    assert rows["gpt"]["p50_ms"] == pytest.approx(751.5, rel=0.02)


GUIDE = (
    "SELECT sum(tokens_used * cost_per_token) FROM sessions WHERE created_at > datetime('now', '-1 day')",
    (
        "SELECT count(*) FILTER (WHERE model != 'claude') * 1.0 / count(*) FROM sessions"
        " WHERE created_at > datetime('now', '-1 day')"
    ),
    (
        "SELECT error_type, count(*) FROM session_errors WHERE created_at > datetime('now', '-1 hour')"
        " GROUP BY error_type ORDER BY 1"
    ),
    "SELECT model, avg(duration_ms) FROM sessions WHERE model IS NOT NULL GROUP BY model ORDER BY 1",
    "SELECT id, created_at, model, model_used, prompt, tokens_used, duration_ms FROM sessions ORDER BY created_at",
)


@pytest.fixture
async def guides_answers(opened, make_record, make_fallback, tmp_path):
    """What Python's own sqlite3 says to the guide's queries, about a day of which the cost is known."""
    now = datetime.now(UTC).timestamp()
    async with opened() as store:
        for number in range(7):
            cost = 1_000_000_007 * (number + 1)
            store.append(make_record(id=f"r{number}", at=now - number, cost_pico_usd=cost, duration_ms=100.0))
        store.append(make_fallback(id="f", at=now - 10, cost_pico_usd=5, duration_ms=7.0))
        store.append(make_record(id="none", at=now, model="claude", verdict="failed", cost_pico_usd=0))
        store.append(make_record(id="probe", at=now, kind="probe", cost_pico_usd=10**12))
        store.append(make_record(id="old", at=now - 90_000, cost_pico_usd=10**12, duration_ms=700.0))
        store.append(make_record(id="free", at=now, model=None, verdict="caller_left", input_tokens=0, output_tokens=0))
    with closing(sqlite3.connect(tmp_path / "hotspare.db")) as connection:
        yield [connection.execute(query).fetchall() for query in GUIDE]


async def test_the_guides_queries_are_answered_exactly(guides_answers):
    cost, share, errors, times, rows = guides_answers
    assert cost[0][0] == pytest.approx((28 * 1_000_000_007 + 5) / 1e12, rel=1e-12)
    assert share == [(1 / 10,)]
    assert errors == [("rate_limit", 1)]
    assert times == [("claude", 175.0), ("gpt", 7.0)]
    by_id = {row[0]: row for row in rows}
    assert set(by_id) == {"r0", "r1", "r2", "r3", "r4", "r5", "r6", "f", "none", "old", "free"}
    datetime.strptime(by_id["f"][1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert by_id["f"][2:] == ("gpt", "gpt", None, 1200, 7.0)
    assert by_id["none"][2:4] == (None, None)


def said_by(shell, path, query):
    told = subprocess.run([shell, "-json", path, query], capture_output=True, check=True, text=True).stdout
    return [tuple(row.values()) for row in json.loads(told)]


async def test_the_sqlite3_shell_gives_the_same_answers(guides_answers, tmp_path):
    shell = shutil.which("sqlite3")
    if shell is None:
        return  # not everybody has it; Python's own module has answered above
    for query, expected in zip(GUIDE, guides_answers, strict=True):
        for row, same in zip(said_by(shell, tmp_path / "hotspare.db", query), expected, strict=True):
            assert row == pytest.approx(same)


async def test_the_view_says_when_a_cost_is_unknown_and_counts_what_is_known(opened, make_record, tmp_path):
    async with opened() as store:
        store.append(make_record(id="unknown", unpriced=True, cost_pico_usd=0))
        store.append(make_record(id="partly", unpriced=True, cost_pico_usd=12 * 10**9))
        store.append(make_record(id="free", cost_pico_usd=0))
    with closing(sqlite3.connect(tmp_path / "hotspare.db")) as connection:
        rows = connection.execute("SELECT id, cost_per_token FROM sessions ORDER BY id").fetchall()
        assert rows == [("free", 0.0), ("partly", pytest.approx(1e-5)), ("unknown", None)]
