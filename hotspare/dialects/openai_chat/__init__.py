"""OpenAI chat completions: the dialect of callers, and of most models. Read and written here and nowhere else."""

from hotspare.dialects.openai_chat.answer import TAIL, chunks_of_answer, read_answer, tell_answer, write_answer
from hotspare.dialects.openai_chat.crossed import write_request
from hotspare.dialects.openai_chat.crossing import tell_request
from hotspare.dialects.openai_chat.request import compose, read_request, simple_request
from hotspare.dialects.openai_chat.stream import ChunkReader, ChunkRelay, ChunkTeller, text_of_piece
from hotspare.dialects.openai_chat.stream_writer import ChunkWriter

__all__ = [
    "TAIL",
    "ChunkReader",
    "ChunkRelay",
    "ChunkTeller",
    "ChunkWriter",
    "chunks_of_answer",
    "compose",
    "read_answer",
    "read_request",
    "simple_request",
    "tell_answer",
    "tell_request",
    "text_of_piece",
    "write_answer",
    "write_request",
]
