"""What lies around a file when it is compiled: environment, folders, flags, the day. Handed in, never looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Attributes:
    path: the file.
    environ: the environment; keys and addresses come from it.
    today: the day, or the moment of it, whose prices hold.
    port: as a flag says, over the file's.
    host: likewise.
    named: the user named the file, rather than that it was found.
    looks_only: nothing will be served or called, so no secret has to be there.
    """

    path: Path
    environ: Mapping[str, str] = field(repr=False)
    today: date
    port: int | None = None
    host: str | None = None
    named: bool = True
    looks_only: bool = False

    def beside(self, relative: str) -> Path:
        """A path of the file: relative ones begin at its folder."""
        return self.path.absolute().parent / Path(relative).expanduser()

    def variable(self, name: str) -> str:
        """An environment variable, without blanks around it; "" where it is not set."""
        return self.environ.get(name, "").strip()


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where stores go whose file names none. Not made here."""
    named = environ.get("XDG_STATE_HOME", "")
    return Path(named) / "hotspare" if named.startswith("/") else platformdirs.user_state_path("hotspare")


def config_folder(environ: Mapping[str, str]) -> Path:
    """Where the user's own configuration is looked for."""
    named = environ.get("XDG_CONFIG_HOME", "")
    return Path(named) / "hotspare" if named.startswith("/") else platformdirs.user_config_path("hotspare")


def home_folder(environ: Mapping[str, str]) -> Path:
    """The user's home."""
    named = environ.get("HOME", "")
    return Path(named) if named.startswith("/") else Path.home()
