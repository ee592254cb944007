"""How one model differs from the others of its dialect: by its provider's preset, and by what its name tells."""

from dataclasses import replace
from fnmatch import fnmatchcase

from hotspare.configuration.presets import (
    CHOOSES_FOR_ITSELF,
    COMPLETION_TOKENS,
    NO_SCHEMAS,
    OPENAI_SAMPLING,
    SAMPLING,
    TAKES_PREFILL,
    TAKES_SAMPLING,
)
from hotspare.configuration.provider import Provider
from hotspare.dialects.adaptation import Adaptation
from hotspare.dialects.exchange import LACKS


def lacks(host: Provider, model_id: str) -> frozenset[str]:
    """What the model cannot be asked for."""
    lacking = LACKS[host.dialect] | host.lacks
    return lacking | {"json_schema"} if _is_before_schemas(host, model_id) else lacking


def adaptation(host: Provider, model_id: str) -> Adaptation:
    """How a request is put for the model."""
    known = host.adaptation
    if host.name in ("openai", "azure") and host.dialect == "openai":
        return _of_openai(known, model_id)
    if host.dialect != "anthropic" or "claude-" not in model_id:
        return known
    known = replace(known, prefills=any(fnmatchcase(model_id, pattern) for pattern in TAKES_PREFILL))
    if not any(fnmatchcase(model_id, pattern) for pattern in TAKES_SAMPLING):
        return replace(known, refuses=SAMPLING)
    return replace(known, strict_tools=False) if _is_before_schemas(host, model_id) else known


def _of_openai(known: Adaptation, model_id: str) -> Adaptation:
    if any(fnmatchcase(model_id, pattern) for pattern in CHOOSES_FOR_ITSELF):
        known = replace(known, refuses=OPENAI_SAMPLING)
    if any(fnmatchcase(model_id, pattern) for pattern in COMPLETION_TOKENS):
        known = replace(known, renames={"max_tokens": "max_completion_tokens"})
    return known


def _is_before_schemas(host: Provider, model_id: str) -> bool:
    return host.dialect == "anthropic" and any(fnmatchcase(model_id, pattern) for pattern in NO_SCHEMAS)
