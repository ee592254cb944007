"""The words of a request and of its answer, as a person would read them; for those who chose to have them kept.

Lenient: what cannot be read says nothing. Images, audio and tools' schemas are no words and are left out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from hotspare.dialects.call import Call
from hotspare.dialects.sse import EventTooLarge, SseParser

_FIELDS = ("system", "messages", "input", "prompt")
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, EventTooLarge)


def prompt_of(call: Call) -> str:
    """What was asked: one paragraph a message, with who says it before it."""
    return "\n\n".join(part for name in _FIELDS if name in call.fields for part in _said(name, call.fields[name]))


def _said(name: str, raw: msgspec.Raw) -> Iterator[str]:
    try:
        value = msgspec.json.decode(raw)
    except _UNREADABLE:
        return
    if name == "messages" and isinstance(value, list):
        for message in value:
            if isinstance(message, dict):
                yield f"{message.get('role', '?')}: {''.join(_words(message.get('content')))}"
    else:
        who = "system" if name == "system" else "user"
        if words := " ".join(_words(value)):
            yield f"{who}: {words}"


def _words(content: Any) -> Iterator[str]:
    """The text in a string, in a list of parts, in the parts of a part."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            yield from _words(part)
    elif isinstance(content, dict):
        yield from _words(content.get("text"))
        yield from _words(content.get("content"))


def body_of(call: Call, changed: Callable[[str], str]) -> str | None:
    """The whole request as JSON, every text in it changed by `changed`; None where it cannot be read.

    Of numbers and the order of fields it is what the caller sent; blanks between them are not kept.
    """
    try:
        fields = {name: _changed(msgspec.json.decode(raw), changed) for name, raw in call.fields.items()}
        return msgspec.json.encode(fields).decode()
    except (*_UNREADABLE, msgspec.EncodeError):
        return None


def _changed(value: Any, changed: Callable[[str], str]) -> Any:
    match value:
        case str():
            return changed(value)
        case list():
            return [_changed(each, changed) for each in value]
        case dict():
            return {changed(name): _changed(each, changed) for name, each in value.items()}
        case _:
            return value


def answer_of(body: bytes | None, pieces: Sequence[bytes] = ()) -> str:
    """What was answered: the text of a whole body, or of a stream's pieces."""
    return "".join(_answered(body) if body is not None else _streamed(pieces))


def _answered(body: bytes) -> Iterator[str]:
    try:
        value = msgspec.json.decode(body)
    except _UNREADABLE:
        return
    if not isinstance(value, dict):
        return
    yield from _words(value.get("content"))
    for choice in _list(value.get("choices")):
        yield from _words(_dict(_dict(choice).get("message")).get("content"))


def _streamed(pieces: Iterable[bytes]) -> Iterator[str]:
    parser = SseParser()
    try:
        for piece in pieces:
            for event in parser.feed(piece):
                yield from _told(event.data)
    except EventTooLarge:
        return


def _told(data: bytes) -> Iterator[str]:
    try:
        event = msgspec.json.decode(data)
    except _UNREADABLE:
        return
    delta = _dict(_dict(event).get("delta"))
    if isinstance(delta.get("text"), str):
        yield delta["text"]
    for choice in _list(_dict(event).get("choices")):
        yield from _words(_dict(_dict(choice).get("delta")).get("content"))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
