"""What leaves the console: a row as JSON, a request as a command line for curl, all rows as a file.

Foreign text is made harmless, and no key or token is in any of it.
"""

import csv
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from hotspare.widgets.plain import plain

LONGEST_CELL = 10_000
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the begin of a cell."""


def as_json(record: Mapping[str, Any]) -> str:
    """One row; ASCII only, so that no control sequence passes."""
    return json.dumps(dict(record), indent=2)


def as_curl(trace: Mapping[str, Any], listen: str, *, embeddings: bool = False, kept: str = "") -> str:
    """A request of the past as a command line: the same name, caller and session.

    Args:
        trace: as `explain` gives it.
        listen: where the instance serves.
        embeddings: whether it was asked for those.
        kept: its body, where that was kept; else something to fill in stands in the prompt's place.
    """
    told = {name: plain(str(trace.get(name) or ""), 300) for name in ("asked", "caller", "session")}
    path, body = _embeddings(told["asked"]) if embeddings else _chat(trace, told["asked"])
    words = ["curl", "-sS", f"http://{listen}{path}", "-H", "content-type: application/json"]
    if told["caller"]:
        words += ["-H", f"x-hotspare-caller: {told['caller']}"]
    if told["session"]:
        words += ["-H", f"x-session-id: {told['session']}"]
    quoted = " ".join(shlex.quote(word) for word in words)
    said = json.dumps(json.loads(kept)) if kept else json.dumps(body)
    return f'{quoted} -H "authorization: Bearer $HOTSPARE_TOKEN" -d {shlex.quote(said)}'


def _embeddings(asked: str) -> tuple[str, dict[str, Any]]:
    return "/v1/embeddings", {"model": asked, "input": "YOUR TEXT"}


def _chat(trace: Mapping[str, Any], asked: str) -> tuple[str, dict[str, Any]]:
    said: dict[str, Any] = {"model": asked, "messages": [{"role": "user", "content": "YOUR PROMPT"}]}
    if trace.get("stream"):
        said["stream"] = True
    if trace.get("dialect") == "anthropic":
        return "/v1/messages", {**said, "max_tokens": 512}
    return "/v1/chat/completions", said


def write_file(
    records: Sequence[Mapping[str, Any]], kind: Literal["csv", "json"], *, view: str, at: float, folder: Path
) -> Path:
    """All rows into a new file that only its owner can read; never over one that is there.

    Raises:
        OSError: the folder takes no file.
    """
    stamp = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
    path = folder / f"hotspare-{view}-{stamp}.{kind}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        if kind == "json":
            json.dump([dict(record) for record in records], file, indent=2)
            file.write("\n")
        else:
            names = list(dict.fromkeys(name for record in records for name in record))
            writer = csv.writer(file)
            writer.writerow(names)
            writer.writerows([_cell(record.get(name)) for name in names] for record in records)
    return path


def _cell(value: Any) -> str | float | int:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    text = plain(value if isinstance(value, str) else json.dumps(value), LONGEST_CELL)
    return f"'{text}" if text.startswith(FORMULAS) else text
