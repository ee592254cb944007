"""The one internal model of a configuration, which is also what our TOML may hold. Every format becomes this.

A key without a default here is absent unless the file gives it; the defaults of limits and breaker are the router's.
"""

from typing import Annotated, Literal

from pydantic import Field, Strict

from hotspare.configuration.section import Section
from hotspare.configuration.values import (
    Address,
    ApiVersion,
    AtLeastOne,
    Bytes,
    Days,
    Headers,
    InstanceName,
    Link,
    Multiplier,
    Name,
    Parameters,
    Pattern,
    Pause,
    Port,
    Proxy,
    Region,
    Retries,
    Seconds,
    Share,
    Text,
    Usd,
    UsdPerMillion,
    Variable,
    Variables,
    Weight,
)
from hotspare.dialects.endpoint import Authentication, DialectName
from hotspare.router.settings import Kind, OnStreamBreak, Strategy, StreamDelivery
from hotspare.router.trigger import Trigger


class AttemptKeys(Section):
    """What bounds one model's attempts: keys of [limits] which a chain or a model may repeat."""

    connect_seconds: Seconds | None = None
    first_content_seconds: Seconds | None = None
    silence_seconds: Seconds | None = None
    attempt_seconds: Seconds | None = None
    retries: Retries | None = None
    retry_delay_seconds: Pause | None = None
    retry_multiplier: Multiplier | None = None
    retry_delay_cap_seconds: Pause | None = None
    rate_limit_patience_seconds: Pause | None = None


class LimitKeys(AttemptKeys):
    """The keys of [limits], which a chain may repeat. A deadline bounds a request over all its models."""

    deadline_seconds: Seconds | None = None


class BreakerKeys(Section):
    """[breaker], which a chain or a model may repeat as a table of its own."""

    enabled: bool | None = None
    consecutive_failures: AtLeastOne | None = None
    open_seconds: Seconds | None = None
    success_threshold: AtLeastOne | None = None
    failed_share: Share | None = None
    minimum_calls: AtLeastOne | None = None
    window_seconds: Seconds | None = None
    suspended_seconds: Seconds | None = None
    slow_share: Share | None = None
    slow_seconds: Seconds | None = None
    cooldown_seconds: Pause | None = None


class GatewayKeys(Section):
    name: InstanceName | None = None
    host: Name = "127.0.0.1"
    allowed_hosts: list[Name] = Field(default_factory=list)
    port: Port = 4000
    token_env: Variable | None = None
    max_body_bytes: int = Field(default=33_554_432, ge=1024, le=1 << 34)
    unknown_model: Literal["refuse", "default"] = "refuse"


class CallerKeys(Section):
    name: Name
    token_env: Variable
    chains: list[Name] | None = None


class StoreKeys(Section):
    path: Name | None = None
    content: bool = False
    content_keep_days: Days = 7
    redact: list[Pattern] = Field(default_factory=list)
    durability: Literal["normal", "strict"] = "normal"
    keep_days: Days = 90
    keep_bytes: Bytes = 10_737_418_240


class HealthCheckKeys(Section):
    enabled: bool = True
    interval_seconds: Seconds = 60
    timeout_seconds: Seconds = 10


class BudgetKeys(Section):
    daily_usd: Usd | None = None
    session_usd: Usd | None = None
    alert_share: Share = 0.8
    at_limit: Literal["block", "cheapest", "warn"] = "block"
    unknown_price: Literal["refuse", "allow"] = "refuse"
    timezone: Name = "local"


class ConsoleKeys(Section):
    environment: Text = ""
    read_only: bool = False


class ModelKeys(AttemptKeys):
    name: Name
    provider: Name | None = None
    model: Name | None = None
    base_url: Address | None = None
    base_url_env: Variable | None = None
    api_key_env: Variables | None = None
    api_key_file: Name | None = None
    input_usd_per_million_tokens: UsdPerMillion | None = None
    output_usd_per_million_tokens: UsdPerMillion | None = None
    cache_read_usd_per_million_tokens: UsdPerMillion | None = None
    cache_write_usd_per_million_tokens: UsdPerMillion | None = None
    context_tokens: int | None = Field(default=None, ge=1, le=1_000_000_000)
    lacks: list[Literal["tools", "images", "json_schema", "json_object", "audio", "files"]] = Field(
        default_factory=list
    )
    enabled: bool = True
    max_concurrent: int = Field(default=0, ge=0, le=1_000_000)
    max_queued: int = Field(default=32, ge=0, le=1_000_000)
    queue_seconds: Seconds = 10
    parameters: Parameters = Field(default_factory=dict)
    breaker: BreakerKeys = Field(default_factory=BreakerKeys)


class ProviderKeys(Section):
    dialect: DialectName | None = None
    base_url: Address | None = None
    api_key_env: Variables | None = None
    api_key_file: Name | None = None
    authentication: Authentication | None = None
    region: Region | None = None
    api_version: ApiVersion | None = None
    headers: Headers = Field(default_factory=dict)
    ca_file: Name | None = None
    stream_usage: bool | None = None
    transport: Literal["auto", "httpx"] = "auto"
    proxy: Proxy | None = None


class TaskMatchKeys(Section):
    header: Name | None = None
    metadata: Name | None = None
    equals: Text | None = None
    prompt_tokens_below: AtLeastOne | None = None


class TaskKeys(Section):
    match: TaskMatchKeys
    start: Name
    attempt_seconds: Seconds | None = None


class RegionKeys(Section):
    name: Name
    model: Name | None = None
    base_url: Address | None = None


class ChainKeys(LimitKeys):
    models: list[Name]
    answers: list[Name] = Field(default_factory=list)
    guests: list[Name] = Field(default_factory=list)
    kind: Kind = "chat"
    strategy: Strategy = "priority"
    fallback_on_rate_limit: bool = True
    fallback_on_timeout: bool = True
    fallback_on_error: bool = True
    cost_aware_fallback: bool = False
    performance_aware_fallback: bool = False
    latency_threshold_seconds: Seconds | None = None
    stream_delivery: StreamDelivery = "live"
    on_stream_break: OnStreamBreak = "error"
    on_content_filter: Literal["stop", "next"] = "stop"
    triggers: dict[Annotated[Trigger, Strict(False)], Literal["retry", "another_key", "next", "stop"]] = Field(
        default_factory=dict
    )
    check_output: bool = True
    repair_output: bool = True
    check_loop: bool = True
    check_refusal: bool = True
    emergency_cache: bool = False
    emergency_cache_embeddings: Name | None = None
    hedge_extra_share: Share = 0.05
    score: Text = ""
    affinity: Literal["none", "session"] = "none"
    equivalent: bool = False
    weights: dict[Name, Weight] = Field(default_factory=dict)
    breaker: BreakerKeys = Field(default_factory=BreakerKeys)
    tasks: list[TaskKeys] = Field(default_factory=list)
    regions: list[RegionKeys] = Field(default_factory=list)


class WebhookKeys(Section):
    url: Link
    secret_env: Variable | None = None


class AlertKeys(Section):
    webhooks: list[WebhookKeys] = Field(default_factory=list)


class File(Section):
    """A whole configuration."""

    gateway: GatewayKeys = Field(default_factory=GatewayKeys)
    callers: list[CallerKeys] = Field(default_factory=list)
    store: StoreKeys = Field(default_factory=StoreKeys)
    limits: LimitKeys = Field(default_factory=LimitKeys)
    breaker: BreakerKeys = Field(default_factory=BreakerKeys)
    health_check: HealthCheckKeys = Field(default_factory=HealthCheckKeys)
    budget: BudgetKeys = Field(default_factory=BudgetKeys)
    console: ConsoleKeys = Field(default_factory=ConsoleKeys)
    models: list[ModelKeys] = Field(default_factory=list)
    providers: dict[Name, ProviderKeys] = Field(default_factory=dict)
    chains: dict[Name, ChainKeys] = Field(default_factory=dict)
    alerts: AlertKeys = Field(default_factory=AlertKeys)
