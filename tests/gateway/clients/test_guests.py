"""The official clients, and a chain whose next model is of their dialect but of another provider."""

import anthropic
import pytest

HI = [{"role": "user", "content": "hi"}]
CACHED = {"cache_control": {"type": "ephemeral"}}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "a-signature-of-claude's"}


def dropped(answer):
    return answer.headers["x-hotspare-dropped"].split(", ")


@pytest.mark.parametrize("stream", [False, True])
async def test_anthropic_s_client_is_served_by_another_provider_without_what_was_only_for_the_first(
    house, messages, stream
):
    house.claude.status = 529
    asked = {
        "model": "twins",
        "max_tokens": 9,
        "messages": [*HI, {"role": "assistant", "content": [THOUGHT, {"type": "text", "text": "yes"}]}, *HI],
        "system": [{"type": "text", "text": "be brief"} | CACHED],
        "extra_headers": {"anthropic-beta": "context-1m-2025-08-07"},
    }
    if stream:
        async with messages.messages.stream(**asked) as told:
            message = await told.get_final_message()
            answer = told.response
    else:
        answer = await messages.messages.with_raw_response.create(**asked)
        message = await answer.parse()
    assert message.content[0].text == "from twin"
    assert (answer.headers["x-hotspare-model"], answer.headers["x-hotspare-fallback"]) == ("twin", "true")
    assert set(dropped(answer)) == {"cache_control", "messages.thinking"}
    path, headers, body = house.twin.seen[-1]
    assert (path, body["system"]) == ("/v1/messages", [{"type": "text", "text": "be brief"}])
    assert body["messages"] == [*HI, {"role": "assistant", "content": [{"type": "text", "text": "yes"}]}, *HI]
    assert headers["x-api-key"] == "sk-twin"
    assert "anthropic-beta" not in headers
    _, headers, body = house.claude.seen[-1]
    assert headers["anthropic-beta"] == "context-1m-2025-08-07"
    assert (body["system"], body["messages"]) == (asked["system"], asked["messages"])


async def test_a_prefill_is_not_put_to_another_provider_and_the_caller_is_told_why(house, messages):
    house.claude.status = 529
    prefilled = [*HI, {"role": "assistant", "content": "Once"}]
    with pytest.raises(anthropic.APIStatusError):
        await messages.messages.create(model="twins", max_tokens=9, messages=prefilled)
    assert not house.twin.seen
    house.claude.status = 200
    answer = await messages.messages.create(model="twins", max_tokens=9, messages=prefilled)
    assert answer.content[0].text == "from claude"


async def test_openai_s_client_is_served_by_another_provider_without_what_was_only_for_the_first(house, chat):
    house.gpt.status = 503
    asked = {"messages": [*HI, {"role": "assistant", "content": "y", "reasoning_content": "hm"}, *HI], "seed": 7}
    answer = await chat.chat.completions.with_raw_response.create(
        model="cousins", store=True, logit_bias={"1": 5}, reasoning_effort="low", **asked
    )
    assert answer.parse().choices[0].message.content == "from cousin"
    assert set(dropped(answer)) == {"store", "logit_bias", "reasoning_effort", "messages.reasoning_content"}
    assert house.cousin.asked["messages"] == [*HI, {"role": "assistant", "content": "y"}, *HI]
    assert house.cousin.asked["seed"] == 7
    assert house.gpt.asked["store"] is True


async def test_who_names_the_other_provider_s_model_writes_for_it(house, messages):
    await messages.messages.create(
        model="twin", max_tokens=9, messages=HI, system=[{"type": "text", "text": "s"} | CACHED]
    )
    assert house.twin.asked["system"] == [{"type": "text", "text": "s"} | CACHED]
    assert not house.claude.seen
