"""OpenAI chat completions: the dialect of callers, and of most models. Read and written here and nowhere else."""

from hotspare.dialects.openai_chat.answer import TAIL, ChatAnswer, chunks_of_answer, read_answer
from hotspare.dialects.openai_chat.request import compose, read_request, simple_request
from hotspare.dialects.openai_chat.stream import (
    ChunkReader,
    ChunkRelay,
    ChunkWriter,
    text_of_piece,
)

__all__ = [
    "TAIL",
    "ChatAnswer",
    "ChunkReader",
    "ChunkRelay",
    "ChunkWriter",
    "chunks_of_answer",
    "compose",
    "read_answer",
    "read_request",
    "simple_request",
    "text_of_piece",
]
