"""The keys of LiteLLM's config.yaml that say how requests are routed."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hotspare.configuration.formats.foreign import Foreign
from hotspare.configuration.values import AtLeastOne, Name, Number, Pause, Retries, Seconds, UsdPerToken, Weight


def _numeric(value: Any) -> Any:
    """PyYAML leaves 3e-06 a text, and LiteLLM reads it as a number."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


LooseNumber = BeforeValidator(_numeric)
Routes = list[dict[str, list[str]]]
"""Group → groups, as LiteLLM writes it: a list of tables."""


class Params(Foreign):
    """How one deployment is reached; what is not named here goes to the model."""

    model: Name
    api_key: str | None = None
    api_base: str | None = None
    base_url: str | None = None
    custom_llm_provider: Name | None = None
    weight: Annotated[Weight, LooseNumber] | None = None
    rpm: Annotated[Number, LooseNumber] | None = None
    tpm: Annotated[Number, LooseNumber] | None = None
    order: int | None = None
    timeout: Annotated[Seconds, LooseNumber] | None = None
    stream_timeout: Annotated[Seconds, LooseNumber] | None = None
    max_retries: Retries | None = None
    num_retries: Retries | None = None
    max_parallel_requests: AtLeastOne | None = None
    input_cost_per_token: Annotated[UsdPerToken, LooseNumber] | None = None
    output_cost_per_token: Annotated[UsdPerToken, LooseNumber] | None = None


class Info(Foreign):
    id: Name | None = None
    mode: str | None = None
    max_input_tokens: AtLeastOne | None = None
    input_cost_per_token: Annotated[UsdPerToken, LooseNumber] | None = None
    output_cost_per_token: Annotated[UsdPerToken, LooseNumber] | None = None


class Deployment(Foreign):
    model_name: Name
    litellm_params: Params
    model_info: Info = Field(default_factory=Info)


class Routing(Foreign):
    """What both places of settings may hold."""

    fallbacks: Routes = Field(default_factory=list)
    context_window_fallbacks: Routes = Field(default_factory=list)
    content_policy_fallbacks: Routes = Field(default_factory=list)
    default_fallbacks: list[str] = Field(default_factory=list)
    num_retries: Retries | None = None
    allowed_fails: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    cooldown_time: Annotated[Pause, LooseNumber] | None = None


class LibrarySettings(Routing):
    request_timeout: Annotated[Seconds, LooseNumber] | None = None
    drop_params: bool | None = None


class RouterSettings(Routing):
    routing_strategy: str | None = None
    timeout: Annotated[Seconds, LooseNumber] | None = None
    stream_timeout: Annotated[Seconds, LooseNumber] | None = None
    retry_policy: dict[str, int] | None = None
    model_group_alias: dict[str, Any] | None = None
    enable_pre_call_checks: bool | None = None
    disable_cooldowns: bool | None = None


class General(Foreign):
    master_key: str | None = None


class Proxy(Foreign):
    """The whole file."""

    model_list: list[Deployment] = Field(min_length=1)
    litellm_settings: LibrarySettings = Field(default_factory=LibrarySettings)
    router_settings: RouterSettings = Field(default_factory=RouterSettings)
    general_settings: General = Field(default_factory=General)
