"""What is known of providers without being told: as data, a line each."""

from collections.abc import Mapping
from dataclasses import dataclass

from hotspare.dialects.endpoint import DialectName


@dataclass(frozen=True, slots=True)
class Preset:
    """One provider.

    Attributes:
        base_url: where it is, unless told otherwise.
        key_names: environment variables that its keys are looked for in.
        needs_key: a model without a key cannot be called.
        address_variable: an environment variable that tells otherwise.
        price_id: its name in the price library; None: its prices are unknown unless configured.
        stream_usage: it takes `stream_options`.
    """

    dialect: DialectName
    base_url: str
    key_names: tuple[str, ...] = ()
    needs_key: bool = True
    address_variable: str | None = None
    price_id: str | None = None
    stream_usage: bool = True


PRESETS: Mapping[str, Preset] = {
    "anthropic": Preset(
        "anthropic",
        "https://api.anthropic.com",
        ("ANTHROPIC_API_KEY",),
        address_variable="ANTHROPIC_BASE_URL",
        price_id="anthropic",
    ),
    "openai": Preset(
        "openai",
        "https://api.openai.com/v1",
        ("OPENAI_API_KEY",),
        address_variable="OPENAI_BASE_URL",
        price_id="openai",
    ),
    "gemini": Preset(
        "openai",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        price_id="google",
    ),
    "ollama": Preset("openai", "http://127.0.0.1:11434/v1", needs_key=False, address_variable="OLLAMA_HOST"),
    "vllm": Preset("openai", "http://127.0.0.1:8000/v1", ("VLLM_API_KEY",), needs_key=False),
    "openrouter": Preset("openai", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",), price_id="openrouter"),
    "groq": Preset("openai", "https://api.groq.com/openai/v1", ("GROQ_API_KEY",), price_id="groq"),
    "mistral": Preset(
        "openai", "https://api.mistral.ai/v1", ("MISTRAL_API_KEY",), price_id="mistral", stream_usage=False
    ),
    "deepseek": Preset("openai", "https://api.deepseek.com/v1", ("DEEPSEEK_API_KEY",), price_id="deepseek"),
}

NO_SCHEMAS: tuple[str, ...] = (
    "claude-2*",
    "claude-3*",
    "claude-instant*",
    "claude-opus-4-0",
    "claude-opus-4-2*",
    "claude-sonnet-4-0",
    "claude-sonnet-4-2*",
)
"""Models of Anthropic that came before its structured answers."""

FAMILIES: tuple[tuple[str, str], ...] = (
    ("claude-*", "anthropic"),
    ("gpt-oss:*", "ollama"),
    ("gpt-*", "openai"),
    ("o1*", "openai"),
    ("o3*", "openai"),
    ("o4*", "openai"),
    ("text-embedding-*", "openai"),
    ("gemini-*", "gemini"),
    ("?*:?*", "ollama"),
)
"""Patterns of model names and whose they are; the first that matches. gpt-oss is an open model that OpenAI does not
serve: with a tag it is Ollama's.
"""

REASONS_LONG: tuple[str, ...] = (
    "o1*",
    "o3*",
    "o4*",
    "gpt-5*",
    "deepseek-reasoner",
    "deepseek-r1*",
    "qwq*",
    "*-thinking*",
)
"""Models that may say nothing for minutes while they reason."""
