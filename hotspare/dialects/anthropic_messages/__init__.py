"""Anthropic messages: the dialect of callers, and of models. Read and written here and nowhere else."""

from hotspare.dialects.anthropic_messages.answer import read_answer, read_count, tell_answer, write_answer, write_count
from hotspare.dialects.anthropic_messages.crossed import write_request
from hotspare.dialects.anthropic_messages.crossing import tell_request
from hotspare.dialects.anthropic_messages.request import (
    compose,
    compose_counting,
    read_count_request,
    read_request,
    thinks,
)
from hotspare.dialects.anthropic_messages.stream import TAIL, MessageReader, MessageRelay, MessageTeller
from hotspare.dialects.anthropic_messages.stream_writer import MessageWriter, events_of_answer

__all__ = [
    "TAIL",
    "MessageReader",
    "MessageRelay",
    "MessageTeller",
    "MessageWriter",
    "compose",
    "compose_counting",
    "events_of_answer",
    "read_answer",
    "read_count",
    "read_count_request",
    "read_request",
    "tell_answer",
    "tell_request",
    "thinks",
    "write_answer",
    "write_count",
    "write_request",
]
