"""Write what operators have decided into the file: the difference first, then all of it at once, comments kept.

Only our own TOML is written. For a foreign file, which is never touched, a hotspare.toml beside it is proposed.
"""

import difflib
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from hotspare.configuration import formats
from hotspare.configuration.consistency import check
from hotspare.configuration.error import ConfigurationError, fault
from hotspare.configuration.finding import FILE_NAME
from hotspare.configuration.formats import hotspare_toml
from hotspare.configuration.importing import imported
from hotspare.configuration.reading import text_of
from hotspare.configuration.writing import unwritable, write_atomically
from hotspare.router.snapshot import Snapshot

_MARK = b"\xef\xbb\xbf"


class ChangedUnderneath(ConfigurationError):
    """Somebody else has written the file since the difference was shown."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the file is to say.

    Attributes:
        orders: chain → its models, first to last.
        enabled: model → whether it may be called.
        left: decisions that are no matter of a file, in words.
    """

    orders: Mapping[str, Sequence[str]] = field(default_factory=dict)
    enabled: Mapping[str, bool] = field(default_factory=dict)
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A file as it would be written.

    Attributes:
        path: where.
        before: what is there now; None: nothing.
        after: what would be.
        left: what would not be written, in words.
    """

    path: Path
    before: bytes | None
    after: bytes
    left: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """There is nothing to write."""
        return self.before == self.after

    def diff(self) -> list[str]:
        """What would change, as a unified diff, a line at a time."""
        old, new = (_lines(data) for data in (self.before or b"", self.after))
        return [line.rstrip("\r\n") for line in difflib.unified_diff(old, new, str(self.path), "as decided", n=2)]


def wanted(snapshot: Snapshot) -> Wanted:
    """What stands on an instance and has no end: orders of chains, models disabled or enabled."""
    orders: dict[str, tuple[str, ...]] = {}
    enabled: dict[str, bool] = {}
    left: list[str] = []
    chains = {chain.name: chain for chain in snapshot.chains}
    for decision in snapshot.decisions:
        word = decision.text.rsplit(" ", 1)[-1]
        if decision.seconds_left is not None:
            left.append(f"{decision.text}: it ends by itself")
        elif decision.kind == "order" and decision.subject in chains:
            orders[decision.subject] = chains[decision.subject].models
        elif decision.kind == "model" and word in ("disabled", "enabled"):
            enabled[decision.subject] = word == "enabled"
        else:
            left.append(f"{decision.text}: a measure of the moment")
    return Wanted(orders, enabled, tuple(left))


def propose(path: Path, what: Wanted, environ: Mapping[str, str], today: date) -> Proposal:
    """The file with what is wanted in it; nothing is written yet.

    Raises:
        ConfigurationError: the file cannot be read, or would contradict itself.
    """
    text = text_of(path)
    draft = formats.read(path, text)
    if draft.foreign is None:
        before = path.read_bytes()
        after = _edited(path, before.removeprefix(_MARK).decode(), what)
        data = (_MARK if before.startswith(_MARK) else b"") + after.encode()
        return Proposal(path, before, _checked(path, data), what.left)
    beside = path.with_name(FILE_NAME)
    if beside.exists():
        raise fault(path, f"it is {draft.format} and {FILE_NAME} stands beside it already", f"run that: {beside}")
    ours = _edited(beside, imported(path, environ, today).text, what)
    return Proposal(beside, None, _checked(beside, ours.encode()), what.left)


def write(proposal: Proposal, now: float) -> Path | None:
    """Write what was proposed; where the old file is kept.

    Raises:
        ChangedUnderneath: the file is not what it was.
        ConfigurationError: it cannot be written.
    """
    path = proposal.path
    if _there(path) != proposal.before:
        raise ChangedUnderneath(f"{path} has been written by somebody else meanwhile", "look at the difference again")
    if proposal.before is None:
        write_atomically(path, proposal.after)
        return None
    mode = stat.S_IMODE(path.stat().st_mode)
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    backup = path.resolve().with_name(f"{path.resolve().name}.{stamp}.bak")
    write_atomically(backup, proposal.before, mode=mode)
    write_atomically(path, proposal.after, mode=mode)
    return backup


def _there(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unwritable(path, error) from None


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8-sig").splitlines(keepends=True)


def _checked(path: Path, data: bytes) -> bytes:
    """What is written must be understood again."""
    check(path, hotspare_toml.read(path, data.decode("utf-8-sig")))
    return data


# ------------------------------------------------------------------ editing
def _edited(path: Path, text: str, what: Wanted) -> str:
    try:
        document: Any = tomlkit.parse(text)
    except TOMLKitError as error:
        raise fault(path, f"it cannot be edited without losing its layout: {error}", "edit it by hand") from None
    for chain, order in what.orders.items():
        _reorder(document.get("chains", {}).get(chain, {}).get("models"), order)
    for model in document.get("models", ()):
        if model["name"] in what.enabled:
            _enable(model, enabled=what.enabled[model["name"]])
    return tomlkit.dumps(document)


def _reorder(models: Any, order: Sequence[str]) -> None:
    """Give a list its own names in another order, each in the place of another: the layout stays."""
    if models is None:
        return
    for i, name in enumerate(_in_order(list(models), order)):
        if models[i] != name:
            models[i] = name


def _in_order(own: list[str], order: Sequence[str]) -> Iterator[str]:
    yield from (name for name in order if name in own)
    yield from (name for name in own if name not in order)


def _enable(model: Any, *, enabled: bool) -> None:
    """`enabled = true` is the default: it is written only over another value."""
    if "enabled" in model:
        model["enabled"] = enabled
    elif not enabled:
        model["enabled"] = False
