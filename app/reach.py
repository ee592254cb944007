"""Find what a command speaks to: the running instance, or, for those that only look, what its store kept.

Who only looks is told on standard error when nothing runs, or nothing can be read; who acts is refused (exit code 3).
"""

import os
from pathlib import Path
from typing import Any, Protocol

from hotspare.app import instance
from hotspare.app.admin_client import AdminClient
from hotspare.app.ending import say
from hotspare.configuration.error import ConfigurationError
from hotspare.configuration.finding import find
from hotspare.router.snapshot import Snapshot
from hotspare.widgets.plain import plain


class Source(Protocol):
    """Who answers a looking command."""

    def snapshot(self) -> Snapshot:
        """All figures now; or as they would stand if the instance were started."""

    def query(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """A view of the past."""


def running(name: str | None) -> AdminClient:
    """The running instance.

    Raises:
        NothingRuns: there is none (of that name).
        SeveralRun: there are several, and none was named.
    """
    return AdminClient(Path(instance.find(name).socket))


def look(name: str | None, config: Path | None) -> Source:
    """The running instance (of that name, or of that configuration), or its store."""
    try:
        return running(named(name, config))
    except instance.NothingRuns as nothing:
        if not is_configured(name, config):
            raise
        from hotspare.app.past import Past  # noqa: PLC0415 - the database only where nothing runs

        past = Past.open(name, config, nothing)
        say(f"{nothing.title}; this is what {past.path} holds")
        return past


def is_configured(name: str | None, config: Path | None) -> bool:
    """Whether there is a configuration to ask where nothing runs: named, left by the last run, or found. Quick."""
    if config is not None or instance.remembered(name) is not None:
        return True
    try:
        return name is None and find(os.environ, Path.cwd()).is_file()
    except ConfigurationError:
        return False


def named(name: str | None, config: Path | None) -> str | None:
    """The name of the instance that is meant; None where neither it nor a configuration was said."""
    if name is not None or config is None:
        return name
    from hotspare.app.configured import meaning_of  # noqa: PLC0415 - the readers of all formats: only if needed

    return meaning_of(config).name


def asked(source: Source, view: str, **wanted: Any) -> list[dict[str, Any]]:
    """A view of the past; nothing is found in a store that cannot be read, and then that is said."""
    found = source.query(view, **wanted)
    if not found:
        for situation in source.snapshot().situations:
            if situation.code == "store":
                say(plain(situation.text, 1000))
    return found
