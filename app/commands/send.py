"""Send a test prompt through a running instance and watch its way: the answer goes to standard output as it comes,
everything else to standard error.
"""

from collections.abc import Iterator

import click

from hotspare.app import printing
from hotspare.app.admin_client import AdminClient
from hotspare.app.again import consequence
from hotspare.app.commands.act import Refused
from hotspare.app.ending import say
from hotspare.app.options import looking
from hotspare.app.reach import running
from hotspare.engine.backend import Prompt, PromptEvent
from hotspare.widgets.plain import plain


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--model", default="", metavar="M", help="Ask this model alone.")
@click.option("--chain", default="", metavar="C", help="Ask this chain, as an application would.")
@looking
def prompt(text: tuple[str, ...], model: str, chain: str, instance: str | None, *, as_json: bool) -> int:
    """Send a test prompt and watch the answer come, with the route it takes."""
    if model and chain:
        raise click.UsageError("name a model or a chain, not both")
    events = _sender(instance).send_prompt(Prompt(" ".join(text), chain=chain, model=model))
    return _gather(events) if as_json else _show(events)


@click.command()
@click.argument("request_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Send it: it costs what it costs.")
@looking
def resend(request_id: str, instance: str | None, *, yes: bool, as_json: bool) -> int:
    """Send a request of the past once more, as it was: where prompts are kept. It counts as a test, not as traffic."""
    from hotspare.engine.again import kept_request  # noqa: PLC0415 - the readers of all dialects, for this only

    source = _sender(instance)
    row = kept_request(source.query("kept", id=request_id), plain(request_id))
    if not yes:
        raise Refused(plain(consequence(row)), "--yes sends it")
    events = source.send_prompt(Prompt("", again=row["id"]))
    return _gather(events) if as_json else _show(events)


def _sender(instance: str | None) -> AdminClient:
    """The running instance, where it may be asked.

    Raises:
        Refused: it is read-only, and a prompt costs.
    """
    source = running(instance)
    if source.snapshot().instance.read_only:
        raise Refused("this instance is read-only, and a prompt costs", "set read_only = false under [console]")
    return source


def _show(events: Iterator[PromptEvent]) -> int:
    for event in events:
        match event.kind:
            case "text":
                click.echo(plain(event.text, len(event.text), many_lines=True), nl=False)
                printing.flush()
            case "route":
                click.echo(f"  {plain(event.text)}", err=True)
            case "end":
                click.echo()
                printing.flush()
                click.echo(f"  {plain(event.text)}", err=True)
                return 0
            case "error":
                say(plain(event.text, 2000))
                return 1
    return 1


def _gather(events: Iterator[PromptEvent]) -> int:
    """One JSON object at the end: the answer, the route, the figures."""
    seen = list(events)
    last = seen[-1] if seen else PromptEvent("error", "no answer came")
    printing.print_json(
        {
            "id": last.request_id,
            "text": "".join(event.text for event in seen if event.kind == "text"),
            "route": [event.text for event in seen if event.kind == "route"],
            "summary": last.text if last.kind == "end" else "",
            "error": last.text if last.kind == "error" else None,
        }
    )
    return 0 if last.kind == "end" else 1
