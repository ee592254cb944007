"""The trace of one request in sentences: who asked for what, why each model was or was not called, how it ended.

Reads what the `explain` view gives; the same sentences stand on the screen and in the command line's answer.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from hotspare.router.words import span

ENDED_BY: Mapping[str, str] = {
    "first_choice": "the model it was meant for answered",
    "fallback": "another model answered in its place",
    "exhausted": "every candidate was tried and none served",
    "no_candidate": "no model could be called",
    "deadline": "the request's time was up",
    "stream_broken": "the stream broke off after content had gone to the caller",
    "not_allowed": "the chain's settings do not fall back on this error",
    "bad_request": "the request itself was at fault; no other model would have helped",
    "content_filter": "a provider's content filter refused it",
    "caller_left": "the caller went away",
    "cache": "the emergency cache answered",
    "estimate": "no model would count the tokens, so the caller got an estimate",
}
SKIPS: Mapping[str, str] = {
    "disabled": "disabled",
    "draining": "draining",
    "no_key": "no usable key",
    "incapable": "cannot serve this request",
    "over_budget": "over budget",
    "cooling": "cooling down after a rate limit",
    "open": "breaker open",
    "suspended": "suspended for its error rate",
    "busy": "at its concurrency limit",
    "forced": "passed over by a force",
}


def sentences(trace: Mapping[str, Any]) -> list[str]:
    """The story, one sentence a line. Foreign text is in it as it came: the screen makes it plain."""
    attempts: Sequence[Mapping[str, Any]] = trace.get("attempts", ())
    lines = [_opening(trace)]
    if waited := waiting(trace):
        lines.append(f"It {waited}.")
    unneeded = []
    for candidate in trace.get("candidates", ()):
        own = [attempt for attempt in attempts if attempt["model"] == candidate["model"]]
        if candidate["skip"]:
            lines.append(_passed_over(candidate))
        elif own:
            lines += [_called(attempt) for attempt in own]
        else:
            unneeded.append(candidate["model"])
    if unneeded:
        lines.append(f"{_listed(unneeded)} {'was' if len(unneeded) == 1 else 'were'} not needed.")
    ended = ending(trace)
    return [*lines, f"{ended[0].upper()}{ended[1:]}."] if ended else lines


def waiting(trace: Mapping[str, Any]) -> str:
    """How long its caller waited for a model, as it wished; "" where it did not."""
    waited = trace.get("waited_ms")
    return f"waited {_seconds(waited / 1000)} for a model to come back (x-hotspare-wait)" if waited else ""


def ending(trace: Mapping[str, Any]) -> str:
    """The rule that ended a request, in words; "" for one that we do not know."""
    words = ENDED_BY.get(str(trace.get("ended_by")), "")
    age, likeness = trace.get("cache_age_seconds"), trace.get("cache_similarity")
    if age is None or likeness is None:
        return words
    to = "the same request" if likeness == 1 else f"a similar request (similarity {likeness:.3f})"
    return f"{words} with what was said {span(age)} before to {to}"


def _opening(trace: Mapping[str, Any]) -> str:
    at = time.strftime("%H:%M:%S", time.gmtime(float(trace["at"])))
    meant = "" if trace["asked"] == trace["meant"] else f", which means {trace['meant']} first"
    return f"At {at} UTC {trace['caller']} asked for {trace['asked']}{meant}."


def _passed_over(candidate: Mapping[str, Any]) -> str:
    why = SKIPS.get(candidate["skip"], candidate["skip"])
    left = "" if candidate["seconds_left"] is None else f", for another {_seconds(candidate['seconds_left'])}"
    by = candidate["by"]
    who = "" if not by or by == "breaker" else f" ({by})"
    return f"{candidate['model']} was passed over: {why}{who}{left}."


def _called(attempt: Mapping[str, Any]) -> str:
    took = _seconds((attempt["ended_ms"] - attempt["started_ms"]) / 1000)
    called = f"{attempt['model']} was called"
    if attempt.get("queued_ms"):
        called += f", after {_seconds(attempt['queued_ms'] / 1000)} in its line,"
    if attempt["trigger"] is not None:
        status = "" if attempt["status"] is None else f" {attempt['status']}"
        message = f": {attempt['message'].rstrip('.')}" if attempt["message"] else ""
        return f"{called} and failed after {took} ({attempt['trigger']}{status}){message}."
    if attempt["cancelled"]:
        return f"{called} and stopped after {took}."
    first = attempt["first_content_ms"]
    spoke = "" if first is None else f", its first word after {_seconds((first - attempt['started_ms']) / 1000)}"
    return f"{called} and answered in {took}{spoke}."


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
