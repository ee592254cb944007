"""What a request asks its answer to be, beyond text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ExpectedJson:
    """The text is JSON: an object, or what the schema says."""

    schema: Any = None
    """Decoded; None: any object."""
    limited: bool = False
    """The caller set a limit of its own: an answer that ends there is what it asked for."""


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """A tool is called: this one, or any of them."""

    tools: Mapping[str, Any]
    """The schema of each tool's arguments, decoded; None where it has none that can be judged."""
    name: str = ""
    limited: bool = False

    def allows(self, name: str) -> bool:
        """Whether a call of this tool is what was asked for."""
        return name == self.name if self.name else name in self.tools


Expected = ExpectedJson | ExpectedCall
