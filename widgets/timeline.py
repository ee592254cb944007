"""What happened, newest first: operators' acts, and the states that models took, on one time line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from hotspare.router.snapshot import ModelView, Snapshot
from hotspare.widgets import figures
from hotspare.widgets.chain_table import STATE_WORDS
from hotspare.widgets.glyphs import STATES, Glyphs, Role, state_sign
from hotspare.widgets.line import Line
from hotspare.widgets.row_list import Row
from hotspare.widgets.table import Column, Table

COLUMNS: tuple[Column, ...] = (
    Column("", 1),
    Column("when (UTC)", 15, right=False),
    Column("what", 12, grow=True, most=16),
    Column("about", 10, grow=True, most=30, middle=True),
    Column("from", 12, rank=3, grow=True, most=24),
    Column("to", 14, rank=1, grow=True, most=40, weight=2),
    Column("who", 8, rank=2, grow=True, most=16),
    Column("why", 14, rank=4, grow=True, weight=4),
)
STATE_CHANGE = "state"
TAKEN_BACK = "taken back"
REFUSED = "refused"
RELOADS = frozenset({"reload", REFUSED})
ENDS = frozenset({"expired", "force ended"})
"""What nobody did: a time was over."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the time line; `state` only where a model took one, `note` where there is more to say."""

    key: str
    at: float
    what: str
    subject: str
    before: str = ""
    after: str = ""
    who: str = ""
    why: str = ""
    until: float | None = None
    note: str = ""
    state: str = ""


def act_of(row: Mapping[str, Any]) -> Happened:
    """An entry of the journal."""
    undone, undoes = row.get("undone_by"), row.get("undoes")
    notes = [f"{TAKEN_BACK} by {undone}"] if undone else [f"takes back {undoes}"] if undoes else []
    what, subject = str(row["act"]), str(row["subject"])
    if what == "undo" and " " in subject:  # it is about an act and what that was about
        taken, _, subject = subject.partition(" ")
        what = f"undo {taken}"
    elif what in RELOADS:
        notes, subject = [subject], PurePath(subject).name
    if not row.get("durable", True):
        notes.append("not durable: the journal could not be written")
    return Happened(
        key=f"act {row.get('number')}",
        at=float(row["when"]),
        what=what,
        subject=subject,
        before=_decided(row.get("before")),
        after=_decided(row.get("after")),
        who=str(row["who"]),
        why=str(row.get("why") or ""),
        until=row.get("until"),
        note="; ".join(notes),
    )


def changes(before: Snapshot, now: Snapshot) -> list[Happened]:
    """What models and the configuration did between two looks."""
    former = {(model.chain, model.name): model for model in before.models}
    found: dict[str, Happened] = {}
    for model in now.models:
        old = former.get((model.chain, model.name))
        if old is not None and old.state != model.state:
            found.setdefault(model.name, _state_change(old, model, now.at))
    for chain in now.chains:
        old_chain = next((one for one in before.chains if one.name == chain.name), None)
        if old_chain is not None and old_chain.forced is not None and chain.forced is None:
            key = f"end {chain.name} {now.at}"
            found[key] = Happened(key, now.at, "force ended", chain.name, before=old_chain.forced or "primary skipped")
    if now.instance.config_refused and now.instance.config_refused != before.instance.config_refused:
        key = f"refused {now.at}"
        refused = now.instance.config_refused
        file = now.instance.config_path
        found[key] = Happened(key, now.at, REFUSED, PurePath(file).name, why=refused, note=file)
    return list(found.values())


def timeline_rows(
    happened: Sequence[Happened], width: int, glyphs: Glyphs, *, with_days: bool = True
) -> tuple[Line, list[Row]]:
    """Head and rows; the days may be left out where all is of one."""
    columns = COLUMNS if with_days else (COLUMNS[0], Column("UTC", 8), *COLUMNS[2:])
    table = Table.choose(columns, width)
    return table.head(glyphs), [Row(_line(one, table, glyphs, with_days=with_days), one.key) for one in happened]


def detail_lines(one: Happened) -> list[str]:
    """Everything about one of them, in sentences."""
    ends = "" if one.until is None else f", until {figures.day(one.until)} {figures.clock(one.until)} UTC"
    lines = [f"{figures.day(one.at)}, {figures.clock(one.at)} UTC: {one.what} {one.subject}{ends}"]
    if one.before or one.after:
        lines.append(f"from {one.before or 'as the file says'} to {one.after or 'as the file says'}")
    if one.who:
        lines.append(f"by {one.who}" + (f': "{one.why}"' if one.why else ""))
    elif one.why:
        lines.append(one.why)
    return [*lines, one.note] if one.note else lines


def _state_change(old: ModelView, new: ModelView, at: float) -> Happened:
    return Happened(
        key=f"state {new.name} {at}",
        at=at,
        what=STATE_CHANGE,
        subject=new.name,
        before=STATE_WORDS[old.state],
        after=STATE_WORDS[new.state],
        why=new.reason,
        state=new.state,
    )


def _line(one: Happened, table: Table, glyphs: Glyphs, *, with_days: bool) -> Line:
    sign, role = sign_of(one, glyphs)
    taken_back = one.note.startswith(TAKEN_BACK)
    act_role: Role = "off" if taken_back else "strong" if one.what != STATE_CHANGE else "text"
    return table.line(
        (
            (sign, role),
            (f"{figures.day(one.at):<6} {figures.clock(one.at)}" if with_days else figures.clock(one.at), "dim"),
            (glyphs.clean(one.what, 40), act_role),
            (glyphs.clean(one.subject, 80), act_role),
            (glyphs.clean(one.before, 80), "dim"),
            (glyphs.clean(_after(one), 80), "off" if taken_back else role if one.state else "text"),
            (glyphs.clean(one.who, 40), "dim"),
            (glyphs.clean(one.why, 120), "dim"),
        ),
        glyphs,
    )


def _after(one: Happened) -> str:
    """What is so from then on, and until when."""
    if one.until is None:
        return one.after
    ends = f"until {figures.minute(one.until)}"
    return f"{one.after} {ends}" if one.after else ends


def sign_of(one: Happened, glyphs: Glyphs) -> tuple[str, Role]:
    """The sign of what happened: a state's own, or an act's."""
    if one.state in STATES:
        return state_sign(one.state, glyphs)  # type: ignore[arg-type] # it is one of them
    if one.what in RELOADS:
        return glyphs.reload, "bad" if one.what == REFUSED else "accent"
    if one.note.startswith(TAKEN_BACK):
        return glyphs.undone, "off"
    return (glyphs.forced, "off") if one.what in ENDS else (glyphs.forced, "accent")


def _decided(value: object) -> str:
    """A decision in words: of a force the model alone, since the act says the rest."""
    if not isinstance(value, list | tuple):
        return str(value or "")
    match [str(word) for word in value]:
        case ["force", model]:
            return model
        case ["skip_primary", *_]:
            return "primary skipped"
        case words:
            return " ".join(words)
