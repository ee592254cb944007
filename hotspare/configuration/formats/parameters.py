"""LiteLLM's `litellm_params`: what reaches the model as a parameter, and what is about how it is reached."""

from collections.abc import Mapping
from typing import Any

from hotspare.configuration.formats.translation import Translation
from hotspare.configuration.values import looks_like_a_key

REFERENCE = "os.environ/"
KEY_ITSELF = "a key itself is not taken from a file: put it into an environment variable and name that"
WITHOUT_A_KEY = (
    "a key itself is not taken from a file: this server is called without one; where it wants one, name a variable"
)

REACHING: Mapping[str, str] = {
    "api_key": "api_key_env",
    "api_base": "base_url",
    "base_url": "base_url",
}
"""Keys of theirs that are no parameters, and ours."""

NOT_SENT = frozenset(
    {
        "api_version", "organization", "custom_llm_provider", "rpm", "tpm", "weight", "order", "timeout",
        "stream_timeout", "max_retries", "num_retries", "model", "messages", "stream", "input", "mock_response",
        "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_region_name",
        "vertex_project", "vertex_location", "vertex_credentials", "region_name", "drop_params",
        "cache", "caching", "fallbacks", "metadata", "tags", "use_in_pass_through",
        "configurable_clientside_auth_params",
    }
)  # fmt: skip


def as_parameters(params: Mapping[str, Any], theirs: str, place: str, to: Translation) -> None:
    """Give a model of ours the parameters that stand in a table of theirs, as one key."""
    sent = {name: value for name, value in params.items() if name not in NOT_SENT and name not in REACHING}
    if sent:
        to.put(f"{place}parameters", sent)
        to.came(theirs, f"{place}parameters")
    left = [name for name in params if name in NOT_SENT]
    for name, ours in REACHING.items():
        if name in params and not reach(params[name], f"{theirs}", place + ours, to):
            left.append(name)
    if left and theirs in to.origins:
        to.changed[theirs] = f"without {', '.join(sorted(left))}"
    elif left:
        to.unsupported[theirs] = f"{', '.join(sorted(left))}: no parameters of a request"


def reach(value: Any, theirs: str, ours: str, to: Translation) -> bool:
    """Set how a model is reached, by reference where the file refers; whether that could be done."""
    if isinstance(value, str) and value.startswith(REFERENCE):
        ours = f"{ours}_env" if ours.endswith("base_url") else ours
        to.put(ours, value.removeprefix(REFERENCE))
    elif ours.endswith("api_key_env") or not isinstance(value, str) or looks_like_a_key(value):
        return False
    else:
        to.put(ours, value)
    to.came(theirs, ours)
    return True
