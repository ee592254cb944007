"""How long the vectors of well-known embedding models are, so that a fallback's can be measured before the model that
stands first has answered at all.
"""

from collections.abc import Mapping
from typing import Any

LENGTHS: Mapping[str, int] = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "gemini-embedding-001": 3072,
    "text-embedding-004": 768,
    "mistral-embed": 1024,
    "nomic-embed-text": 768,
    "mxbai-embed-large": 1024,
    "all-minilm": 384,
    "bge-m3": 1024,
}
"""By the provider's id, without a tag; as they come where a request names no length."""


def vector_length(model_id: str, parameters: Mapping[str, Any]) -> int | None:
    """How long a model's vectors are; None where that is not known, or is what the file says they should be."""
    return None if "dimensions" in parameters else LENGTHS.get(model_id.partition(":")[0])
