"""OpenAI embeddings: read and written here and nowhere else."""

from hotspare.dialects.openai_embeddings.answer import read_answer, vectors_of
from hotspare.dialects.openai_embeddings.request import asked_dimensions, compose, read_request, texts_request

__all__ = ["asked_dimensions", "compose", "read_answer", "read_request", "texts_request", "vectors_of"]
