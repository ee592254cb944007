"""The requests, answers and events that every program of this bench sends, the same bytes for each."""

import json
from functools import cache

TEXT = (
    "A fallback router sends a request to the first healthy provider of an ordered list. When one answers with a rate "
    "limit or a server error, it records the failure, lets the provider cool down and tries the next. The caller sees "
    "one answer, and in its headers which model gave it and after how many attempts."
)

LARGE_BYTES = 350_000
STAMP = b"00000000000000000000"
"""In each paced event: nanoseconds of the monotonic clock when it was sent, which one machine's processes share."""

_USAGE = {
    "prompt_tokens": 42,
    "completion_tokens": 64,
    "total_tokens": 106,
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
_HEAD = {"id": "chatcmpl-bench", "created": 1760000000, "model": "gpt-4o-mini"}


@cache
def request(chain: str, *, stream: bool = False, large: bool = False) -> bytes:
    """What an application asks."""
    messages = [
        {"role": "system", "content": "Answer briefly."},
        {"role": "user", "content": "What does a fallback router do when a provider is down?"},
    ]
    while large and len(messages) * len(TEXT) < LARGE_BYTES:
        messages.append({"role": "assistant" if len(messages) % 2 else "user", "content": TEXT})
    body = {"model": chain, "messages": messages, "temperature": 0.2, "max_tokens": 256}
    if stream:
        body["stream"] = True
    return json.dumps(body).encode()


@cache
def answer() -> bytes:
    """A whole answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "logprobs": None, "finish_reason": "stop"}
    return json.dumps({**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _USAGE}).encode()


@cache
def error() -> bytes:
    """A provider that is overloaded."""
    return json.dumps({"error": {"message": "overloaded", "type": "server_error", "code": "overloaded"}}).encode()


def _event(choices: list[dict[str, object]], **more: object) -> bytes:
    chunk = {**_HEAD, "object": "chat.completion.chunk", "choices": choices, **more}
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"


@cache
def content_event() -> tuple[bytes, bytes]:
    """An event with a piece of text: what is before the stamp, and what is behind it."""
    choice = {"index": 0, "delta": {"content": " a piece of text"}, "logprobs": None, "finish_reason": None}
    before, after = _event([choice], system_fingerprint=STAMP.decode()).split(STAMP)
    return before, after


@cache
def last_events() -> bytes:
    """The end of a stream: why it stopped, the usage, the mark."""
    stop = _event([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}])
    return stop + _event([], usage=_USAGE) + b"data: [DONE]\n\n"
