"""How a caller of one dialect is served by a model of another, or of the same: one table, three functions each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hotspare.dialects import anthropic_messages, openai_chat
from hotspare.dialects.call import Call
from hotspare.dialects.composed import Composed, ReadAnswer
from hotspare.dialects.endpoint import DialectName, Endpoint
from hotspare.dialects.stream import AnswerStream


@dataclass(frozen=True, slots=True)
class Exchange:
    """The way from the caller's dialect to the model's and back. `created` is UTC epoch seconds."""

    compose: Callable[[Call, Endpoint], Composed]
    """The body for the model."""
    answer: Callable[[bytes, int], ReadAnswer]
    """The model's whole answer, in the caller's dialect."""
    stream: Callable[[Call, int], AnswerStream]
    """The model's stream, in the caller's dialect."""
    streamed: Callable[[Call, bytes], bytes]
    """A whole answer (already the caller's) as the stream that was asked for, without its tail."""
    tail: bytes
    """What ends a stream of the caller's dialect."""


def _chat_answer(body: bytes, _created: int) -> ReadAnswer:
    return openai_chat.read_answer(body)


def _chat_stream(call: Call, _created: int) -> AnswerStream:
    relay = openai_chat.ChunkRelay(wants_usage=call.wants_usage)
    return AnswerStream(openai_chat.ChunkReader(), relay)


def _messages_answer(body: bytes, created: int) -> ReadAnswer:
    return anthropic_messages.read_answer(body, created=created)


def _messages_stream(call: Call, created: int) -> AnswerStream:
    writer = openai_chat.ChunkWriter(created=created, wants_usage=call.wants_usage)
    return AnswerStream(anthropic_messages.MessageReader(writer.begin), writer)


def _chunks(call: Call, body: bytes) -> bytes:
    return openai_chat.chunks_of_answer(body, wants_usage=call.wants_usage)


EXCHANGES: Mapping[tuple[DialectName, DialectName], Exchange] = {
    ("openai", "openai"): Exchange(openai_chat.compose, _chat_answer, _chat_stream, _chunks, openai_chat.TAIL),
    ("openai", "anthropic"): Exchange(
        anthropic_messages.from_chat, _messages_answer, _messages_stream, _chunks, openai_chat.TAIL
    ),
}
"""By the caller's dialect and the model's."""
