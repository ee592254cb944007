"""What a simulated model reads of a request and says in its answer, and what a wire shape must know to write it.

The shapes are written a second time on purpose, from the providers' documentation and not from `dialects`: neither the
demo nor a test would notice a mistake that both ends share.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec

from hotspare.probes.loopback import Headers

PIECE_TOKENS = 3
"""Tokens that go out in one event of a stream, as providers bundle them."""

_TOKEN = re.compile(r"\s*\S{1,5}")


class ContentPart(msgspec.Struct):
    """A part of a message; parts that are not text count as nothing."""

    type: str = "text"
    text: str = ""


Content = str | list[ContentPart] | None


class Message(msgspec.Struct):
    """One message of the conversation."""

    role: str
    content: Content = None


class StreamOptions(msgspec.Struct):
    """What an OpenAI stream was asked for besides its text."""

    include_usage: bool = False


class AskedBody(msgspec.Struct):
    """The fields of a request that a simulated model heeds, of both dialects."""

    model: str
    messages: list[Message]
    system: Content = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    response_format: dict[str, Any] | None = None
    output_config: dict[str, Any] | None = None

    @property
    def json_schema(self) -> Any:
        """The schema of the JSON that is asked for; None where a text will do."""
        told = self.response_format or (self.output_config or {}).get("format") or {}
        match told.get("type"):
            case "json_object":
                return {"properties": {"answer": {"type": "string"}}}
            case "json_schema":
                return (told.get("json_schema") or told).get("schema")
        return None

    @property
    def token_limit(self) -> int | None:
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    @property
    def prompt(self) -> str:
        """The last thing that the user said."""
        said = (text_of(message.content) for message in reversed(self.messages) if message.role == "user")
        return next(said, "")

    @property
    def input_tokens(self) -> int:
        letters = len(text_of(self.system)) + sum(len(text_of(message.content)) for message in self.messages)
        return letters // 4 + 4 * len(self.messages) + 3


def text_of(content: Content) -> str:
    """The text of a message's content."""
    if isinstance(content, list):
        return "".join(part.text for part in content)
    return content or ""


def bearer(headers: Mapping[str, str]) -> str | None:
    """The key of an `Authorization: Bearer` header."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" and key else None


def tokens_of(text: str) -> list[str]:
    """The text cut into tokens of about the usual size; joined they are the text again."""
    return _TOKEN.findall(text)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, before it has a wire shape."""

    id: str
    model: str
    tokens: tuple[str, ...]
    ended: Literal["stop", "length"]
    input_tokens: int
    created: int
    wants_usage: bool

    @property
    def text(self) -> str:
        return "".join(self.tokens)

    def pieces(self) -> Iterator[str]:
        """The text as a stream gives it out."""
        for start in range(0, len(self.tokens), PIECE_TOKENS):
            yield "".join(self.tokens[start : start + PIECE_TOKENS])


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of the rate limit, as answers tell it. `reset_at` is UTC epoch seconds."""

    requests_limit: int
    requests_left: int
    tokens_limit: int
    tokens_left: int
    reset_seconds: int
    reset_at: float


class Shape(Protocol):
    """One provider's wire format, from the provider's side."""

    path: str
    """Where requests are posted to."""
    id_header: str
    """The header that carries the provider's id of the call."""
    overloaded_status: int

    def key(self, headers: Mapping[str, str]) -> str | None:
        """The API key that a request carries."""

    def objection(self, asked: AskedBody, headers: Mapping[str, str]) -> str | None:
        """Why this provider would refuse the request with a 400; None when it would not."""

    def allowance(self, allowance: Allowance) -> Headers:
        """The rate-limit headers."""

    def whole(self, said: Said) -> bytes:
        """The body of an answer that is not streamed."""

    def opening(self, said: Said) -> bytes:
        """The events of a stream before its first text."""

    def piece(self, said: Said, text: str) -> bytes:
        """The event that carries a piece of the text."""

    def closing(self, said: Said) -> bytes:
        """The events after the last text."""

    def error(self, status: int, message: str, request_id: str) -> bytes:
        """The body of an answer that is an error."""
