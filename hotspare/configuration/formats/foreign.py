"""The tables of foreign formats: validated as ours are, but what is unknown in them is listed, not refused."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import ConfigDict, ValidationError

from hotspare.configuration.section import Section
from hotspare.configuration.wording import NO_LINES, Lines, said


class Foreign(Section):
    """A table of theirs."""

    model_config = ConfigDict(extra="allow")


Root = TypeVar("Root", bound=Foreign)


def validated(path: Path, root: type[Root], content: Any, lines: Lines = NO_LINES) -> Root:
    """A file of theirs, as far as we know its keys.

    Raises:
        ConfigurationError: one of them is not as it must be.
    """
    try:
        return root.model_validate(content)
    except ValidationError as error:
        raise said(path, root, error, lines) from None
