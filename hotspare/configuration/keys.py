"""API keys: from environment variables and private files to what an endpoint carries. Nothing here repeats a secret."""

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hotspare.configuration.error import fault, plain
from hotspare.configuration.surroundings import Surroundings
from hotspare.dialects.endpoint import ApiKey

MAX_KEY_CHARACTERS = 8192
_TELLING_CHARACTERS = 4
_LONG_ENOUGH_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class FoundKeys:
    """The keys of one model, and what was unusable among them."""

    keys: tuple[ApiKey, ...]
    warnings: tuple[str, ...] = ()


def find_keys(names: Iterable[str], key_file: str | None, where: str, around: Surroundings) -> FoundKeys:
    """The keys in the named variables and in the file, in order, each once.

    Raises:
        ConfigurationError: the file is not there, not private, or holds no key.
    """
    keys: dict[str, ApiKey] = {}
    warnings: list[str] = []
    for name in names:
        secret = around.variable(name)
        if secret and not is_usable(secret):
            warnings.append(f"{name} holds characters that no API key has: it is not used")
        elif secret:
            keys.setdefault(secret, ApiKey(name, secret))
    if key_file is not None:
        secret = _from_file(around.beside(key_file), where, around)
        keys.setdefault(secret, ApiKey(_alias(secret), secret))
    return FoundKeys(tuple(keys.values()), tuple(warnings))


def is_usable(secret: str) -> bool:
    """It can stand in a header."""
    return secret.isascii() and secret.isprintable() and len(secret) <= MAX_KEY_CHARACTERS


def _alias(secret: str) -> str:
    return f"…{secret[-_TELLING_CHARACTERS:]}" if len(secret) >= _LONG_ENOUGH_CHARACTERS else "…"


def _from_file(path: Path, where: str, around: Surroundings) -> str:
    for what, remedy in _wrong_with(path):
        raise fault(around.path, f"{where} names {plain(str(path), 200)}, {what}", remedy)
    try:
        with path.open("rb") as file:
            secret = file.read(MAX_KEY_CHARACTERS + 1).decode().strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret or not is_usable(secret):
        raise fault(
            around.path, f"{where} names {plain(str(path), 200)}, which holds no API key", "put the key into it"
        )
    return secret


def _wrong_with(path: Path) -> Iterator[tuple[str, str]]:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        yield "which is not there", "correct the path"
        return
    if not stat.S_ISREG(mode):
        yield "which is no file", "correct the path"
    if mode & 0o077:
        yield f"which others can read (mode {stat.S_IMODE(mode):04o})", f"chmod 600 {plain(str(path), 200)}"
