"""What a format's reader hands on: the internal model, and where in the file each of its values came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from hotspare.configuration.compiled import FileKey
from hotspare.configuration.error import plain
from hotspare.configuration.model import File
from hotspare.configuration.section import Found, Section, keys_of, unknown_keys

SAME_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType({})
NO_NOTES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that was read and validated, before anything around it is looked at.

    Attributes:
        format: what kind of file it is, for people.
        file: its meaning.
        foreign: the file in its own terms, where those are not ours.
        origins: for a foreign file, each of its keys → the keys of ours that it sets.
        warnings: what the reader has to say.
        changed: keys of a foreign file that mean something else here, and what.
        unsupported: keys of a foreign file that nothing comes of, and why.
        from_environment: keys of ours that a variable says instead of the file, and which.
    """

    format: str
    file: File
    foreign: Section | None = None
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: SAME_NAMES)
    warnings: tuple[str, ...] = ()
    changed: Mapping[str, str] = field(default_factory=lambda: NO_NOTES)
    unsupported: Mapping[str, str] = field(default_factory=lambda: NO_NOTES)

    from_environment: Mapping[str, str] = field(default_factory=lambda: NO_NOTES)

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
            return tuple(self._ours(found) for found in ours.values())
        known = [self._theirs(key.path, ours) for key in keys_of(self.foreign)]
        said = (self._ours(ours[path]) for path in self.from_environment if path in ours)
        return (*known, *said, *(self._unknown(key, ours) for key in unknown_keys(self.foreign)))

    def _ours(self, found: Found) -> FileKey:
        """What came of a key of ours, and which variable said it where one did."""
        key, variable = _standing(found.path, [found]), self.from_environment.get(found.path)
        return key if variable is None else replace(key, note="; ".join(filter(None, (f"from {variable}", key.note))))

    def _unknown(self, path: str, ours: Mapping[str, Found]) -> FileKey:
        """A key that the format's table does not name; its reader may have known what to do with it all the same."""
        known = path in self.origins or path in self.unsupported
        return self._theirs(path, ours) if known else FileKey(plain(path), "ignored")

    def _theirs(self, path: str, ours: Mapping[str, Found]) -> FileKey:
        """What came of a key that the foreign format knows."""
        if path in self.unsupported:
            return FileKey(path, "not supported", self.unsupported[path])
        note = self.changed.get(path, "")
        if note and not self.origins.get(path):
            return FileKey(path, "in force", note)
        if path in self.origins and not any(name in ours for name in self.origins[path]):
            return FileKey(path, "in force", "empty: the default")
        found = _standing(path, [ours[name] for name in self.origins.get(path, ()) if name in ours])
        return replace(found, note="; ".join(filter(None, (found.note, note))))


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
