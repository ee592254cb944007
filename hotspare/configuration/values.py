"""The kinds of values that keys may have, with their bounds: shared by all formats.

What a validator says is the end of a sentence that begins with the key: "must be …".
"""

import math
import re
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

YEAR_SECONDS = 31_536_000
NAME_CHARACTERS = 200
PARAMETER_DEPTH = 20

_INSTANCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_REGION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\Z")
_API_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_SECRET = re.compile(r"(sk|pk|rk|gsk|xai|key|nvapi|hf|ghp|glpat|AKIA|AIza|ya29|Bearer|eyJ)[-_.A-Za-z0-9 ]{12,}\Z")
_LONG_VARIABLE_CHARACTERS = 24
_RESERVED_PARAMETERS = frozenset({"model", "messages", "stream", "input"})


def looks_like_a_key(text: str) -> bool:
    """Whether a text seems to be an API key itself, rather than the name of one: such text is never repeated."""
    mixed = any(c.islower() for c in text) and any(c.isupper() for c in text) and any(c.isdigit() for c in text)
    return bool(_SECRET.match(text)) or (mixed and len(text) >= _LONG_VARIABLE_CHARACTERS)


def _name(text: str) -> str:
    if not text.strip() or text != text.strip():
        raise ValueError("must be a name without blanks around it")
    if len(text) > NAME_CHARACTERS or not text.isprintable():
        raise ValueError(f"must be a name of at most {NAME_CHARACTERS} printable characters")
    return text


def _text(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line of printable characters")
    return text


def _instance_name(text: str) -> str:
    if not _INSTANCE_NAME.match(text):
        raise ValueError("must be at most 64 letters, digits, dots, dashes or underscores")
    return text


def _variable(text: str) -> str:
    if looks_like_a_key(text) or not _VARIABLE.match(text):
        raise ValueError("must be the name of an environment variable, not a key itself")
    return text


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def parts_of(url: str) -> SplitResult:
    """An address taken apart.

    Raises:
        ValueError: it is none that a model could be reached at.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("must be an address like https://host/v1") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii() or not _bare(url):
        raise ValueError("must be an address like https://host/v1")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user or password: a key is named by api_key_env")
    return parts


def _bare(text: str) -> bool:
    return text.isprintable() and not any(character.isspace() for character in text)


def _link(url: str) -> str:
    parts_of(url)
    return url


def _address(url: str) -> str:
    parts = parts_of(url)
    if parts.query or parts.fragment:
        raise ValueError("must be an address without ? and #")
    return url.rstrip("/")


def _proxy(told: str) -> str:
    if told == "none":
        return told
    try:
        return _address(told)
    except ValueError:
        what = 'must be "none" or an address like http://host:3128; one with a password belongs in HTTPS_PROXY'
        raise ValueError(what) from None


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"must be a regular expression; {error}") from None
    return text


def _region(text: str) -> str:
    if not _REGION.match(text):
        raise ValueError("must be the name of a region, like us-east-1")
    return text


def _api_version(text: str) -> str:
    if not _API_VERSION.match(text):
        raise ValueError("must be a version, like 2024-10-21")
    return text


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER.match(name):
            raise ValueError("must hold names of HTTP headers")
        if not (value.isascii() and value.isprintable()):
            raise ValueError("must hold values of printable ASCII characters")
    return headers


def _parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    for name in sorted(_RESERVED_PARAMETERS & parameters.keys()):
        raise ValueError(f"must not hold {name}: that is the request's own")
    _check_json(parameters, PARAMETER_DEPTH)
    return parameters


def _check_json(value: object, depth: int) -> None:
    """TOML knows dates and infinities, JSON does not, and these go up as JSON."""
    if depth == 0:
        raise ValueError("must not be nested so deeply")
    match value:
        case dict():
            for inner in value.values():
                _check_json(inner, depth - 1)
        case list():
            for inner in value:
                _check_json(inner, depth - 1)
        case None | bool() | str() | int():
            pass
        case float() if math.isfinite(value):
            pass
        case _:
            raise ValueError("must hold texts, finite numbers, true, false, lists and tables only")


Name = Annotated[str, AfterValidator(_name)]
Text = Annotated[str, AfterValidator(_text)]
InstanceName = Annotated[str, AfterValidator(_instance_name)]
Variable = Annotated[str, AfterValidator(_variable)]
Variables = Annotated[
    list[Variable],
    BeforeValidator(_several, json_schema_input_type=str | list[Variable]),
    Field(min_length=1),
]
Address = Annotated[str, AfterValidator(_address)]
Proxy = Annotated[str, AfterValidator(_proxy)]
Region = Annotated[str, AfterValidator(_region)]
ApiVersion = Annotated[str, AfterValidator(_api_version)]
Link = Annotated[str, AfterValidator(_link)]
Headers = Annotated[dict[str, str], AfterValidator(_headers)]
Parameters = Annotated[dict[str, Any], AfterValidator(_parameters)]

Number = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[Number, Field(gt=0, le=YEAR_SECONDS)]
Pause = Annotated[Number, Field(ge=0, le=YEAR_SECONDS)]
Milliseconds = Annotated[Number, Field(ge=0, le=YEAR_SECONDS * 1000)]
Weight = Annotated[Number, Field(ge=0, le=1e9)]
Share = Annotated[Number, Field(ge=0, le=1)]
Percent = Annotated[Number, Field(gt=0, le=100)]
Usd = Annotated[Number, Field(gt=0, le=1e9)]
UsdPerMillion = Annotated[Number, Field(ge=0, le=1e6)]
UsdPerToken = Annotated[Number, Field(ge=0, le=1)]
Multiplier = Annotated[Number, Field(ge=1, le=100)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Days = Annotated[Number, Field(ge=0, le=36_500)]
Bytes = Annotated[int, Field(ge=0, le=2**50)]
Retries = Annotated[int, Field(ge=0, le=100)]
AtLeastOne = Annotated[int, Field(ge=1, le=1_000_000)]
Port = Annotated[int, Field(ge=0, le=65535)]
