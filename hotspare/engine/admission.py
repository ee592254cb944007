"""Decide whether a request may enter a chain, and make the Ask that routing sees of it.

Runs once a request, on the hot path: look-ups only; sentences are made for the ones that are turned away.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from hotspare.dialects.body import metadata_of
from hotspare.dialects.call import Call, InvalidRequest, Operation
from hotspare.dialects.token_estimate import text_size
from hotspare.router.clock import Clock
from hotspare.router.error import HotspareError
from hotspare.router.facade import Router
from hotspare.router.record import Ask, RequestKind
from hotspare.router.settings import Chain, Kind, Settings

_KINDS: Mapping[Operation, Kind] = {"chat": "chat", "count_tokens": "chat", "embeddings": "embeddings"}
"""Which chains carry an operation out."""

_PATHS: Mapping[Kind, str] = {
    "chat": "POST /v1/chat/completions or POST /v1/messages",
    "embeddings": "POST /v1/embeddings",
}
BYTES_PER_TOKEN = 4
"""Of a request's body, roughly, where nothing better is known."""
_NAMES_SHOWN = 12


class UnknownModel(HotspareError):
    """A name that no chain answers for.

    Attributes:
        asked: the name.
        names: what is served: chains, the patterns they answer for, models.
    """

    def __init__(self, asked: str, names: tuple[str, ...]) -> None:
        super().__init__(f"There is no chain or model named {asked!r} here.", f"Served are: {_listed(names)}.")
        self.asked = asked
        self.names = names


class NotAllowed(HotspareError):
    """A name that the caller's token does not open.

    Attributes:
        asked: the name.
    """

    def __init__(self, asked: str, names: tuple[str, ...]) -> None:
        super().__init__(f"The token of this caller does not open {asked!r}.", f"It opens: {_listed(names)}.")
        self.asked = asked


class WrongOperation(HotspareError):
    """A chain of one kind was asked at the path of another."""

    def __init__(self, asked: str, kind: Kind) -> None:
        super().__init__(f"{asked!r} is for {kind} here.", f"Ask it at {_PATHS[kind]}.")


def admit(
    router: Router,
    call: Call,
    request_id: str,
    run: str,
    clock: Clock,
    caller: str,
    kind: RequestKind,
    only: str | None,
    chains: frozenset[str] | None = None,
) -> Ask:
    """The Ask of a call; its deadline counts from now.

    Args:
        router: resolves names.
        call: the request as it was read.
        request_id: its id.
        run: our mark, for the way up.
        clock: both clocks are read once.
        caller: who asks.
        kind: traffic, or what else it is.
        only: this model of the chain and no other.
        chains: those that the caller may use; None: all.

    Raises:
        UnknownModel: nothing answers for the name.
        NotAllowed: only a chain answers for it that the caller may not use.
        WrongOperation: what answers for it does something else.
        InvalidRequest: the preferred fallback is no model of the chain.
    """
    chain, start = _entry(router, call.model, only, chains)
    if chain.kind != _KINDS[call.operation]:
        chain, start = _elsewhere(router.settings, call, chain, start, chains)
    if chains is not None and chain.name not in chains:
        chain = _opened(router.settings, call, chain, start, chains)
    if call.wish_preferred is not None and call.wish_preferred not in chain.models:
        raise _no_such_wish(call.wish_preferred, chain)
    read_at = clock.monotonic()
    return Ask(  # by place, which is cheaper by far for so many
        request_id,
        chain.name,
        call.model,
        caller,
        clock.wall(),
        read_at,
        read_at + chain.deadline_seconds,
        call.dialect,
        kind,
        call.session,
        call.stream,
        call.needs,
        text_size(call),
        start,
        _task(chain, call) if chain.tasks and start is None else None,
        only=only is not None,
        wish_force=call.wish_force,
        wish_preferred=call.wish_preferred,
        wait_seconds=call.wait_seconds,
        via=f"{call.via} {run}" if call.via else run,
    )


def _entry(router: Router, asked: str, only: str | None, chains: frozenset[str] | None) -> tuple[Chain, str | None]:
    """Where a request enters: its chain, and the model it starts at if one was named."""
    settings = router.settings
    resolved = router.resolve(asked)
    if resolved is None:
        raise UnknownModel(asked, names_served(settings, chains=chains))
    chain, start = settings.chains[resolved[0]], resolved[1]
    if only is None:
        return chain, start
    holder = chain if only in chain.reachable else settings.chain_of_model(only)
    if holder is None:
        raise UnknownModel(only, names_served(settings))
    return holder, only


def _task(chain: Chain, call: Call) -> int | None:
    """The first of the chain's task rules that fits a request."""
    metadata: dict[str, Any] | None = None
    for i, task in enumerate(chain.tasks):
        if task.header is not None:
            fits = call.headers.get(task.header) == task.equals
        elif task.metadata is not None:
            metadata = metadata_of(call.fields) if metadata is None else metadata
            fits = metadata.get(task.metadata) == task.equals
        else:
            fits = call.size_bytes < (task.prompt_tokens_below or 0) * BYTES_PER_TOKEN
        if fits:
            return i
    return None


def _elsewhere(
    settings: Settings, call: Call, found: Chain, start: str | None, chains: frozenset[str] | None
) -> tuple[Chain, str | None]:
    """The entry of a request that came out at a chain of the other kind: a model may stand in chains of both."""
    kind = _KINDS[call.operation]
    if start is not None:
        for chain in settings.chains.values():
            if chain.kind == kind and start in chain.reachable:
                return chain, start
    elif found.name == settings.default_chain and not _named(call.model, found):
        raise UnknownModel(call.model, names_served(settings, kind, chains))
    raise WrongOperation(call.model, found.kind)


def _opened(settings: Settings, call: Call, found: Chain, start: str | None, chains: frozenset[str]) -> Chain:
    """The chain of a caller that may not use the one that was found: a model may stand in several."""
    for chain in settings.chains.values():
        if chain.name in chains and chain.kind == found.kind and start in chain.reachable:
            return chain
    names = names_served(settings, found.kind, chains)
    if start is None and not _named(call.model, found):
        raise UnknownModel(call.model, names)
    raise NotAllowed(call.model, names)


def _named(asked: str, chain: Chain) -> bool:
    return asked == chain.name or any(fnmatchcase(asked, pattern) for pattern in chain.answers)


def names_served(settings: Settings, kind: Kind | None = None, chains: frozenset[str] | None = None) -> tuple[str, ...]:
    """Every name that a caller may ask for: chains, patterns, models; each once. Of one kind, and of the chains that
    it may use, where these are given.
    """
    found = [c for c in settings.chains.values() if kind in (None, c.kind) and (chains is None or c.name in chains)]
    names = [chain.name for chain in found]
    names += [pattern for chain in found for pattern in chain.answers]
    names += [model for chain in found for model in chain.reachable]
    return tuple(dict.fromkeys(names))


def _listed(names: tuple[str, ...]) -> str:
    """Names for a sentence: not all where they are many."""
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"{shown or 'none of this kind'}{more}"


def _no_such_wish(wish: str, chain: Chain) -> InvalidRequest:
    models = ", ".join(chain.models)
    return InvalidRequest(
        f"The preferred fallback {wish!r} is no model of {chain.name!r}; it has {models}.", "preferred_fallback"
    )
