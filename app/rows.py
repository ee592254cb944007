"""Turn a Snapshot, or what an act did, into the JSON that scripts rely on, and a request of it back into a line of a
list. Names and meanings are the contract's.
"""

from collections.abc import Mapping
from typing import Any

from hotspare.router.command import JournalEntry
from hotspare.router.settings import PICO_PER_USD
from hotspare.router.snapshot import DecisionView, ModelView, RequestRow, SituationView, Snapshot
from hotspare.widgets import figures


def usd(pico: int) -> float:
    """Picodollars as dollars."""
    return pico / PICO_PER_USD


def model(view: ModelView) -> dict[str, Any]:
    """One model, as `status` and `models` show it. Counts and cost are the day's, times the window's."""
    return {
        "name": view.name,
        "chain": view.chain,
        "state": view.state,
        "reason": view.reason,
        "seconds_left": view.seconds_left,
        "requests": view.requests_today,
        "ok": view.answered_today,
        "p95_ms": view.p95_ms,
        "cost_usd": None if view.unpriced and not view.cost_pico_usd else usd(view.cost_pico_usd),
        "estimated_usd": usd(view.estimated_pico_usd),
    }


def models(snapshot: Snapshot) -> list[dict[str, Any]]:
    """All models, chain by chain, in effective order."""
    return [model(view) for view in snapshot.models]


def status(snapshot: Snapshot) -> dict[str, Any]:
    """How it is: the day's figures, the models, and what is going on."""
    today = snapshot.today
    return {
        "name": snapshot.instance.name,
        "pid": snapshot.instance.pid or None,
        "listen": snapshot.instance.listen or None,
        "screen_lost_at": snapshot.instance.screen_lost_at,
        "consoles": [{"who": console.who, "since": console.since} for console in snapshot.consoles],
        "situation": snapshot.situations[0].text if snapshot.situations else "",
        "situations": [situation(view) for view in snapshot.situations],
        "decisions": [decision(view) for view in snapshot.decisions],
        "requests": today.requests,
        "ok": today.answered,
        "fallback": today.fallback,
        "cost_usd": usd(today.cost_pico_usd),
        "estimated_usd": usd(today.estimated_pico_usd),
        "unpriced_requests": today.unpriced_requests,
        "models": models(snapshot),
        "store": {"state": snapshot.store.state, "dropped": snapshot.store.dropped},
        "config": {"path": snapshot.instance.config_path or None, "refused": snapshot.instance.config_refused or None},
    }


def situation(view: SituationView) -> dict[str, Any]:
    """One thing that is going on."""
    return {
        "code": view.code, "severity": view.severity, "text": view.text, "since": view.since, "subject": view.subject
    }  # fmt: skip


def decision(view: DecisionView) -> dict[str, Any]:
    """A standing decision."""
    return {
        "kind": view.kind, "subject": view.subject, "text": view.text, "who": view.who, "at": view.at,
        "why": view.why, "seconds_left": view.seconds_left, "durable": view.durable,
    }  # fmt: skip


def request(row: RequestRow) -> dict[str, Any]:
    """A finished request of the live list, in the fields of `requests`."""
    return {
        "id": row.id,
        "at": row.at,
        "kind": row.kind,
        "asked": row.asked,
        "meant": row.meant,
        "chain": row.chain,
        "model": row.model,
        "caller": row.caller,
        "session": row.session,
        "status": row.status,
        "ok": row.verdict == "answered",
        "fallback": row.fallback,
        "attempts": row.attempts,
        "reason": row.reason or None,
        "duration_ms": row.duration_ms,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cost_usd": None if row.unpriced and not row.cost_pico_usd else usd(row.cost_pico_usd),
        "estimated": row.estimated,
    }


def row_of(row: Mapping[str, Any]) -> RequestRow:
    """A request of the past as a line of a list."""
    return RequestRow(
        id=row["id"],
        at=row["at"],
        chain=row["chain"],
        asked=row["asked"],
        meant=row["meant"],
        model=row["model"],
        caller=row["caller"],
        session=row["session"],
        kind=row["kind"],
        verdict=row["verdict"],
        status=row["status"],
        fallback=row["fallback"],
        attempts=row["attempts"],
        reason=row["reason"] or "",
        evidence="",
        duration_ms=row["duration_ms"],
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cost_pico_usd=figures.pico_of(row["cost_usd"] or 0.0),
        unpriced=row["unpriced"],
        estimated=row.get("estimated", False),
    )


def about(snapshot: Snapshot) -> dict[str, Any]:
    """What the instance is, and what it costs itself."""
    instance, store = snapshot.instance, snapshot.store
    return {
        "name": instance.name,
        "version": instance.version,
        "pid": instance.pid or None,
        "started_at": instance.started_at or None,
        "listen": instance.listen or None,
        "environment": instance.environment,
        "read_only": instance.read_only,
        "config": instance.config_path or None,
        "config_refused": instance.config_refused or None,
        "store": store.path or None,
        "store_state": store.state,
        "store_waiting_bytes": store.waiting_bytes,
        "store_dropped": store.dropped,
        "loop_lag_ms": snapshot.loop_lag_ms,
        "consoles": [console.who for console in snapshot.consoles],
    }


def journal_entry(entry: JournalEntry) -> dict[str, Any]:
    """A change that was made, in the fields of `journal`."""
    change = entry.change
    return {
        "number": entry.number,
        "act": change.act,
        "subject": change.subject,
        "who": change.who,
        "when": change.at,
        "why": change.why,
        "before": list(change.before.value) if change.before else None,
        "after": list(change.after.value) if change.after else None,
        "until": change.after.until if change.after else None,
        "undoes": change.undoes,
        "durable": entry.durable,
        "notes": list(change.notes),
    }
