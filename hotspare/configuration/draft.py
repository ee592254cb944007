"""What a format's reader hands on: the internal model, and where in the file each of its values came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hotspare.configuration.compiled import FileKey
from hotspare.configuration.error import plain
from hotspare.configuration.model import File
from hotspare.configuration.section import Found, Section, keys_of, unknown_keys

SAME_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that was read and validated, before anything around it is looked at.

    Attributes:
        format: what kind of file it is, for people.
        file: its meaning.
        foreign: the file in its own terms, where those are not ours.
        origins: for a foreign file, each of its keys → the keys of ours that it sets.
        warnings: what the reader has to say.
    """

    format: str
    file: File
    foreign: Section | None = None
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: SAME_NAMES)
    warnings: tuple[str, ...] = ()

    def key(self, ours: str) -> str:
        """What a key of ours is called in this file."""
        for theirs, sets in self.origins.items():
            if ours in sets:
                return theirs
        return ours

    def account(self) -> tuple[FileKey, ...]:
        """What came of every key in the file. True only once it has been compiled."""
        ours = {found.path: found for found in keys_of(self.file)}
        if self.foreign is None:
            return tuple(_standing(found.path, [found]) for found in ours.values())
        known = [
            _standing(key.path, [ours[path] for path in self.origins.get(key.path, ()) if path in ours])
            for key in keys_of(self.foreign)
        ]
        return (*known, *(FileKey(plain(key), "ignored") for key in unknown_keys(self.foreign)))


def _standing(path: str, becomes: list[Found]) -> FileKey:
    """A key is in force when the compiler has read what it sets; where it sets several, what is missing is said."""
    notes = "; ".join(dict.fromkeys(found.note for found in becomes if found.note))
    if becomes and all(found.idle for found in becomes):
        return FileKey(path, "ignored", notes)
    if not any(found.read for found in becomes):
        return FileKey(path, "not yet in force", notes)
    unread = [found.path for found in becomes if not found.read]
    if unread:
        done = ", ".join(found.path for found in becomes if found.read)
        notes = f"as {done}; not yet as {', '.join(unread)}"
    return FileKey(path, "in force", notes)
