"""Write a chat completion request as an Anthropic messages request.

Text is carried: prompts, turns, stop sequences, limits. A request that needs more never comes here by routing; if it
does, it fails for this model and not for the caller. What is harmless to leave out is left out, and named.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from hotspare.dialects.call import Call
from hotspare.dialects.composed import Composed
from hotspare.dialects.endpoint import Endpoint
from hotspare.router.trigger import AttemptFailed, Trigger

DEFAULT_MAX_TOKENS = 4096

LACKS: frozenset[str] = frozenset(
    {"tools", "images", "files", "audio", "json_schema", "json_object", "logprobs", "n", "web_search"}
)
"""What this translation cannot carry: models that are reached by it lack these."""

_CARRIED = (
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "stop",
    "user",
)

_CHAT_ONLY = frozenset(
    {
        "seed", "presence_penalty", "frequency_penalty", "logit_bias", "n", "logprobs", "top_logprobs", "store",
        "response_format", "parallel_tool_calls", "reasoning_effort", "verbosity", "prediction", "modalities",
        "stream_options", "tool_choice", "tools", "functions", "function_call", "prompt_cache_key",
    }
)  # fmt: skip
"""Fields of a chat request that Anthropic would refuse: not even a model's defaults put them there."""

_NO_LOSS: Mapping[str, frozenset[bytes]] = {
    "n": frozenset({b"1"}),
    "logprobs": frozenset({b"false"}),
    "response_format": frozenset({b'{"type":"text"}', b'{"type": "text"}'}),
    "tool_choice": frozenset({b'"none"', b'"auto"'}),
    "tools": frozenset({b"[]"}),
    "modalities": frozenset({b'["text"]'}),
}
"""Values that say what happens anyway: leaving them out drops nothing."""

_encode = msgspec.json.Encoder().encode


class _Part(msgspec.Struct):
    type: str = ""
    text: str = ""
    refusal: str = ""


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None
    refusal: str | None = None
    name: str | None = None


class _Chat(msgspec.Struct):
    messages: list[_Message]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    user: str | None = None


def from_chat(call: Call, endpoint: Endpoint) -> Composed:
    """The request in this dialect.

    Raises:
        AttemptFailed: it cannot be carried (unclassified: another model may), or is malformed (bad_request).
    """
    lacking = sorted(call.needs & LACKS)
    if lacking:
        _cannot(f"what the request needs ({', '.join(lacking)})")
    chat = _decode(_with_defaults(call, endpoint))
    dropped = _dropped(call, chat)
    system, turns = _turns(chat.messages)
    body: dict[str, Any] = {
        "model": endpoint.model_id,
        "max_tokens": chat.max_completion_tokens or chat.max_tokens or DEFAULT_MAX_TOKENS,
        "messages": turns,
    }
    if system:
        body["system"] = system
    body |= _sampling(chat, dropped)
    if call.stream:
        body["stream"] = True
    for name, value in endpoint.parameters.items():
        if name not in _CARRIED and name not in _CHAT_ONLY:
            body.setdefault(name, value)
    return Composed(_encode(body), tuple(dropped))


def _with_defaults(call: Call, endpoint: Endpoint) -> dict[str, Any]:
    """The fields that are carried, the model's defaults where the request is silent."""
    values: dict[str, Any] = {name: call.fields[name] for name in _CARRIED if name in call.fields}
    limited = "max_tokens" in values or "max_completion_tokens" in values
    for name, value in endpoint.parameters.items():
        if name in _CARRIED and not (limited and name.startswith("max_")):
            values.setdefault(name, value)
    return values


def _decode(values: dict[str, Any]) -> _Chat:
    try:
        return msgspec.json.decode(_encode(values), type=_Chat)
    except (msgspec.DecodeError, RecursionError) as error:
        message = f"The request does not read as chat: {error}"
        raise AttemptFailed(Trigger.bad_request, message, status=400) from None


def _dropped(call: Call, chat: _Chat) -> list[str]:
    known = {*_CARRIED, "model", "stream", "stream_options"}
    dropped = [
        name
        for name, raw in call.fields.items()
        if name not in known and bytes(raw) != b"null" and bytes(raw) not in _NO_LOSS.get(name, ())
    ]
    if any(message.name for message in chat.messages):
        dropped.append("messages.name")
    return dropped


def _sampling(chat: _Chat, dropped: list[str]) -> dict[str, Any]:
    """Temperature ends at 1 here, and newer models take either it or top_p, not both."""
    values: dict[str, Any] = {}
    if chat.temperature is not None:
        values["temperature"] = min(chat.temperature, 1.0)
    if chat.top_p is not None and chat.temperature is None:
        values["top_p"] = chat.top_p
    elif chat.top_p not in (None, 1.0):
        dropped.append("top_p")
    stops = [chat.stop] if isinstance(chat.stop, str) else chat.stop or []
    usable = [stop for stop in stops if stop.strip()]  # a sequence of blanks is refused
    if usable:
        values["stop_sequences"] = usable
    if len(usable) < len(stops):
        dropped.append("stop")
    if chat.user:
        values["metadata"] = {"user_id": chat.user}
    return values


def _turns(messages: list[_Message]) -> tuple[str, list[dict[str, Any]]]:
    """System prompts apart, and turns that alternate, as the dialect requires; empty ones left out."""
    system: list[str] = []
    turns: list[tuple[str, list[str]]] = []
    for message in messages:
        texts = _texts(message)
        if message.role in ("system", "developer"):
            system += texts
        elif message.role not in ("user", "assistant"):
            _cannot(f"a message of role {message.role[:40]!r}")
        elif texts and turns and turns[-1][0] == message.role:
            turns[-1][1].extend(texts)
        elif texts:
            turns.append((message.role, texts))
    if not turns and system:
        turns, system = [("user", system)], []
    if not turns or turns[0][0] != "user":
        _cannot("a conversation that does not begin with the user")
    if turns[-1][0] == "assistant":  # a beginning of the answer: trailing blanks are refused
        turns[-1][1][-1] = turns[-1][1][-1].rstrip()
    return "\n\n".join(system), [{"role": role, "content": _content(texts)} for role, texts in turns]


def _texts(message: _Message) -> list[str]:
    if isinstance(message.content, list):
        texts = [_text_of_part(part) for part in message.content]
    else:
        texts = [message.content or message.refusal or ""]
    return [text for text in texts if text.strip()]


def _text_of_part(part: _Part) -> str:
    if part.type == "refusal":
        return part.refusal
    if part.type != "text":
        _cannot(f"a message part of type {part.type[:40]!r}")
    return part.text


def _content(texts: list[str]) -> str | list[dict[str, str]]:
    return texts[0] if len(texts) == 1 else [{"type": "text", "text": text} for text in texts]


def _cannot(what: str) -> NoReturn:
    raise AttemptFailed(Trigger.unclassified, f"{what} cannot be put to an Anthropic model here")
