"""What one provider takes of its dialect: how a request is put that it would else refuse. Data, without names."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Adaptation:
    """Where a server differs from the dialect that it speaks. Without arguments: nowhere.

    Attributes:
        takes: the only fields that it knows; None: it minds none.
        refuses: fields that it answers with an error, and that can be done without.
        renames: fields that it knows by another name.
        names: it takes a `name` on messages.
        developer: it knows the role of that name; else its instructions are the system's.
        short_call_ids: ids of tool calls must be nine letters or digits.
        strict_tools: it takes `strict` on tools.
        prefills: it goes on with an assistant's message that stands last.
        own_version: it is asked in the version of the dialect that is spoken here, as it may not have the caller's.
    """

    takes: frozenset[str] | None = None
    refuses: frozenset[str] = frozenset()
    renames: Mapping[str, str] = field(default_factory=dict)
    names: bool = True
    developer: bool = True
    short_call_ids: bool = False
    strict_tools: bool = True
    own_version: bool = False
    prefills: bool = False

    @property
    def changes_messages(self) -> bool:
        """Whether messages have to be looked at."""
        return not self.names or not self.developer or self.short_call_ids


AS_IT_IS = Adaptation()
"""It takes whatever its dialect has."""
