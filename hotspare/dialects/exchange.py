"""How a caller of one dialect is served by a model of another, or of the same: one table, a few functions each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hotspare.dialects import anthropic_messages, openai_chat, openai_embeddings
from hotspare.dialects.call import Call, Operation
from hotspare.dialects.composed import Composed, ReadAnswer
from hotspare.dialects.endpoint import DialectName, Endpoint
from hotspare.dialects.stream import AnswerStream


@dataclass(frozen=True, slots=True)
class Exchange:
    """The way from the caller's dialect to the model's and back. `created` is UTC epoch seconds."""

    compose: Callable[[Call, Endpoint], Composed]
    """The body for the model."""
    answer: Callable[[Call, bytes, int], ReadAnswer]
    """The model's whole answer, in the caller's dialect."""
    stream: Callable[[Call, int], AnswerStream]
    """The model's stream, in the caller's dialect."""
    streamed: Callable[[Call, bytes], bytes]
    """A whole answer (already the caller's) as the stream that was asked for, without its tail."""
    tail: bytes
    """What ends a stream of the caller's dialect."""


# ------------------------------------------------------------------ callers of OpenAI chat
def _chat_answer(_call: Call, body: bytes, _created: int) -> ReadAnswer:
    return openai_chat.read_answer(body)


def _chat_stream(call: Call, _created: int) -> AnswerStream:
    relay = openai_chat.ChunkRelay(wants_usage=call.wants_usage)
    return AnswerStream(openai_chat.ChunkReader(), relay)


def _chat_to_messages(call: Call, endpoint: Endpoint) -> Composed:
    return anthropic_messages.write_request(openai_chat.tell_request(call), endpoint, stream=call.stream)


def _messages_answer_for_chat(_call: Call, body: bytes, created: int) -> ReadAnswer:
    reply = anthropic_messages.tell_answer(body)
    return ReadAnswer(openai_chat.write_answer(reply, created=created), reply.usage)


def _messages_stream_for_chat(call: Call, created: int) -> AnswerStream:
    writer = openai_chat.ChunkWriter(created=created, wants_usage=call.wants_usage)
    return AnswerStream(anthropic_messages.MessageTeller(writer.begin), writer)


def _chunks(call: Call, body: bytes) -> bytes:
    return openai_chat.chunks_of_answer(body, wants_usage=call.wants_usage)


# ------------------------------------------------------------------ callers of Anthropic messages
def _messages_answer(_call: Call, body: bytes, _created: int) -> ReadAnswer:
    return anthropic_messages.read_answer(body)


def _messages_stream(_call: Call, _created: int) -> AnswerStream:
    return AnswerStream(anthropic_messages.MessageReader(), anthropic_messages.MessageRelay())


def _messages_to_chat(call: Call, endpoint: Endpoint) -> Composed:
    return openai_chat.write_request(anthropic_messages.tell_request(call), endpoint, stream=call.stream)


def _chat_answer_for_messages(call: Call, body: bytes, _created: int) -> ReadAnswer:
    reply = openai_chat.tell_answer(body)
    return ReadAnswer(anthropic_messages.write_answer(reply, thinks=anthropic_messages.thinks(call)), reply.usage)


def _chat_stream_for_messages(call: Call, _created: int) -> AnswerStream:
    writer = anthropic_messages.MessageWriter(thinks=anthropic_messages.thinks(call))
    return AnswerStream(openai_chat.ChunkTeller(writer.begin), writer)


def _events(_call: Call, body: bytes) -> bytes:
    return anthropic_messages.events_of_answer(body)


# ------------------------------------------------------------------ what is never streamed
def _embeddings_answer(call: Call, body: bytes, _created: int) -> ReadAnswer:
    return openai_embeddings.read_answer(call, body)


def _count_answer(_call: Call, body: bytes, _created: int) -> ReadAnswer:
    return anthropic_messages.read_count(body)


def _whole(compose: Callable[[Call, Endpoint], Composed], answer: Callable[[Call, bytes, int], ReadAnswer]) -> Exchange:
    """For operations whose requests cannot ask for a stream: the last three are never used."""
    return Exchange(compose, answer, _chat_stream, _chunks, b"")


EXCHANGES: Mapping[tuple[Operation, DialectName, DialectName], Exchange] = {
    ("chat", "openai", "openai"): Exchange(openai_chat.compose, _chat_answer, _chat_stream, _chunks, openai_chat.TAIL),
    ("chat", "openai", "anthropic"): Exchange(
        _chat_to_messages, _messages_answer_for_chat, _messages_stream_for_chat, _chunks, openai_chat.TAIL
    ),
    ("chat", "anthropic", "anthropic"): Exchange(
        anthropic_messages.compose, _messages_answer, _messages_stream, _events, anthropic_messages.TAIL
    ),
    ("chat", "anthropic", "openai"): Exchange(
        _messages_to_chat, _chat_answer_for_messages, _chat_stream_for_messages, _events, anthropic_messages.TAIL
    ),
    ("embeddings", "openai", "openai"): _whole(openai_embeddings.compose, _embeddings_answer),
    ("count_tokens", "anthropic", "anthropic"): _whole(anthropic_messages.compose_counting, _count_answer),
}
"""By what is asked for, the caller's dialect and the model's."""

LACKS: Mapping[DialectName, frozenset[str]] = {
    "openai": frozenset({"provider_tools", "mcp_servers", "container", "search_result", "count_tokens"}),
    "anthropic": frozenset(
        {"audio", "custom_tools", "embeddings", "functions", "json_object", "logprobs", "n", "web_search"}
    ),
}
"""What requests of any dialect may need and a model of this dialect has no counterpart for."""
