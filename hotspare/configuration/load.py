"""Find and load a configuration: file → Draft → Configuration. Reads files and the environment, writes nothing."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hotspare.configuration import formats
from hotspare.configuration.compiled import Configuration
from hotspare.configuration.compiler import Compilation, compile_draft
from hotspare.configuration.draft import Draft
from hotspare.configuration.error import ConfigurationError
from hotspare.configuration.locating import located
from hotspare.configuration.model import File
from hotspare.configuration.overlay import overlaid
from hotspare.configuration.reading import text_of
from hotspare.configuration.surroundings import Surroundings
from hotspare.configuration.wording import said

__all__ = ["ConfigurationError", "load", "read"]


def load(
    path: Path,
    environ: Mapping[str, str],
    *,
    port: int | None = None,
    host: str | None = None,
    named: bool = True,
    today: date,
) -> Configuration:
    """The Configuration of a file.

    Args:
        path: the file, in any of the formats that are understood.
        environ: keys, addresses and folders come from it.
        port: over the file's.
        host: over the file's.
        named: the user named this file; one that was found in the working folder may not redirect keys.
        today: the day, or the moment of it, whose prices hold.

    Raises:
        ConfigurationError: it cannot be run; says what is wrong, where, and what to do.
    """
    compilation = compiled(Surroundings(path, environ, today, port, host, named))
    if compilation.uncallable is not None:
        raise compilation.uncallable
    return compilation.configuration


def inline(name: str, content: Mapping[str, Any], environ: Mapping[str, str], *, today: date) -> Configuration:
    """The Configuration of what a file of ours would hold, without a file.

    Args:
        name: what it is called in messages.
        content: as a TOML reader would give it.
        environ: as in `load`.
        today: as in `load`.

    Raises:
        ConfigurationError: it cannot be run.
    """
    path = Path(name)
    try:
        draft = Draft("inline", File.model_validate(content))
    except ValidationError as error:
        raise said(path, File, error) from None
    compilation = compile_draft(draft, Surroundings(path, environ, today))
    if compilation.uncallable is not None:
        raise compilation.uncallable
    return compilation.configuration


def read(path: Path, environ: Mapping[str, str], *, today: date) -> Configuration:
    """As `load`, for whoever only wants to know what the file means: no key or token has to be there for it.

    Raises:
        ConfigurationError: it cannot be understood.
    """
    return compiled(Surroundings(path, environ, today, looks_only=True)).configuration


def compiled(around: Surroundings) -> Compilation:
    """As `load`, also for a file none of whose models could be called here."""
    text = text_of(around.path)
    draft = draft_of(around, text)
    try:
        return compile_draft(draft, around)
    except ConfigurationError as error:
        raise located(error, around.path, formats.lines_of(around.path, text, draft)) from None


def draft_of(around: Surroundings, text: str) -> Draft:
    """The file, and what the environment says in place of it."""
    return overlaid(formats.read(around.path, text), around.environ)
