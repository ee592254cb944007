"""LiteLLM's settings that hold for all groups: times, retries, cooldowns, the master key."""

from collections.abc import Mapping

from hotspare.configuration.formats.litellm_keys import Proxy
from hotspare.configuration.formats.parameters import REFERENCE
from hotspare.configuration.formats.translation import Row, Translation, row

MASTER_KEY = "LITELLM_MASTER_KEY"
_REST = ("limits.first_content_seconds", "limits.silence_seconds")


def _and_one(value: int) -> int:
    return value + 1


BOTH: tuple[Row, ...] = (
    row("num_retries", "limits.retries"),
    row("allowed_fails", "breaker.consecutive_failures", by=_and_one),
    row("cooldown_time", "breaker.cooldown_seconds", "breaker.open_seconds"),
)
LIBRARY: tuple[Row, ...] = (*BOTH, row("request_timeout", "limits.attempt_seconds", *_REST))
ROUTER: tuple[Row, ...] = (
    *BOTH,
    row("timeout", "limits.attempt_seconds", *_REST),
    row("stream_timeout", *_REST),
)

RETRIES: Mapping[str, str] = {
    "RateLimitErrorRetries": "rate_limit",
    "TimeoutErrorRetries": "timeout",
    "InternalServerErrorRetries": "server_error",
    "ContentPolicyViolationErrorRetries": "content_filter",
    "AuthenticationErrorRetries": "auth",
}

ALWAYS = {
    "enable_pre_call_checks": "models that a request does not fit are always passed over",
    "drop_params": "fields without a counterpart are dropped where that does no harm, and named in x-hotspare-dropped",
}


def settings(proxy: Proxy, to: Translation) -> None:
    """Translate what is no matter of one group. The router's own word counts where both speak."""
    to.take(proxy.litellm_settings, LIBRARY, "litellm_settings.")
    to.take(proxy.router_settings, ROUTER, "router_settings.")
    for place in ("litellm_settings", "router_settings"):
        to.changed[f"{place}.allowed_fails"] = "failures in a row, and not within a minute"
        for key, note in ALWAYS.items():
            to.changed[f"{place}.{key}"] = note
    if proxy.litellm_settings.drop_params is False:
        to.changed["litellm_settings.drop_params"] = f"no refusal: {ALWAYS['drop_params']}"
    _cooldowns(proxy, to)
    _retry_policy(proxy, to)
    _master_key(proxy, to)
    _said_twice(proxy, to)


def _cooldowns(proxy: Proxy, to: Translation) -> None:
    off = proxy.router_settings.disable_cooldowns
    if off is not None:
        to.put("breaker.enabled", not off)
        to.came("router_settings.disable_cooldowns", "breaker.enabled", changed="a 429 still lets a key cool")


def _retry_policy(proxy: Proxy, to: Translation) -> None:
    """Whether a trigger is retried; how often is one number for all."""
    policy, key = proxy.router_settings.retry_policy, "router_settings.retry_policy"
    if policy is None:
        return
    known = {RETRIES[name]: "retry" if times else "next" for name, times in policy.items() if name in RETRIES}
    for chain in to.content["chains"]:
        if known:
            to.chain(chain, "triggers", known, key)
    unknown = [name for name in policy if name not in RETRIES]
    note = "whether it is retried; how often, num_retries says"
    if known:
        to.changed[key] = note + (f"; not {', '.join(unknown)}" if unknown else "")
    else:
        to.unsupported[key] = f"there is no counterpart of {', '.join(unknown)}"


def _master_key(proxy: Proxy, to: Translation) -> None:
    """Callers need it, so it must never be lost: a key that stands in the file itself has to come from a variable."""
    value, key = proxy.general_settings.master_key, "general_settings.master_key"
    if value is None:
        return
    named = value.startswith(REFERENCE)
    to.put("gateway.token_env", value.removeprefix(REFERENCE) if named else MASTER_KEY)
    to.came(key, "gateway.token_env", changed="" if named else f"a key itself is not taken: set {MASTER_KEY} to it")


def _said_twice(proxy: Proxy, to: Translation) -> None:
    pairs = [(name, name) for name in ("num_retries", "allowed_fails", "cooldown_time")] + [
        ("request_timeout", "timeout")
    ]
    for library, router in pairs:
        one, other = proxy.litellm_settings.peek(library), proxy.router_settings.peek(router)
        if one is not None and other is not None and one != other:
            to.unsupported[f"litellm_settings.{library}"] = f"router_settings.{router} says otherwise: {other:g} counts"
