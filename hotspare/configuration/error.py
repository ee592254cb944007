"""The one error of this room: a configuration that cannot be run, in one sentence and with the remedy."""

from pathlib import Path

from hotspare.router.error import HotspareError

SHOWN_CHARACTERS = 60


class ConfigurationError(HotspareError):
    """The file, or what it needs around it, is not right. Nothing was written and nothing was started."""


def fault(path: Path, what: str, remedy: str) -> ConfigurationError:
    """What is wrong in a file, and what to do."""
    return ConfigurationError(f"{plain(str(path), 200)}: {what}", remedy)


def plain(text: str, length: int = SHOWN_CHARACTERS) -> str:
    """Text from a file, fit for a terminal: no control characters, and not endless."""
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return shown if len(shown) <= length else f"{shown[: length - 1]}…"
