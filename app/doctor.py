"""Look at all that an instance needs before it is started: a finding a thing, with what to do where something lacks."""

import asyncio
import locale
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from hotspare.app import instance as instances
from hotspare.configuration.check import report
from hotspare.configuration.compiled import Configuration
from hotspare.configuration.finding import find
from hotspare.configuration.load import read
from hotspare.configuration.midnight import midnight
from hotspare.dialects import openai_chat, openai_embeddings
from hotspare.gateway.listening import CannotListen, bind_tcp
from hotspare.providers.carrier import ProviderCarrier
from hotspare.router.clock import Clock
from hotspare.router.error import HotspareError
from hotspare.router.record import Ask
from hotspare.router.settings import Limits
from hotspare.router.step import Try
from hotspare.router.trigger import AttemptFailed

State = Literal["ok", "warning", "wrong"]

CALL_SECONDS = 10.0
LEAST_FREE_BYTES = 1 << 30
LEAST_COLUMNS, LEAST_LINES = 80, 24
EARLIEST_YEAR = 2026
"""This program is no older."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: the thing.
        state: wrong: it keeps the instance from serving.
        found: how it is.
        remedy: what to do; "" where all is well.
    """

    what: str
    state: State
    found: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def examine(path: Path | None, port: int | None, *, call: bool) -> list[Finding]:
    """Everything, in the order in which it would fail."""
    today = datetime.now(UTC).date()
    try:
        file = path or find(os.environ, Path.cwd())
        checked = report(file, os.environ, today)
        configuration = read(file, os.environ, today=today)
    except HotspareError as error:
        return [Finding("configuration", "wrong", error.title, error.hint), *_surroundings()]
    found = [Finding("configuration", "ok", f"{file}: {checked.format}")]
    found += [
        Finding("configuration", "warning", warning, f"look: hotspare check {file}") for warning in checked.warnings
    ]
    found += _keys(configuration, runnable=checked.runnable)
    if call:
        found += asyncio.run(_calls(configuration))
    found += [_port(configuration, port), _store(configuration.store.path), *_surroundings()]
    found.append(_day(configuration.timezone))
    return found


# ------------------------------------------------------------------ keys and models
def _keys(configuration: Configuration, *, runnable: bool) -> Iterator[Finding]:
    for name, endpoint in configuration.endpoints.items():
        names = " or ".join(configuration.key_names[name])
        if endpoint.keys:
            yield Finding(f"key of {name}", "ok", ", ".join(key.alias for key in endpoint.keys))
        elif configuration.settings.models[name].needs_key:
            state: State = "warning" if runnable else "wrong"
            yield Finding(f"key of {name}", state, "there is none", f"set {names}")
        else:
            yield Finding(f"key of {name}", "ok", "it needs none")


async def _calls(configuration: Configuration) -> list[Finding]:
    """Each model once with each of its keys."""
    carrier = ProviderCarrier(configuration.endpoints)
    try:
        places = [(name, key.alias) for name, endpoint in configuration.endpoints.items() for key in endpoint.keys] + [
            (name, "") for name, model in configuration.settings.models.items() if not model.needs_key
        ]
        return await asyncio.gather(*(_called(carrier, configuration, *place) for place in places))
    finally:
        await carrier.aclose()


async def _called(carrier: ProviderCarrier, configuration: Configuration, model: str, key: str) -> Finding:
    what = f"call of {model}" + (f" with {key}" if key else "")
    chain = configuration.settings.chain_of_model(model)
    embeds = chain is not None and chain.kind == "embeddings"
    body = b'{"model": "m", "input": "hi"}' if embeds else _QUESTION
    request = (openai_embeddings if embeds else openai_chat).read_request(body, {})
    clock = Clock()
    now = clock.monotonic()
    limits = Limits(CALL_SECONDS, CALL_SECONDS, CALL_SECONDS, CALL_SECONDS, CALL_SECONDS, retries=0)
    ask = Ask(
        "doctor", chain.name if chain else "", model, "doctor", clock.wall(), now, now + CALL_SECONDS, start=model
    )
    try:
        answer = await carrier.call(Try(1, model, key, limits, now + CALL_SECONDS), ask, request)
        await answer.aclose()
    except AttemptFailed as failure:
        return Finding(
            what, "wrong", f"{failure.trigger.value}: {failure.message}", _REMEDIES.get(failure.trigger.value, "")
        )
    return Finding(what, "ok", f"answered in {clock.monotonic() - now:.1f} s")


_QUESTION = b'{"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "hi"}]}'

_REMEDIES = {
    "auth": "the key is refused: put a valid one into its variable",
    "quota": "the account's credit is spent: top it up, or use another key",
    "rate_limit": "wait, or ask for a higher limit",
    "network": "see whether the address is right and can be reached from here",
    "timeout": "see whether the address is right and can be reached from here",
    "model_missing": "correct the model's name: key `model`",
}


# ------------------------------------------------------------------ what is around
def _port(configuration: Configuration, port: int | None) -> Finding:
    host, wanted = configuration.gateway.host, configuration.gateway.port if port is None else port
    own = instances.alive(configuration.name)
    if own is not None:
        return Finding("port", "ok", f"this instance runs already, on {own.listen}")
    try:
        for bound in bind_tcp(host, wanted):
            bound.close()
    except CannotListen as error:
        return Finding("port", "wrong", error.title, error.hint or "name another: --port N")
    return Finding("port", "ok", f"{host}:{wanted or 'any free one'} can be listened on")


def _store(path: Path) -> Finding:
    """The nearest folder that is there must take a file."""
    folder = next(place for place in (path.parent, *path.parent.parents) if place.exists())
    if not os.access(folder, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        return Finding("store", "wrong", f"{path} cannot be written", "say who owns it, or name another under [store]")
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        return Finding("store", "warning", f"{path}: {free >> 20} MB are free", "make room, or name another place")
    return Finding("store", "ok", f"{path}, {free >> 30} GB free")


def _surroundings() -> Iterator[Finding]:
    yield _terminal(shutil.get_terminal_size((0, 0)), os.environ, locale.getpreferredencoding)
    year = time.gmtime().tm_year
    if year < EARLIEST_YEAR:
        yield Finding("clock", "warning", f"it says the year {year}", "set it: figures and limits go by it")
    else:
        yield Finding("clock", "ok", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()))


def _terminal(size: os.terminal_size, environ: Any, encoding: Callable[[], str]) -> Finding:
    kind = environ.get("TERM", "")
    if kind in ("", "dumb"):
        return Finding("terminal", "warning", "no screen can be drawn here", "use serve, and attach from a terminal")
    if "utf" not in encoding().lower():
        return Finding("terminal", "warning", f"its characters are {encoding()}", "set LANG to a UTF-8 locale")
    if size.columns and (size.columns < LEAST_COLUMNS or size.lines < LEAST_LINES):
        told = f"{size.columns} x {size.lines}"
        return Finding("terminal", "warning", f"it is {told}", f"make it {LEAST_COLUMNS} x {LEAST_LINES} or larger")
    return Finding("terminal", "ok", kind)


def _day(timezone: str) -> Finding:
    begins = midnight(timezone)(time.time())
    return Finding("day", "ok", f"began {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime(begins))} ({timezone})")
