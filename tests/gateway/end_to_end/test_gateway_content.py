"""What callers see, over real sockets, of answers that are not what was asked for, and of those that were put right."""

import json

import pytest

JSON = {"response_format": {"type": "json_object"}}


@pytest.fixture
def ask(house, place_of):
    return place_of(house).ask


def content(answer):
    return json.loads(answer.body)["choices"][0]["message"]["content"]


async def test_an_answer_that_is_not_what_was_asked_for_is_another_models(ask, house, chat, rows):
    house.beta.text = '{"city": "Paris"}'
    answer = await ask("POST", "/v1/chat/completions", chat("main", **JSON))
    assert (answer.status, content(answer)) == (200, '{"city": "Paris"}')
    assert answer.headers["x-hotspare-model"] == "beta"
    assert answer.headers["x-hotspare-fallback"] == "true"
    assert "x-hotspare-repaired" not in answer.headers
    [row] = await rows(house, kind="traffic", last=10)
    assert (row["reason"], row["attempts"]) == ("invalid_output", 2)


async def test_an_answer_that_was_put_right_is_marked(ask, house, chat):
    house.alpha.text = 'Sure!\n```json\n{"city": "Paris",}\n```'
    answer = await ask("POST", "/v1/chat/completions", chat("main", **JSON))
    assert content(answer) == '{"city": "Paris"}'
    assert answer.headers["x-hotspare-model"] == "alpha"
    assert answer.headers["x-hotspare-repaired"] == "true"


async def test_what_nobody_could_give_is_a_graceful_error(ask, house, chat):
    answer = await ask("POST", "/v1/chat/completions", chat("main", **JSON))
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"]) == (503, "all_models_failed")
    assert error["message"].startswith("no model could answer (alpha: invalid_output (200)")
