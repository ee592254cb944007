"""What is known of providers without being told: as data, a line each."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hotspare.dialects.adaptation import AS_IT_IS, Adaptation
from hotspare.dialects.endpoint import Authentication, DialectName

REGION = "{region}"
"""Stands in addresses for the region that the provider is asked in."""

ON_A_DOUBLE = "on a double"
"""Against a server on loopback that speaks the documented format: the provider itself was not called."""

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


@dataclass(frozen=True, slots=True)
class Preset:
    """One provider.

    Attributes:
        base_url: where it is, unless told otherwise; may hold REGION; None: everybody has an address of their own.
        key_names: environment variables that its keys are looked for in.
        needs_key: a model without a key cannot be called.
        address_variable: an environment variable that tells otherwise.
        path: what follows an address that names a host alone.
        versioned_path: the same where a version of its interface is asked for.
        price_id: its name in the price library; None: its prices are unknown unless configured.
        stream_usage: it takes `stream_options`.
        authentication: how its keys are shown; None: as its dialect has it.
        adaptation: where it differs from its dialect.
        lacks: what its models cannot be asked for, beyond what its dialect has no words for.
        proved: how it is known that it is spoken to rightly.
    """

    dialect: DialectName
    base_url: str | None
    key_names: tuple[str, ...] = ()
    needs_key: bool = True
    address_variable: str | None = None
    path: str = ""
    versioned_path: str = ""
    price_id: str | None = None
    stream_usage: bool = True
    authentication: Authentication | None = None
    adaptation: Adaptation = AS_IT_IS
    lacks: frozenset[str] = frozenset()
    proved: str = ON_A_DOUBLE

    @property
    def needs_region(self) -> bool:
        """Whether its address depends on a region."""
        return self.base_url is not None and REGION in self.base_url


_SYSTEM_ONLY = Adaptation(developer=False)

_OLDER_LIMIT = Adaptation(developer=False, renames={"max_completion_tokens": "max_tokens"})
"""It passes over the newer name of an answer's limit, and with it the limit."""

_GEMINI = Adaptation(
    developer=False,
    takes=frozenset(
        {
            "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature",
            "top_p", "n", "stop", "tools", "tool_choice", "parallel_tool_calls", "response_format",
            "reasoning_effort", "extra_body", "user", "presence_penalty", "modalities", "audio", "service_tier",
        }
    ),
)  # fmt: skip
"""Its OpenAI surface answers 400 to names that it does not know: `seed`, `frequency_penalty`, `logit_bias`."""

_GROQ = Adaptation(developer=False, names=False, refuses=frozenset({"logit_bias", "logprobs", "top_logprobs"}))

_MISTRAL = Adaptation(
    takes=frozenset(
        {
            "model", "messages", "stream", "max_tokens", "temperature", "top_p", "n", "stop", "random_seed",
            "metadata", "tools", "tool_choice", "parallel_tool_calls", "response_format", "presence_penalty",
            "frequency_penalty", "prediction", "prompt_mode", "safe_prompt", "reasoning_effort", "guardrails",
        }
    ),
    renames={"seed": "random_seed", "max_completion_tokens": "max_tokens"},
    developer=False,
    names=False,
    short_call_ids=True,
)  # fmt: skip
"""It answers 422 to every name that it does not know, and 400 to ids of tool calls that are not like its own."""

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
        adaptation=_GEMINI,
        lacks=frozenset({"logprobs"}),
    ),
    "ollama": Preset(
        "openai",
        "http://127.0.0.1:11434/v1",
        needs_key=False,
        address_variable="OLLAMA_HOST",
        adaptation=_OLDER_LIMIT,
        lacks=frozenset({"n"}),
    ),
    "vllm": Preset("openai", "http://127.0.0.1:8000/v1", ("VLLM_API_KEY",), needs_key=False, adaptation=_SYSTEM_ONLY),
    "openrouter": Preset("openai", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",), price_id="openrouter"),
    "groq": Preset(
        "openai",
        "https://api.groq.com/openai/v1",
        ("GROQ_API_KEY",),
        price_id="groq",
        adaptation=_GROQ,
        lacks=frozenset({"logprobs", "n"}),
    ),
    "mistral": Preset(
        "openai",
        "https://api.mistral.ai/v1",
        ("MISTRAL_API_KEY",),
        price_id="mistral",
        stream_usage=False,
        adaptation=_MISTRAL,
        lacks=frozenset({"logprobs", "audio", "web_search", "functions"}),
    ),
    "deepseek": Preset(
        "openai",
        "https://api.deepseek.com/v1",
        ("DEEPSEEK_API_KEY",),
        price_id="deepseek",
        adaptation=_OLDER_LIMIT,
        lacks=frozenset({"json_schema"}),
    ),
    "azure": Preset(
        "openai",
        None,
        ("AZURE_OPENAI_API_KEY",),
        address_variable="AZURE_OPENAI_ENDPOINT",
        path="/openai/v1",
        versioned_path="/openai",
        price_id="azure",
        authentication="api-key",
    ),
    "bedrock": Preset(
        "openai",
        f"https://bedrock-runtime.{REGION}.amazonaws.com/openai/v1",
        ("AWS_BEARER_TOKEN_BEDROCK",),
        price_id="aws",
    ),
}

SURFACES: Mapping[str, tuple[tuple[str, Preset], ...]] = {
    "bedrock": (
        (
            "*anthropic.claude-*",
            Preset(
                "anthropic",
                f"https://bedrock-mantle.{REGION}.api.aws/anthropic",
                ("AWS_BEARER_TOKEN_BEDROCK",),
                price_id="aws",
                authentication="bearer",
                adaptation=Adaptation(own_version=True),
                lacks=frozenset({"json_schema"}),
            ),
        ),
    ),
}
"""Of providers that serve some models elsewhere, in another dialect: which, and how."""


def preset_of(provider: str, model_id: str = "") -> Preset | None:
    """What is known of a provider, for one of its models."""
    for pattern, surface in SURFACES.get(provider, ()):
        if fnmatchcase(model_id, pattern):
            return surface
    return PRESETS.get(provider)


NO_SCHEMAS: tuple[str, ...] = (
    "*claude-2*",
    "*claude-3*",
    "*claude-instant*",
    "*claude-opus-4-0",
    "*claude-opus-4-1*",
    "*claude-opus-4-2*",
    "*claude-sonnet-4-0",
    "*claude-sonnet-4-2*",
)
"""Models of Anthropic that came before its structured answers."""

TAKES_SAMPLING: tuple[str, ...] = (
    "*claude-2*",
    "*claude-3*",
    "*claude-instant*",
    "*claude-*-4-[0-6]",
    "*claude-*-4-[0-6]-*",
    "*claude-*-4-[0-6]@*",
    "*claude-*-4-20*",
)
"""Models of Anthropic that came before those that choose for themselves: later ones refuse SAMPLING."""

TAKES_PREFILL: tuple[str, ...] = (
    "*claude-2*",
    "*claude-3*",
    "*claude-instant*",
    "*claude-*-4-[0-5]",
    "*claude-*-4-[0-5]-*",
    "*claude-*-4-[0-5]@*",
    "*claude-*-4-20*",
    "*claude-*-4@20*",
)
"""Models of Anthropic that go on with the beginning of an answer: later ones refuse a last message of the assistant."""

CHOOSES_FOR_ITSELF: tuple[str, ...] = (
    "o1*",
    "o3*",
    "o4*",
    "gpt-5",
    "gpt-5-2*",
    "gpt-5-mini*",
    "gpt-5-nano*",
    "gpt-5-pro*",
    "gpt-5-codex*",
)
"""Models of OpenAI, there and at Azure, that refuse to be told how. Later ones refuse it only while they reason."""

COMPLETION_TOKENS: tuple[str, ...] = ("o1*", "o3*", "o4*", "gpt-5*")
"""Models of OpenAI that know the limit of an answer by its newer name alone."""

OPENAI_SAMPLING = frozenset(
    {"temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs"}
)

SAMPLING = frozenset({"temperature", "top_p", "top_k"})

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
