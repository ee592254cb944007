"""The tokens that callers present: from environment variables to who each of them is. Nothing here repeats a token."""

from hotspare.configuration.compiled import CallerSettings
from hotspare.configuration.draft import Draft
from hotspare.configuration.error import fault, plain
from hotspare.configuration.keys import is_usable
from hotspare.configuration.model import CallerKeys
from hotspare.configuration.surroundings import Surroundings

LEAST_TOKEN_CHARACTERS = 8


def gateway_token(draft: Draft, around: Surroundings) -> str | None:
    """The token of [gateway]; None where none is asked for.

    Raises:
        ConfigurationError: it is named and not there, or unusable.
    """
    name = draft.file.gateway.token_env
    return None if name is None or around.looks_only else _token(name, draft.key("gateway.token_env"), around)


def callers_of(draft: Draft, gateway: str | None, around: Surroundings) -> tuple[CallerSettings, ...]:
    """Everybody of [[callers]]; nobody for whoever only looks.

    Args:
        draft: the file.
        gateway: the token of [gateway].
        around: the tokens come from its environment.

    Raises:
        ConfigurationError: a token is not there, unusable, or somebody else's too.
    """
    holders = {} if gateway is None else {gateway: "gateway.token_env"}
    found = [_caller(keys, f"callers[{i}]", holders, around) for i, keys in enumerate(draft.file.callers)]
    return tuple(caller for caller in found if caller is not None)


def _caller(keys: CallerKeys, where: str, holders: dict[str, str], around: Surroundings) -> CallerSettings | None:
    chains = None if keys.chains is None else tuple(keys.chains)
    name, variable = keys.name, keys.token_env
    if around.looks_only:
        return None
    token = _token(variable, f"{where}.token_env", around)
    if token in holders:
        what = f"{where}.token_env names {variable}, which holds the same token as {holders[token]}"
        raise fault(around.path, what, f"give {plain(name)} a token of its own")
    holders[token] = f"{where}.token_env"
    return CallerSettings(name, token, chains)


def _token(variable: str, key: str, around: Surroundings) -> str:
    token = around.variable(variable)
    state = _wrong_with(token)
    if state:
        remedy = f"set {variable} (`openssl rand -hex 16` makes a good one), or take {key.rpartition('.')[2]} out"
        takes = "names" if key.endswith("token_env") else "takes its token from"
        raise fault(around.path, f"{key} {takes} {variable}, which {state}", remedy)
    return token


def _wrong_with(token: str) -> str:
    if not token:
        return "is empty or not set"
    if not is_usable(token):
        return "holds characters that no token may have"
    if len(token) < LEAST_TOKEN_CHARACTERS:
        return f"is shorter than {LEAST_TOKEN_CHARACTERS} characters"
    return ""
