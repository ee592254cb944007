"""What other programs call providers that we know."""

from collections.abc import Mapping

ALIASES: Mapping[str, str] = {
    "claude": "anthropic",
    "anthropic_direct": "anthropic",
    "aws": "bedrock",
    "aws_bedrock": "bedrock",
    "amazon_bedrock": "bedrock",
    "google": "gemini",
    "google_ai_studio": "gemini",
    "google_ai": "gemini",
    "vertex_ai": "vertex",
    "azure_openai": "azure",
    "azure_ai": "azure",
    "hosted_vllm": "vllm",
    "ollama_chat": "ollama",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "custom_openai": "openai",
    "text_completion_openai": "openai",
    "open_router": "openrouter",
}


def provider_named(name: str) -> str:
    """Our name of a provider; its own where we know no other."""
    plain = name.lower().replace("-", "_")
    return ALIASES.get(plain, name)


def model_named(name: str) -> str:
    """`provider/model` with our name of the provider."""
    provider, slash, rest = name.partition("/")
    return f"{provider_named(provider)}/{rest}" if slash and rest else name
