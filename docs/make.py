"""Make the pages of this folder that are tables of the code: `make docs`. A test holds that they are up to date."""

from pathlib import Path

from hotspare.configuration.schema import KeyRow, rows
from hotspare.dialects.content.json_schema import KNOWN, MOST_STEPS
from hotspare.dialects.content.loop import FEWEST_CHARACTERS, FEWEST_TIMES, LONGEST_PIECE
from hotspare.dialects.content.nearness import LONGEST_TEXT_CHARACTERS
from hotspare.dialects.content.refusal import LONGEST_REFUSAL_CHARACTERS
from hotspare.dialects.content.repair import REPAIRED_CHARACTERS
from hotspare.engine.continuing import CONTINUED_BYTES
from hotspare.engine.judging import JUDGED_BYTES
from hotspare.engine.recollection import MOST_ANSWERS, MOST_BYTES, MOST_NEAR
from hotspare.engine.resembling import CALLER, LONGEST_LOOK_SECONDS, SIMILAR_OVER
from hotspare.router.breaker import LAST_RESORT_PAUSE_SECONDS, LONGEST_BREAK
from hotspare.router.budget import RETRY_SHARE, WINDOW_SECONDS
from hotspare.router.candidate import KEY_TRIAL_SECONDS
from hotspare.router.outcome import RETRY_AFTER_SECONDS
from hotspare.router.parking import LONGEST_WAIT_SECONDS, MOST_WAITING
from hotspare.router.pulse import FEWEST_ANSWERS, FEWEST_FOR_P95, FEWEST_RECENT_ANSWERS, MINUTES, RECENT_MINUTES
from hotspare.router.score import FIGURES
from hotspare.router.settings import HEDGE_EXTRA_SHARE, BreakerRules, Limits, Model
from hotspare.router.strategy import SLOW_START_SECONDS
from hotspare.router.trigger import ACTIONS, COUNTED, MEANING, ROWS, Action, Trigger

HERE = Path(__file__).parent


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is its head."""
    head, *rest = rows
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rest]
    return "\n".join(lines)


def triggers() -> str:
    rows = [
        (
            f"`{trigger}`",
            MEANING[trigger],
            f"{ACTIONS[trigger].value} (`{ACTIONS[trigger].name}`)",
            "yes" if trigger in COUNTED else "no",
        )
        for trigger in Trigger
    ]
    return table(("trigger", "why an attempt did not serve", "what is done", "counts against the model"), *rows)


def classification() -> str:
    rows = [
        (
            ", ".join(str(status) for status in sorted(row.statuses)) or "any",
            ", ".join(f'"{word}"' for word in row.words) or "any",
            f"`{row.trigger}`",
        )
        for row in ROWS
    ]
    last = [
        ("any other 5xx", "any", f"`{Trigger.server_error}`"),
        ("anything else", "any", f"`{Trigger.unclassified}`"),
    ]
    return table(("status", "one of these words in type, code or message", "trigger"), *rows, *last)


def routing() -> str:
    """docs/routing.md."""
    limits, breaker, queue = Limits(), BreakerRules(), Model("", "")
    figures = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in FIGURES.items())
    return f"""# What the router does, and why

Made from the tables in `hotspare/router/` by `make docs`.

## Which model is called

Candidates stand in the chain's order (the operator's, where priorities were changed). Each is looked at when its turn
comes; one that may not be called is passed over, and the trace of the request says why: `disabled` or `draining` (by the
operator or the file), `no_key`, `incapable` (and of what), `cooling`, `open`, `suspended`, `busy`, `forced` (the primary, by an operator's or a
caller's order). By rank: disabled, an operator's force, a caller's wish, the strategy.

A request whose prompt is longer than a model's `context_tokens` is not sent there (`incapable`): its length is that of its body, at the ratio of
bytes to tokens that the model's own usage has shown. When a provider says that it is too long, models whose window is known and no larger are
passed over; when it fits nowhere, the caller gets that error (400). What a model cannot do is said with `lacks`.

## Strategies

`strategy` of a chain says which model a request is meant for: the one it puts first. The others follow in the chain's order.

| strategy | first is | and then |
|---|---|---|
| `priority` | the chain's first | |
| `cost`, `latency` | the chain's first | the fallbacks by price (three parts prompt and one part answer; unknown last), or by the median time of {MINUTES} minutes (with under {FEWEST_ANSWERS} answers a model keeps its place). `cost_aware_fallback` and `performance_aware_fallback` do the same under any strategy; both together: cost, then latency |
| `fastest` | all at once | the first content wins, the other calls are ended, and what they cost is counted. A named or forced model goes alone |
| `hedged` | the chain's first | when it has given nothing for longer than 95 % of its answers of {MINUTES} minutes took (streams: than their first content took; {FEWEST_FOR_P95} answers are needed), the next is called beside it, as long as hedges cost at most `hedge_extra_share` ({HEDGE_EXTRA_SHARE:.0%}) extra |
| `load_balanced` | of two drawn by their scores the one with less to do | a score is success rate ÷ median time, or `score`; one that was open gets its share back over {SLOW_START_SECONDS:g} s |
| `weighted` | drawn by `weights` | a model without a weight is a fallback only. `hotspare cost --chain NAME` sets the arms side by side: answered, failed, p95, cost |
| `task` | the `start` of the first rule of `tasks` that fits, under its `attempt_seconds` | a rule looks at a header, a key of `metadata`, or the size of the prompt |
| `regions` | the chain's first | the same model elsewhere before any other |

`latency_threshold_seconds`: a model whose median over {RECENT_MINUTES} minutes ({FEWEST_RECENT_ANSWERS} answers or more) is over it goes behind the others until it
falls below. `affinity = "session"`: a session goes on at the model that answered it last, as long as that may be called.

`score` is arithmetic (`+ - * / **`, parentheses, `min`, `max`, `abs`) over these figures; the highest is best:

| figure | |
|---|---|
{figures}

## What is done after each trigger

{triggers()}

A chain may do otherwise: `[chains.main] triggers = {{ timeout = "retry", model_missing = "stop" }}`, with
{", ".join(f"`{action.name}`" for action in Action)}. `fallback_on_rate_limit`, `fallback_on_timeout` and `fallback_on_error` set
to `false` send what their name says to the caller after the retries. Whether a content filter's refusal may be served by another
model is `on_content_filter`: `"stop"` unless the chain says `"next"`; a model's own refusal follows it.

**A complaint about the request** (`bad_request`) goes to the caller when it comes from the model that was asked first, or from a second
one. A fallback may be alone with it, because of a field that only it does not know: the next model is then asked (in a race, the others
go on), and the one that complained is not asked again for this request. When nobody is left, the caller gets the complaint if all others
found fault with the request too or are held back for good (disabled, no key, …); if one was only busy, failing or cooling, it gets the
error that passes (503), since that one may well take the request. What cannot be written in a model's dialect is no call of it: it is
passed over as `incapable`.

## How an error answer becomes a trigger

The first line that fits holds. Words are looked for in any case.

{classification()}

## Which answers are none

An answer with status 200 is judged before its caller has any of it. One that fails is an attempt like any other that did
not serve: the next model is asked, what it used is counted and paid, the trace says why. An answer with several choices
serves when one of them does. What cannot be read is not judged.

| trigger | it fires when | setting of a chain |
|---|---|---|
| `empty` | there is no text but blanks, no tool call, no refusal, no audio, and the model says that it had finished. Reasoning alone is no answer | always |
| `invalid_output` | JSON, a JSON schema (`response_format`, `output_config`) or a tool call (`tool_choice`: `required`, `any`, one by name) was asked for, and the answer is none, or does not fit its schema; or the wrong tool is called | `check_output = true` |
| `content_filter` | the answer was ended by the provider's filter (`finish_reason: content_filter`, `stop_reason: refusal`) | `on_content_filter = "next"` |
| `refusal` | the model declines by its dialect's own field (`refusal`), or in words | `on_content_filter = "next"`; the words: `check_refusal = true` with it |
| `loop` | the answer ended at its limit of tokens, and ends in one piece over and over | `check_loop = true` |

The values are the defaults, but for `on_content_filter`, which is `"stop"`: then what a model or a filter refused goes to the
caller as it is, also where JSON was asked for and the refusal is words. `triggers = {{ refusal = "next" }}` passes on
refusals alone.

**Whole answers, and streams that are delivered whole** (`stream_delivery = "whole"`), are judged by all of it, up to {JUDGED_BYTES >> 20} MB. A stream that goes
out as it comes is judged by what is known before its first content: that it is empty, and, where the chain passes refusals on, that it
begins as one by its dialect's own field or was ended by the filter.

**Limits.** An answer that ended at a limit which the request itself sets (`max_tokens`, `max_completion_tokens`) is not held to
its JSON: the next one would end there too. Without one the limit was the model's own, and another model may do better.

**Tools that the model may call or not** (`tool_choice` absent or `auto`) are not judged, nor are answers that call a tool where JSON
was asked for beside it.

**Repair.** Before text or arguments are called no JSON, three things are tried, and no other: a `<think>` block at the beginning
is left out; whatever stands around the one value is left out (words, a code fence), provided that no other bracket stands
there; commas before a closing bracket are left out. What is cut off is not completed, quotes are not changed, two values are not
chosen from, and a text over {REPAIRED_CHARACTERS // 1024} k characters is left alone. The repaired text then has to fit the schema. It is what the caller gets, marked
`x-hotspare-repaired: true` (where headers have not gone out before) and in the trace; all other answers go out byte for byte.
`repair_output = false` asks the next model instead.

**Schemas.** These keywords are known: {", ".join(f"`{name}`" for name in KNOWN)}. `oneOf` is taken for `anyOf`. All others
pass, `pattern`, `format`, `not` and `if` among them. A `$ref` leads within the schema or passes: nothing is ever fetched, and no regular
expression of a caller is run. After {MOST_STEPS:,} steps the rest passes.

**Refusals in words.** In English, German, French, Spanish, Chinese and Japanese, in answers of at most {LONGEST_REFUSAL_CHARACTERS} characters that call no tool, by their first sentence:
after an apology or none, "I" or "we" can't, won't, am unable to, am not going to, or must decline to *assist with*, *help with*, *comply with* or *fulfil* something,
or to *provide*, *create*, *write*, *discuss* … what is called *that*, *such* or *this request*. "I'm sorry, I can't do that." is one, "I can't recommend
the first library", "I can't help but admire it" and "I can't help with that without the log" are none. In the other languages it is the usual openings that
say the same. A rule of words is sometimes wrong; `check_refusal = false` switches it off.

**Loops.** One piece of at most {LONGEST_PIECE} characters, character by character, at least {FEWEST_TIMES} times and for at least {FEWEST_CHARACTERS:,} characters
at the end of the answer (or of what its last tool is given). One that ends by itself is no loop, however often it repeats.

## When a stream breaks off

Up to its first content a stream falls back like any other answer, unseen. After it the caller has a part: an error event in its
dialect ends the stream (`on_stream_break = "error"`), or the next model goes on with it (`"continue"`), whether it was cut, went
silent or told an error. Nothing but text is gone on with, and the caller sees one answer: one beginning, one id, one end, and a
usage that is the sum of what those models told who have a part in it. The headers are those of the beginning; the trace has
every attempt with its own tokens and cost.

- **A model that takes it is given the beginning** of its answer, as the assistant's last message without the blanks at its end:
  those of Anthropic before Claude 4.6. One that refuses it (400) is asked again at once without, and from then on only so, as
  long as this process lives. Thinking, a tool that has to be called, and a beginning of the caller's own rule it out.
- **Any other is asked again.** Its answer is held back until it has said, character by character, what was sent; only what follows
  goes out. Where it differs the attempt has failed (`invalid_output`), and it is the next model's turn. Two models seldom
  say the same for long: this helps most where the next one is the same model elsewhere, at temperature 0.
- **Never**: a tool call that has begun, reasoning without text, JSON that was asked for (`response_format`, `output_config`), more
  than one choice (`n`), `logprobs`, audio, half a character, more than {CONTINUED_BYTES >> 20} MB of stream; what a content filter refused, unless the
  chain passes that on. Then, and when no model is left, the error event comes as without it.

The first word of the next model has the time of any first content (`first_content_seconds`); from then on silence is bounded.
`max_tokens` holds for each model's part where it was given the beginning. Reasoning of the next model is left out.

## Retries

{limits.retries} further calls on the same model, after pauses drawn at random between 0 and {limits.retry_delay_seconds:g} s,
{limits.retry_multiplier:g} times that, and so on, at most {limits.retry_delay_cap_seconds:g} s; never sooner than a `Retry-After`, and the
next model at once where that is longer than the bound. In an outage the retry budget holds: retries are at most
{RETRY_SHARE:.0%} of a model's calls of the last {WINDOW_SECONDS:g} s, though never less than one request's own. No retry begins that the
request's deadline ({limits.deadline_seconds:g} s) leaves no room for.

## Keys and cooldowns

A 429 lets the key of that model cool: as long as the provider said, else {breaker.cooldown_seconds:g} s. A shorter pause never replaces
a longer one. A 401 sets a key aside for all models of its provider, a 403 for that model only; so does
a 401 where no key is configured (a local server that asks for one). It is tried again, once, after {KEY_TRIAL_SECONDS / 60:g} minutes. A cooldown is no judgement of the model.

## The breaker

One a model. It opens after {breaker.consecutive_failures} failures in a row, of traffic or probes, for {breaker.open_seconds:g} s (`open`), or when over
{breaker.failed_share:.0%} of at least {breaker.minimum_calls} calls in {breaker.window_seconds:g} s have failed for {breaker.suspended_seconds:g} s
(`suspended`), or, where `slow_share` is set, when too many answers took over {breaker.slow_seconds:g} s. Only a failure (or a slow
answer) opens. Then exactly one call is let through; a good one closes it, a failed one opens it again, each time one break longer,
up to {LONGEST_BREAK} breaks; it shortens again while the model is well.

## At its limit of calls at once

A model with `max_concurrent` has a line: up to {queue.max_queued} requests (`max_queued`) wait there for at most {queue.queue_seconds:g} s (`queue_seconds`),
first come first served, and a place that becomes free is theirs before anybody else's. Who finds the line full, or has waited that
long, passes the model over as `busy`. When it is disabled or its breaker opens, those in line go on to the next model. A retry does
not stand in line. The time is in the request's trace.

## When nothing is ready

One last-resort call goes to the first candidate that only our own judgement holds back, one a model at a time, at most one in
{LAST_RESORT_PAUSE_SECONDS:g} s; its failure lengthens nothing. Never to one that is disabled, incapable, or in a pause its provider asked for.
Everybody else gets the error at once: 429 where every candidate is rate limited, else 503, with `Retry-After` (the earliest
return, {RETRY_AFTER_SECONDS:g} s where none is known).

A caller that sends `x-hotspare-wait: SECONDS` would rather wait: at most {LONGEST_WAIT_SECONDS:g} s, at most {MOST_WAITING} callers. As soon as a model of the
chain may be called again the first of them is let go, and one more with each answer that the chain gives; the answer says `queued` in
`x-hotspare-notice`. Whose time is up gets the error.

What was out of the ordinary with an answer is one word in `x-hotspare-notice`, and a sentence in `x-hotspare-notice-text`;
the first line that fits:

| notice | |
|---|---|
| `cached` | no model could answer: this one was given before |
| `shortened` | a whole answer of a fallback ended at a limit of tokens that is not the caller's: it named none, or a larger one |
| `backup` | a fallback answered |
| `queued` | it came after waiting for a model to come back (`x-hotspare-wait`) |
| `slow` | the model meant answered, but its first content (of a whole answer: all of it) came more than its `slow_seconds` ({breaker.slow_seconds:g} s) after the request |
| `unavailable` | no model could answer |

A stream's headers go out with its first content: what comes to light after that is in the trace alone.

## The emergency cache

With `emergency_cache = true` a chain keeps its whole answers (in memory, at most {MOST_ANSWERS:,} and {MOST_BYTES // 2**20} MB, the oldest out first), and when
every model has failed a request that asks for the same as one before gets that answer: `x-hotspare-source: cache`, `x-hotspare-notice: cached`, its age in
`x-hotspare-cache-age`, `x-hotspare-cache-similarity: 1.000`. The same means: the same chain, dialect and fields, apart from names, ids, and stamps of a
moment in the text. What is kept is the chain's, whoever asked. Errors, streams that broke off, and what the cache itself gave are never kept.

`emergency_cache_embeddings = "NAME"`, a chain of kind `embeddings`, has the answer to a similar request given too. All of this must hold:

- Nothing but the last message of the caller differs: the chain, the dialect, the system prompt, what was said before, and every parameter are the same. That
  message is text of at most {LONGEST_TEXT_CHARACTERS} characters, and no tools are offered.
- **The guard** finds no difference in what the words mean. Numbers and their units, signs, quotations, the count of negations, and *who, when, where, why* must be
  equal; each name of one must stand in the other; no word may have its opposite there (*enable* and *disable*, *before* and *after* …); a *to*, *from* or *than*
  must not lead elsewhere, nor words stand in a turned order. The words that carry meaning must be the same, endings and a few synonyms aside; one
  may be added that narrows nothing. It would rather miss a rewording than take one question for another. The words it knows are English: in other languages only
  the very same words in another form or order pass.
- **The cosine** of the two vectors is over {SIMILAR_OVER:g}. Only now is anything embedded: the request and at most {MOST_NEAR} that the guard let pass, in one call through the chain with
  its fallbacks, limits and breakers, and for at most {LONGEST_LOOK_SECONDS:g} s (never past the request's deadline). When it fails, the caller gets the error as if nothing had been found.

In calm times this costs no call and sends no prompt anywhere. What the calls cost is in requests of kind `probe` of the caller `{CALLER}`. The answer says how
similar (`x-hotspare-cache-similarity: 0.943`), and so do `x-hotspare-notice-text` and the trace.

With `content = true` under `[store]` what is kept survives a restart, for `content_keep_days`; an answer (or a caller's last words) in which anything would have to be
redacted stays in memory alone. Without it no byte of it is written to disk.

## Limits of cost

With `daily_usd` or `session_usd` a call is made while what is spent and what is under way are below the limit; under way counts as the
mean cost of that model's answers in the chain, or the price of the prompt where there are none yet. So the limit is exceeded by no more than
was in flight. At the limit (`at_limit`) no provider is called and the caller gets 429 `insufficient_quota` (`"block"`), or only the chain's
cheapest model is called (`"cheapest"`), or nothing changes but what the console says (`"warn"`). A model of unknown price is not called under
a limit, unless `unknown_price = "allow"`. The day ends at midnight of `timezone`.
"""


def config() -> str:
    """docs/config.md."""
    found = list(rows())
    tables = dict.fromkeys(row.table for row in found)
    parts = [_keys(name, [row for row in found if row.table == name]) for name in tables]
    return CONFIG + "\n\n".join(parts) + "\n"


def _keys(name: str, keys: list[KeyRow]) -> str:
    written = f"[[{name.removesuffix('[]')}]]" if name.endswith("[]") else f"[{name}]"
    remark = REMARKS.get(name, "")
    shown = [(f"`{row.name}`", row.kind, f"`{row.default}`" if row.default else "", row.meaning) for row in keys]
    title = f"## `{written.replace('.*', '.NAME').replace('[].', '.')}`\n\n"
    return title + remark + table(("key", "holds", "default", "meaning"), *shown)


REMARKS = {
    "limits": "A chain or a model may repeat these among its own keys (a model no deadline): the model's counts before the chain's, the "
    "chain's before these.\n\n",
    "breaker": "A chain or a model may have a table of its own: `[chains.NAME.breaker]`, or `breaker = { … }` in a model.\n\n",
}

CONFIG = """# Every key of hotspare.toml

Made from the code by `make docs`. `examples/hotspare.toml` shows them all in place; `hotspare schema` prints a JSON Schema
for editors (save it as `hotspare.schema.json`, and begin the file with `#:schema ./hotspare.schema.json`);
`hotspare check FILE` says what comes of each key of a file, `hotspare config show --origin` what holds and where it comes from.

What holds, the last one named first: an operator's decision on the running instance, a flag (`--port`), an environment
variable, the file, the default. A variable is named after the key: `HOTSPARE_GATEWAY__PORT` is `port` under `[gateway]`; so it is
with every key of `gateway`, `store`, `limits`, `breaker`, `health_check`, `budget` and `console`. A change of the file takes force while
requests run, all of it or nothing; only the instance's name, where it listens and the store wait for the next start.

"""

PAGES = {"routing.md": routing, "config.md": config}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page())
        print(f"docs/{name}")
