"""How an answer is read to be judged, by its caller's dialect: one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.anthropic_messages import assembly as messages_assembly
from hotspare.dialects.anthropic_messages import content as messages_content
from hotspare.dialects.call import Call
from hotspare.dialects.content.expected import Expected
from hotspare.dialects.content.statement import Statement
from hotspare.dialects.endpoint import DialectName
from hotspare.dialects.openai_chat import assembly as chat_assembly
from hotspare.dialects.openai_chat import content as chat_content


class Assembly(Protocol):
    """A stream on its way to the answer that it tells."""

    def feed(self, data: bytes) -> None:
        """Take a part of it.

        Raises:
            ValueError, EventTooLarge: it can't be read.
        """

    def answer(self) -> dict[str, Any]:
        """The answer as far as it has come."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One dialect."""

    expected: Callable[[Call], Expected | None]
    """What a request asks its answer to be."""
    statements: Callable[[dict[str, Any]], list[Statement]]
    """What a decoded answer says."""
    assembly: Callable[[], Assembly]
    streamed: Callable[[Call, bytes], bytes]
    """A whole answer as a stream, without its tail."""
    tail: bytes
    may_be_limited: Callable[[bytes], bool]
    """False for a whole answer that cannot have ended at a limit; looked up, not decoded."""


READINGS: Mapping[DialectName, Reading] = {
    "openai": Reading(
        chat_content.expected_of,
        chat_content.statements_of,
        chat_assembly.ChunkAssembly,
        lambda call, body: openai_chat.chunks_of_answer(body, wants_usage=call.wants_usage),
        openai_chat.TAIL,
        lambda body: b'"length"' in body,
    ),
    "anthropic": Reading(
        messages_content.expected_of,
        messages_content.statements_of,
        messages_assembly.MessageAssembly,
        lambda _call, body: anthropic_messages.events_of_answer(body),
        anthropic_messages.TAIL,
        lambda body: b'"max_tokens"' in body or b'"model_context_window_exceeded"' in body,
    ),
}

encode = msgspec.json.Encoder().encode
