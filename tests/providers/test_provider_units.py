"""The carrier's small parts: when to come back, what to hide, whose time is up, where a model lives."""

import asyncio
import json
import time

import pytest

from hotspare.dialects.call import Call
from hotspare.dialects.endpoint import ApiKey, Endpoint
from hotspare.providers.address import addresses_of
from hotspare.providers.failure import failure_of_status
from hotspare.providers.limit import Limit, Watch
from hotspare.providers.redaction import Redactor
from hotspare.providers.retry_after import retry_after_seconds
from hotspare.router.trigger import AttemptFailed, Trigger

NOW = 1_445_412_480.0  # Wed, 21 Oct 2015 07:28:00 GMT


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "42"}, 42.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "200"}, 0.2),
        ({"retry-after-ms": "200", "retry-after": "9"}, 0.2),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:27:00 GMT"}, None),
        ({"retry-after": "Zun, 29 Sep 100000 07:27:00 GMT"}, None),
        ({"retry-after": "86401"}, 86_400.0),
        ({"retry-after": "1e35"}, 86_400.0),
        *[
            ({"retry-after": odd}, None)
            for odd in ("0", "-10", "inf", "-inf", "nan", "", "soon", "1,2", "\u0663" * 9000)
        ],
        ({}, None),
    ],
)
def test_when_a_provider_asks_to_be_left_alone(headers, seconds):
    assert retry_after_seconds(headers, NOW) == seconds


def redactor(*secrets, **headers):
    keys = tuple(ApiKey("K", secret) for secret in secrets)
    return Redactor([Endpoint("m", "p", "openai", "http://x", "id", keys, headers=headers)])


@pytest.mark.parametrize(
    "text",
    [
        "bad key abcdefghij0123456789xyz!",
        "bad key abcdefghij**********xyz!",
        "bad key abcdefghij...wxyz!",
        "bad key pass1!",
        "bad key sk-proj-somebody_elses.0000!",
        "bad key Bearer qrstuvwxyzabcdefg.qrst!",
        "bad key AIzaSyA1234567890zyxwvutsrqp!",
        "bad key hunter2!",
    ],
)
def test_keys_are_hidden_whole_or_masked_ours_or_another_s(text):
    hide = redactor("abcdefghij0123456789xyz", "pass1", authorization="Basic hunter2")
    assert hide.text(text) == "bad key [key hidden]!"


def test_a_secret_of_four_characters_is_hidden_and_a_shorter_one_is_a_word_like_others():
    hide = redactor("abcd", "xyz")
    assert hide.text("abcd xyz abc") == "[key hidden] xyz abc"


def test_other_words_stay():
    text = "Bearer authentication failed for task-42 on disk-1: risk-free pk-1"
    assert redactor("abcdefghij0123456789xyz", "x", "").text(text) == text
    assert redactor().text(text) == text


def test_a_body_without_secrets_stays_as_it_is():
    body = b'{"error" : {"message": "n\\u00e9", "n": [1, null, 2.0]}}'
    assert redactor("abcdefghij0123456789xyz").body(body) is body
    escaped = b'{"error": {"message": "key abc\\u0064efghij0123456789xyz", "list": ["abcdefghij0123456789xyz"]}}'
    cleaned = json.loads(redactor("abcdefghij0123456789xyz").body(escaped))
    assert cleaned == {"error": {"message": "key [key hidden]", "list": ["[key hidden]"]}}


def expired() -> AttemptFailed:
    return AttemptFailed(Trigger.timeout, "time is up")


@pytest.fixture
async def watch():
    watch = Watch(time.monotonic)
    yield watch
    assert not watch._waiting
    watch.close()


async def test_a_wait_that_ends_in_time_is_left_alone(watch):
    with Limit(watch).until(time.monotonic() + 5, expired):
        await asyncio.sleep(0)


async def test_a_wait_past_its_time_is_a_failure_and_the_task_lives_on(watch):
    with pytest.raises(AttemptFailed, match="time is up"), Limit(watch).until(time.monotonic() + 0.02, expired):
        await asyncio.Event().wait()
    assert asyncio.current_task().cancelling() == 0
    await asyncio.sleep(0)


async def test_a_later_shorter_wait_is_not_held_to_an_earlier_longer_one(watch):
    limit = Limit(watch)
    with limit.until(time.monotonic() + 60, expired):
        await asyncio.sleep(0)
    with pytest.raises(AttemptFailed), limit.until(time.monotonic() + 0.02, expired):
        await asyncio.Event().wait()


async def test_a_wait_after_one_whose_time_was_up_has_all_of_its_own(watch):
    limit = Limit(watch)
    with pytest.raises(AttemptFailed), limit.until(time.monotonic() + 0.02, expired):
        await asyncio.Event().wait()
    with limit.until(time.monotonic() + 5, expired):
        await asyncio.sleep(0)


async def test_time_between_waits_does_not_count(watch):
    limit = Limit(watch)
    with limit.until(time.monotonic() + 0.02, expired):
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    with limit.until(time.monotonic() + 5, expired):
        await asyncio.sleep(0)


async def test_each_of_several_waits_ends_at_its_own_time(watch):
    began = time.monotonic()
    ended = []

    async def wait(seconds):
        with pytest.raises(AttemptFailed), Limit(watch).until(began + seconds, expired):
            await asyncio.Event().wait()
        ended.append((seconds, time.monotonic() - began))

    await asyncio.gather(wait(0.06), wait(0.02), wait(0.04))
    assert [due for due, _ in ended] == [0.02, 0.04, 0.06]
    assert all(due - 0.002 <= at for due, at in ended)


async def test_a_wait_that_is_over_holds_nobody_and_no_timer_is_made_for_each(watch):
    timers = set()
    for _ in range(3):
        with Limit(watch).until(time.monotonic() + 5, expired):
            timers.add(watch._handle)
            await asyncio.sleep(0)
    assert len(timers) == 1
    assert not watch._waiting


async def test_somebody_else_s_cancellation_goes_on_as_one_though_the_time_is_up_too(watch):
    limit = Limit(watch)

    async def wait():
        with limit.until(time.monotonic() + 60, expired):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    limit.until(0.0, expired)
    watch._look()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("dialect", "base_url", "url"),
    [
        ("openai", "http://h/v1", "http://h/v1/chat/completions"),
        ("openai", "http://h/api/v1/", "http://h/api/v1/chat/completions"),
        ("anthropic", "http://h", "http://h/v1/messages"),
        ("anthropic", "http://h/v1/", "http://h/v1/messages"),
    ],
)
def test_where_a_model_is_called(dialect, base_url, url):
    (found,) = addresses_of(Endpoint("m", "p", dialect, base_url, "id"))
    assert (found[0], found[1].urls["chat"]) == ("", url)
    assert not {"authorization", "x-api-key"} & {name for name, _ in found[1].headers}


def test_each_key_has_headers_of_its_own_and_none_is_shown():
    keys = (ApiKey("A", "secret-a"), ApiKey("B", "secret-b"))
    found = dict(addresses_of(Endpoint("m", "p", "openai", "http://h", "id", keys)))
    assert dict(found["B"].headers)["authorization"] == "Bearer secret-b"
    assert "secret" not in repr(found)


def test_a_dialect_that_no_model_of_another_serves_is_a_failed_attempt():
    (found,) = addresses_of(Endpoint("m", "p", "anthropic", "http://h", "id"))
    with pytest.raises(AttemptFailed):
        found[1].exchange_for(Call("openai", "embeddings", {}, "m"))


QUOTA = b'[{"error":{"code":429,"message":"You exceeded your current quota","details":[{"retryDelay":"34s"}]}}]'


@pytest.mark.parametrize(
    ("body", "headers", "trigger", "seconds"),
    [
        (QUOTA, {}, Trigger.rate_limit, 34.0),
        (QUOTA, {"retry-after": "5"}, Trigger.rate_limit, 5.0),
        (b'{"error":{"message":"You exceeded your current quota"}}', {}, Trigger.quota, None),
        (b'{"error":{"details":[{"retryDelay":"0s"}]}}', {}, Trigger.rate_limit, None),
        (b'{"error":{"details":[{"retryDelay":"999999s"}]}}', {}, Trigger.rate_limit, 86400.0),
    ],
)
def test_a_pause_that_the_body_asks_for_is_kept_and_tells_a_limit_from_spent_credit(body, headers, trigger, seconds):
    failure = failure_of_status(429, headers, body, 0.0)
    assert (failure.trigger, failure.retry_after_seconds) == (trigger, seconds)


def test_spent_credit_is_that_however_long_one_is_asked_to_wait():
    failure = failure_of_status(402, {"retry-after": "5"}, b'{"error":{"message":"Insufficient credits"}}', 0.0)
    assert (failure.trigger, failure.retry_after_seconds) == (Trigger.quota, 5.0)
