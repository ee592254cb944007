"""Turn a foreign file into ours, with an account of every key: taken, changed, or not supported."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from hotspare.configuration import formats
from hotspare.configuration.compiled import FileKey
from hotspare.configuration.compiler import compile_draft
from hotspare.configuration.draft import Draft
from hotspare.configuration.error import fault
from hotspare.configuration.formats import hotspare_toml
from hotspare.configuration.reading import text_of
from hotspare.configuration.surroundings import Surroundings
from hotspare.configuration.toml_text import written

Fate = Literal["taken", "changed", "not supported"]
SHOWN_TARGETS = 3


@dataclass(frozen=True, slots=True)
class ImportedKey:
    """One key of the foreign file.

    Attributes:
        key: its dotted path.
        fate: taken: it means the same here; changed: nearly; not supported: nothing comes of it.
        becomes: the keys of ours that it sets.
        note: what has changed, or why nothing comes of it.
    """

    key: str
    fate: Fate
    becomes: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """A foreign file as ours.

    Attributes:
        path: the foreign file.
        format: what it is.
        text: our TOML.
        keys: every key of it.
        warnings: what else is to be known.
    """

    path: str
    format: str
    text: str
    keys: tuple[ImportedKey, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def imported(path: Path, environ: Mapping[str, str], today: date) -> Imported:
    """What a foreign file becomes.

    Raises:
        ConfigurationError: it cannot be understood, or is ours already.
    """
    draft = formats.read(path, text_of(path))
    if draft.foreign is None:
        raise fault(path, f"it is {hotspare_toml.FORMAT} already", "there is nothing to convert")
    compiled = compile_draft(draft, Surroundings(path, environ, today, looks_only=True)).configuration
    remark = f"Made from {path.name} ({draft.format}) by hotspare import. Every key: hotspare schema, docs/config.md"
    text = written(draft.file.model_dump(exclude_unset=True), remark)
    hotspare_toml.read(path, text)
    keys = tuple(_fate(key, draft) for key in compiled.keys)
    return Imported(str(path), draft.format, text, keys, draft.warnings)


def _fate(key: FileKey, draft: Draft) -> ImportedKey:
    if key.state in ("not supported", "ignored") and key.key not in draft.origins:
        return ImportedKey(key.key, "not supported", (), key.note or "there is no such thing here")
    if key.state == "not supported":
        return ImportedKey(key.key, "not supported", (), key.note)
    becomes = tuple(dict.fromkeys(draft.origins.get(key.key, ())))
    changed = draft.changed.get(key.key, "")
    return ImportedKey(key.key, "changed" if changed else "taken", becomes, changed or key.note)


# ------------------------------------------------------------------ as text
def lines(found: Imported) -> Iterator[str]:
    """The report for people, a line at a time."""
    yield f"{found.path}: {found.format}"
    width = max((len(key.key) for key in found.keys), default=0)
    for key in found.keys:
        becomes = f"→ {_listed(key.becomes)}" if key.becomes else ""
        note = f"({key.note})" if key.note else ""
        yield "  ".join(filter(None, (f"{key.fate:<13}", key.key.ljust(width), becomes, note))).rstrip()
    for warning in found.warnings:
        yield f"warning: {warning}"
    counts = Counter(key.fate for key in found.keys)
    yield "keys: " + ", ".join(f"{count} {fate}" for fate, count in sorted(counts.items()))


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN_TARGETS} more" if len(names) > SHOWN_TARGETS else ""
    return ", ".join(names[:SHOWN_TARGETS]) + more
