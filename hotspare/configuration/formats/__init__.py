"""The formats that are understood, each a file of this folder that turns text into a Draft. Chosen by content."""

from pathlib import Path
from typing import Protocol

from hotspare.configuration.draft import Draft
from hotspare.configuration.error import ConfigurationError, fault
from hotspare.configuration.formats import (
    code_router,
    docetl,
    fallback_chain,
    hotspare_toml,
    humanlayer,
    json_text,
    litellm,
    portkey,
    tinyllm,
    toml_lines,
    yaml_text,
)
from hotspare.configuration.wording import Lines


class Format(Protocol):
    """One format."""

    FORMAT: str

    def recognises(self, text: str) -> bool:
        """Whether the text is (meant to be) of this format."""

    def read(self, path: Path, text: str) -> Draft:
        """What it says.

        Raises:
            ConfigurationError: it is malformed, or a key is not as it must be.
        """


FORMATS: tuple[Format, ...] = (
    humanlayer,
    portkey,
    code_router,
    litellm,
    fallback_chain,
    docetl,
    tinyllm,
    hotspare_toml,
)


def read(path: Path, text: str) -> Draft:
    """Read a file by the format that its content shows."""
    for form in FORMATS:
        if form.recognises(text):
            return form.read(path, text)
    if json_text.is_object(text):
        json_text.parse(path, text)  # what is wrong with the text comes before what it lacks
    raise _refusal(path)


def lines_of(path: Path, text: str, draft: Draft) -> Lines:
    """Where in a well-formed text each place begins, in the file's own terms."""
    if draft.foreign is None:
        return toml_lines.lines_of(text)
    return json_text.parse(path, text)[1] if json_text.is_object(text) else yaml_text.parse(path, text)[1]


def _refusal(path: Path) -> ConfigurationError:
    understood = ", ".join(form.FORMAT for form in FORMATS)
    return fault(path, f"this is no configuration that is understood: those are {understood}", "see examples/")
