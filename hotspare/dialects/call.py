"""A caller's request, read once: the bytes as they came, and the few fields that routing needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from hotspare.dialects.begun import Begun
from hotspare.dialects.endpoint import DialectName
from hotspare.router.error import HotspareError

VIA_HEADER = "x-hotspare-via"
"""Which runs of this program a request has come through: each adds its own mark when it passes the request on."""

Operation = Literal["chat", "embeddings", "count_tokens"]


@dataclass(slots=True)
class Call:
    """One request of a caller. `fields` are the top-level values of its body, each as raw JSON bytes; our own wish
    fields are already taken out of it.
    """

    dialect: DialectName
    operation: Operation
    fields: dict[str, msgspec.Raw]
    model: str
    stream: bool = False
    wants_usage: bool = True
    """False for an OpenAI stream whose caller did not ask for usage: the usage event is kept from it."""
    needs: frozenset[str] = frozenset()
    """Of "tools", "images", "json_schema", "json_object", "audio", …: what a model must be capable of."""
    session: str | None = None
    wish_force: bool = False
    wish_preferred: str | None = None
    wait_seconds: float = 0.0
    size_bytes: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    """All of the caller's, with lower-case names: for rules that look at one; none goes up from here."""
    passed_headers: tuple[tuple[str, str], ...] = ()
    """The few headers of the caller that may go to a provider of the same dialect."""
    begun: Begun | None = None
    """What its caller has of the answer already, where a model is asked to go on with that."""
    via: str = ""
    """The marks of the gateways before this one, apart by blanks."""


class InvalidRequest(HotspareError):
    """A body that is no request of its dialect: answered with 400 in the dialect's error shape.

    Attributes:
        parameter: the field at fault, "" where it is the body as a whole.
    """

    def __init__(self, title: str, parameter: str = "") -> None:
        super().__init__(title)
        self.parameter = parameter
