"""What a configuration file of any format becomes: values for each room, and an account of every key in the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hotspare.dialects.endpoint import Endpoint
from hotspare.router.settings import Settings

KeyStanding = Literal["in force", "not yet in force", "ignored", "not supported"]


@dataclass(frozen=True, slots=True)
class CallerSettings:
    """An application with a token of its own. `chains`: those that it may use; None: all."""

    name: str
    token: str = field(repr=False)
    chains: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """The surface for applications."""

    host: str = "127.0.0.1"
    port: int = 4000
    allowed_hosts: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    """The one without a name: whoever has it says who it is."""
    callers: tuple[CallerSettings, ...] = ()
    max_body_bytes: int = 33_554_432

    @property
    def asks_for_a_token(self) -> bool:
        """Whether nobody may ask without one."""
        return self.token is not None or bool(self.callers)


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where Records are kept."""

    path: Path
    content: bool = False
    content_keep_days: float = 7
    redact: tuple[str, ...] = ()
    durability: Literal["normal", "strict"] = "normal"
    keep_days: float = 90
    keep_bytes: int = 10_737_418_240


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How the console presents itself."""

    environment: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class FileKey:
    """One key of the file, by its dotted path, and what came of it."""

    key: str
    state: KeyStanding
    note: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One file, resolved."""

    name: str
    """The instance."""
    path: Path | None
    format: str
    settings: Settings
    endpoints: Mapping[str, Endpoint]
    key_names: Mapping[str, tuple[str, ...]]
    """Model → the environment variables its keys come from (or were looked for in)."""
    gateway: GatewaySettings
    store: StoreSettings
    timezone: str = "local"
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    warnings: tuple[str, ...] = ()
    keys: tuple[FileKey, ...] = ()
    files: tuple[Path, ...] = ()
    """All that it was read from: the file, and those that it names keys in."""
    listed_as: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Models whose prices are the price library's → the model and the provider that it knows them as."""
