"""The signs that stand beside every colour, each with an ASCII twin, and what each state of a model looks like.

No state is told by colour alone: whoever adds a state adds its sign here, in both sets.
"""

import locale
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from hotspare.widgets.plain import plain

if TYPE_CHECKING:
    from hotspare.router.snapshot import LaneCell, ModelState

Role = Literal["text", "dim", "strong", "title", "key", "accent", "ok", "warn", "bad", "off", "badge", "alarm", "rule"]
"""What a piece of a line is, from which its style follows (`palette.py`)."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs."""

    ascii_only: bool
    ok: str
    limited: str
    broken: str
    off: str
    trial: str
    draining: str
    idle: str
    gap: str
    forced: str
    cursor: str
    good: str
    bad: str
    rule: str
    arrow: str
    step: str
    more: str
    dot: str
    dash: str
    waiting: str
    """The part of a bar in which nothing has come yet."""
    talking: str
    """The part of a bar in which the answer comes."""
    up: str
    down: str
    reload: str
    undone: str

    def clean(self, text: str, limit: int = 200) -> str:
        """Foreign text as one line, in this set."""
        return plain(text, limit, ascii_only=self.ascii_only)


UNICODE = Glyphs(
    ascii_only=False,
    ok="●",
    limited="◐",
    broken="✖",
    off="○",
    trial="◑",
    draining="◌",
    idle="·",
    gap=" ",
    forced="▲",
    cursor="▸",
    good="✔",
    bad="✖",
    rule="─",
    arrow="▶",
    step="▸",
    more="…",
    dot="·",
    dash="-",
    waiting="░",
    talking="█",
    up="↑",
    down="↓",
    reload="↻",
    undone="△",
)

ASCII = Glyphs(
    ascii_only=True,
    ok="o",
    limited="~",
    broken="x",
    off="-",
    trial="?",
    draining=",",
    idle=".",
    gap=" ",
    forced="^",
    cursor=">",
    good="+",
    bad="x",
    rule="-",
    arrow=">",
    step=">",
    more="...",
    dot="|",
    dash="-",
    waiting=".",
    talking="#",
    up="^",
    down="v",
    reload="@",
    undone="_",
)


def choose_glyphs(environ: Mapping[str, str], encoding: str = "") -> Glyphs:
    """The set for this terminal: ASCII where `HOTSPARE_ASCII` says so or the locale cannot carry the signs."""
    if environ.get("HOTSPARE_ASCII", "") not in {"", "0"}:
        return ASCII
    used = (encoding or locale.getpreferredencoding(do_setlocale=False)).lower().replace("-", "")
    return UNICODE if used.startswith("utf") else ASCII


STATES: "Mapping[ModelState, tuple[str, Role]]" = MappingProxyType(
    {
        "ok": ("ok", "ok"),
        "trial": ("trial", "warn"),
        "cooling": ("limited", "warn"),
        "open": ("broken", "bad"),
        "suspended": ("broken", "bad"),
        "no_key": ("broken", "bad"),
        "disabled": ("off", "off"),
        "draining": ("draining", "off"),
    }
)
"""The sign's name and the role of each state of a model."""

LANE_CELLS: "Mapping[LaneCell, tuple[str, Role]]" = MappingProxyType(
    {
        "ok": ("ok", "ok"),
        "degraded": ("limited", "warn"),
        "cooling": ("limited", "warn"),
        "open": ("broken", "bad"),
        "disabled": ("off", "off"),
        "idle": ("idle", "off"),
        "unknown": ("gap", "off"),
    }
)
"""As `STATES`, for one minute of a lane."""


def state_sign(state: "ModelState", glyphs: Glyphs) -> tuple[str, Role]:
    """The sign of a state and its role."""
    name, role = STATES[state]
    return getattr(glyphs, name), role
