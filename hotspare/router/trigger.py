"""Why an attempt did not serve, and what is done about it: two tables, and the failure that carries the reason.

A status alone seldom says enough: providers put "your credit is spent" and "you sent a bad field" both under 400.
The first matching row of `ROWS` wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from hotspare.router.value import value


class Trigger(StrEnum):
    """Why an attempt did not serve. `bad_request` is the caller's own fault and goes back unchanged."""

    rate_limit = "rate_limit"
    overloaded = "overloaded"
    timeout = "timeout"
    network = "network"
    server_error = "server_error"
    auth = "auth"
    quota = "quota"
    content_filter = "content_filter"
    refusal = "refusal"
    loop = "loop"
    empty = "empty"
    invalid_output = "invalid_output"
    malformed = "malformed"
    context_length = "context_length"
    model_missing = "model_missing"
    stream_cut = "stream_cut"
    stream_stall = "stream_stall"
    unclassified = "unclassified"
    bad_request = "bad_request"


class Action(Enum):
    """What the walk does after a trigger. Each begins where its name says and moves on when that is exhausted.

    The names are those of a chain's `triggers` table in the configuration.
    """

    retry = "retry here with backoff, then the next model"
    another_key = "another key of this model, then the next model"
    next = "the next model"
    stop = "the error goes to the caller"


ACTIONS: Mapping[Trigger, Action] = {
    Trigger.rate_limit: Action.another_key,
    Trigger.overloaded: Action.retry,
    Trigger.timeout: Action.next,
    Trigger.network: Action.retry,
    Trigger.server_error: Action.retry,
    Trigger.auth: Action.another_key,
    Trigger.quota: Action.another_key,
    Trigger.content_filter: Action.stop,
    Trigger.refusal: Action.next,
    Trigger.loop: Action.next,
    Trigger.empty: Action.next,
    Trigger.invalid_output: Action.next,
    Trigger.malformed: Action.next,
    Trigger.context_length: Action.next,
    Trigger.model_missing: Action.next,
    Trigger.stream_cut: Action.next,
    Trigger.stream_stall: Action.next,
    Trigger.unclassified: Action.next,
    Trigger.bad_request: Action.stop,
}

MEANING: Mapping[Trigger, str] = {
    Trigger.rate_limit: "the provider asks for a pause (429)",
    Trigger.overloaded: "the provider has too much to do (503, 529)",
    Trigger.timeout: "no connection, no first content, or no whole answer within the limits",
    Trigger.network: "refused, reset, not found, no TLS, or cut off before an answer",
    Trigger.server_error: "the provider failed (500, 502 and other 5xx; 409, 425)",
    Trigger.auth: "the key is refused (401), or may not use this model (403)",
    Trigger.quota: "the account's credit is spent",
    Trigger.content_filter: "the provider's filter refuses the request or the answer",
    Trigger.refusal: "the model declines in words",
    Trigger.loop: "the answer repeats itself without end",
    Trigger.empty: "an answer with nothing in it",
    Trigger.invalid_output: "not the JSON, the schema or the tool call that was asked for",
    Trigger.malformed: "bytes that are no answer of the provider's dialect",
    Trigger.context_length: "the request does not fit into the model's context",
    Trigger.model_missing: "the provider does not have, or no longer has, this model",
    Trigger.stream_cut: "a stream that ends before it is complete",
    Trigger.stream_stall: "a stream that goes silent",
    Trigger.unclassified: "an error that no line of the table knows; shown as it is",
    Trigger.bad_request: "the caller's own fault: goes back unchanged",
}

COUNTED: frozenset[Trigger] = frozenset(
    {
        Trigger.timeout,
        Trigger.network,
        Trigger.server_error,
        Trigger.overloaded,
        Trigger.stream_cut,
        Trigger.stream_stall,
        Trigger.empty,
        Trigger.malformed,
    }
)
"""What the breaker judges a model by. A 429, a refused key or the caller's fault says nothing about its health."""

TIMEOUTS = frozenset({Trigger.timeout, Trigger.stream_stall})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the classification: statuses (empty: any), and words of which one must stand in code or message."""

    statuses: frozenset[int]
    words: tuple[str, ...]
    trigger: Trigger


def _row(trigger: Trigger, statuses: tuple[int, ...], *words: str) -> Row:
    return Row(frozenset(statuses), words, trigger)


_CREDIT = (
    "credit balance",
    "insufficient_quota",
    "billing",
    "exceeded your current quota",
    "insufficient credits",
)
_CONTEXT = (
    "context_length",
    "maximum context length",
    "context window",
    "prompt is too long",
    "too many tokens",
    "input is too long",
    "exceeds the maximum number of tokens",
)
_MISSING = (
    "model_not_found",
    "not_found_error",
    "does not exist",
    "model not found",
    "deprecated",
    "no such model",
    "decommissioned",
    "invalid model",
    "model identifier is invalid",
)
_KEY = ("api key not valid", "api_key_invalid")
_UNKNOWN_FIELD = (
    "unknown parameter",
    "unknown_parameter",
    "unrecognized request argument",
    "extra inputs are not permitted",
)
_FILTER = (
    "content_filter",
    "content filter",
    "content_policy",
    "content management policy",
    "content policy",
    "safety system",
    "usage policy",
    "usage policies",
    "usage guidelines",
    "input was flagged",
    "prompt was flagged",
    "output was flagged",
    "flagged by moderation",
    "blocked due to safety",
    "blocked by safety",
    "prohibited_content",
    "content exists risk",
    "data_inspection_failed",
    "inappropriate content",
)
"""As OpenAI, Azure, Anthropic, Gemini, Bedrock, xAI, OpenRouter, DeepSeek and Alibaba say it."""

ROWS: tuple[Row, ...] = (
    _row(Trigger.quota, (400, 402, 403, 429), *_CREDIT),
    _row(Trigger.quota, (402,)),
    _row(Trigger.rate_limit, (429,)),
    _row(Trigger.context_length, (400, 413, 422), *_CONTEXT),
    _row(Trigger.bad_request, (400, 404), *_UNKNOWN_FIELD),
    _row(Trigger.content_filter, (400, 403), *_FILTER),
    _row(Trigger.bad_request, (400,), "deprecated for this model"),
    _row(Trigger.model_missing, (400, 404, 410), *_MISSING),
    _row(Trigger.auth, (400,), *_KEY),
    _row(Trigger.auth, (401, 403)),
    _row(Trigger.model_missing, (404, 410)),
    _row(Trigger.timeout, (408, 504)),
    _row(Trigger.overloaded, (503, 529)),
    _row(Trigger.overloaded, (), "overloaded_error"),
    _row(Trigger.server_error, (409, 425, 500, 502)),
    _row(Trigger.bad_request, (400, 405, 406, 411, 413, 414, 415, 422, 431)),
)


def classify(status: int, told: str) -> Trigger:
    """The trigger of an answer that is an error.

    Args:
        status: the HTTP status; for an error event inside a stream, the status that the event's type stands for.
        told: the provider's error type, code and message, in any case, joined by blanks.
    """
    words = told.lower()
    for row in ROWS:
        if row.statuses and status not in row.statuses:
            continue
        if not row.words or any(word in words for word in row.words):
            return row.trigger
    return Trigger.server_error if status >= 500 else Trigger.unclassified


@value
class Usage:
    """Tokens as the provider counted them. `input` includes what was read from and written to its cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    cache_write_hour: int = 0
    """Of `cache_write`: what is kept for an hour, and dearer for it."""
    begun: bool = False
    """It was told when the answer began: `output` is not all of it."""


class AttemptFailed(Exception):
    """An attempt ended without serving. Raised by a Carrier; carries all that routing and the caller need to know.

    Attributes:
        trigger: why.
        status: the provider's HTTP status, if it answered.
        retry_after_seconds: what it asked for (already sane: positive, at most a day), if it did.
        message: one line for operators, with every known secret taken out.
        body: for `bad_request`: the provider's answer, to go to the caller (in the caller's dialect).
        content_type: of `body`.
        provider_request_id: the provider's own id of the call.
        usage: tokens that were used all the same, if known.
        said_bytes: the text that had come by then, for whoever must guess what was used.
        sent: False where the request cannot have reached the provider.
    """

    __slots__ = (
        "body",
        "content_type",
        "message",
        "provider_request_id",
        "retry_after_seconds",
        "said_bytes",
        "sent",
        "status",
        "trigger",
        "usage",
    )

    def __init__(
        self,
        trigger: Trigger,
        message: str,
        *,
        status: int | None = None,
        retry_after_seconds: float | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        provider_request_id: str | None = None,
        usage: Usage | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(message)
        self.trigger = trigger
        self.message = message
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        self.body = body
        self.content_type = content_type
        self.provider_request_id = provider_request_id
        self.usage = usage
        self.said_bytes = 0
        self.sent = sent


class Incapable(AttemptFailed):
    """The model was not called: a part of the request has no counterpart in its dialect. Another model may serve.

    Attributes:
        part: the field at fault, in the caller's words.
    """

    __slots__ = ("part",)

    def __init__(self, part: str) -> None:
        super().__init__(Trigger.unclassified, f"incapable ({part}): its dialect has no counterpart for that")
        self.part = part
