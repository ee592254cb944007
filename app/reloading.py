"""Take up a changed configuration while requests run: all of it or nothing, and what was asked before keeps its way.

The file and the key files that it names are looked at; one that has just changed is left alone until it rests.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspare.app import heap
from hotspare.configuration.compiled import Configuration, StoreSettings
from hotspare.configuration.error import ConfigurationError
from hotspare.configuration.midnight import midnight
from hotspare.configuration.repricing import changed_rates, repriced
from hotspare.dialects.endpoint import Endpoint
from hotspare.gateway.listening import is_loopback

if TYPE_CHECKING:
    from hotspare.app.wiring import Running

LOOK_SECONDS = 0.5

Stamp = tuple[tuple[int, int, int] | None, ...]
"""When each file was written, its size and its identity; None for one that is not there."""


def stamp_of(files: tuple[Path, ...]) -> Stamp:
    """What tells whether a file is another than before."""
    found: list[tuple[int, int, int] | None] = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)


class Reloading:
    """The configuration of one instance over its life.

    Args:
        load: reads the file anew.
        found: what serves by it.
    """

    def __init__(self, load: Callable[[], Configuration], found: "Running") -> None:
        self._load = load
        self._found = found
        self._known = stamp_of(found.configuration.files)
        self._seen = self._known
        self._priced_in: int | None = None

    async def watch(self) -> None:
        """Look at the files and at the prices for ever."""
        while True:
            await self.look_at_prices(self._found.engine.clock.wall())
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look_at_prices(self, wall: float) -> None:
        """Once a minute: take up prices that hold by now. `wall`: UTC epoch seconds."""
        minute = int(wall // 60)
        if minute == self._priced_in:
            return
        self._priced_in = minute
        found = self._found
        rates = changed_rates(found.configuration, datetime.fromtimestamp(wall, UTC))
        if rates:
            found.configuration = repriced(found.configuration, rates)
            await found.engine.reprice(found.configuration.settings)
            found.store.note("prices_changed", "info", {"models": sorted(rates)})
            found.tell(f"other prices hold from now on: {', '.join(sorted(rates))}", "")

    async def look(self) -> None:
        """Take up the file if it has changed and rests."""
        stamp = stamp_of(self._found.configuration.files)
        rests, self._seen = stamp == self._seen, stamp
        if rests and stamp != self._known:
            before, self._known = self._found.configuration.files, stamp
            await self._take_up()
            if self._found.configuration.files != before:
                self._known = self._seen = stamp_of(self._found.configuration.files)

    async def _take_up(self) -> None:
        try:
            configuration = await asyncio.to_thread(self._load)
            self._check(configuration)
        except ConfigurationError as error:
            self._refuse(error)
        else:
            await self._apply(configuration)

    def _check(self, configuration: Configuration) -> None:
        """What cannot be had while the address stays.

        Raises:
            ConfigurationError: everybody could ask without a token.
        """
        host = self._found.configuration.gateway.host
        if not configuration.gateway.asks_for_a_token and not is_loopback(host):
            what = f"{configuration.path}: no token is asked for, and the gateway listens on {host} until it restarts"
            raise ConfigurationError(what, "keep the token, or restart with gateway.host = 127.0.0.1")

    def _refuse(self, error: ConfigurationError) -> None:
        found = self._found
        said = f"{error.title}: {error.hint}" if error.hint else error.title
        if found.backend.instance.config_refused == said:
            return
        found.backend.instance = replace(found.backend.instance, config_refused=said)
        found.store.note("configuration_refused", "warning", {"reason": said})
        found.tell(f"the changed configuration is refused, the one before stays in force: {error.title}", error.hint)

    async def _apply(self, new: Configuration) -> None:
        """The models first, so that they can be called as soon as the router may choose them."""
        found, old = self._found, self._found.configuration
        found.carrier.reload(new.endpoints)
        await found.engine.reload(
            new.settings,
            file=str(new.path),
            renewed=renewed(old.endpoints, new.endpoints),
            midnight=midnight(new.timezone),
        )
        found.gateway.obey(new.gateway)
        found.backend.instance = replace(
            found.backend.instance,
            config_refused="",
            environment=new.console.environment,
            read_only=new.console.read_only,
        )
        later = waits_for_a_restart(old, new)
        surface = replace(new.gateway, host=old.gateway.host, port=old.gateway.port)
        found.configuration = replace(new, name=old.name, store=old.store, gateway=surface)
        self._priced_in = None
        heap.freeze_new()
        found.store.note("configuration_reloaded", "info", {"path": str(new.path), "after_restart": later})
        found.tell(f"configuration taken up: {new.path}", "; ".join(new.warnings))
        for key in later:
            found.tell(f"{key} is as it was until the next start", "")


def renewed(old: Mapping[str, Endpoint], new: Mapping[str, Endpoint]) -> frozenset[str]:
    """Models that are reached otherwise: at another address, by another name, with other keys."""
    return frozenset(name for name in old.keys() & new.keys() if _way(old[name]) != _way(new[name]))


def _way(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, parameters={}, vectors_like=(), guest_in=frozenset())


def waits_for_a_restart(old: Configuration, new: Configuration) -> list[str]:
    """The keys whose change takes no force while the instance lives."""
    pairs: dict[str, tuple[Any, Any]] = {
        "gateway.name": (old.name, new.name),
        "gateway.host": (old.gateway.host, new.gateway.host),
        "gateway.port": (old.gateway.port, new.gateway.port),
    }
    pairs |= {f"store.{name}": (getattr(old.store, name), getattr(new.store, name)) for name in _STORE_KEYS}
    return [key for key, (before, after) in pairs.items() if before != after]


_STORE_KEYS = tuple(entry.name for entry in fields(StoreSettings))


@asynccontextmanager
async def reloading(load: Callable[[], Configuration], found: "Running") -> AsyncIterator[None]:
    """Changes of the file are taken up while the block runs."""
    task = asyncio.create_task(Reloading(load, found).watch(), name="watch configuration")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
