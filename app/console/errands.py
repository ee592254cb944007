"""What each action of the registry does in the console: which dialog it opens, and which parameters it gives. One
method an action, found by its id; the acts themselves are carried out by the Operator.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from textual.screen import Screen

from hotspare.app.action import Action
from hotspare.app.actions import ACTIONS, by_id
from hotspare.app.again import consequence
from hotspare.app.console.again_screen import AgainScreen
from hotspare.app.console.force_dialog import ForceDialog
from hotspare.app.console.help import FIGURES, help_lines
from hotspare.app.console.operator import Operator, Question, Severity
from hotspare.app.console.page import Page
from hotspare.app.console.priorities_dialog import PrioritiesDialog
from hotspare.app.console.prompt_screen import PromptScreen
from hotspare.app.console.reading_screen import ReadingScreen, WhyScreen
from hotspare.app.console.reasons import why_not
from hotspare.app.console.taking_out import as_curl, as_json, write_file
from hotspare.app.console.view_state import ViewState
from hotspare.app.console.write_screen import WriteScreen
from hotspare.app.redo import LOOKED_AT, redo_of
from hotspare.engine.backend import Backend, Prompt
from hotspare.router.clock import Clock
from hotspare.router.error import HotspareError
from hotspare.router.snapshot import ChainView, ModelView, Snapshot
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.going_on import going_on_lines
from hotspare.widgets.lanes import models_of
from hotspare.widgets.line import cut

SKIP_SECONDS = 600.0
TOLD_OF_COPY = 44
"""Cells of what was copied that are told."""
LONGEST_COPY = 50_000
"""Characters of a request that are copied: terminals take no more, or cut it."""
NO_FILE_OF_A_DEMO = "A demo has no configuration file to write into: `hotspare init` begins one of your own."
NO_FILE_HERE = "This instance has no configuration file on this machine: run `hotspare config write` where it runs."
TWINS = {action.id: action.command.partition(" --")[0] for action in ACTIONS if action.keys[0].isdigit()}
"""The command line of each screen."""
OUT = frozenset({"disabled", "draining"})


class Host(Protocol):
    """What an errand needs of the console."""

    backend: Backend
    state: ViewState
    glyphs: Glyphs
    operator: Operator
    clock: Clock

    def copy_to_clipboard(self, text: str) -> None: ...
    async def ask(self, question: Question) -> bool: ...
    def tell(self, text: str, severity: Severity = "information") -> None: ...
    async def leave(self) -> None: ...
    def page(self) -> Page | None: ...
    def push_screen_wait(self, screen: Screen[Any]) -> Any: ...


class Errands:
    """Runs actions for the console; see the module."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._table: Mapping[str, Callable[[ModelView | None, str], Awaitable[None]]] = {
            "force": self._force,
            "skip-primary": self._skip_primary,
            "disable": self._take_out("disable"),
            "drain": self._take_out("drain"),
            "release": self._on_chain("release"),
            "enable": self._on_model("enable"),
            "clear": self._on_model("clear"),
            "priorities": self._priorities,
            "move-up": self._move(-1),
            "move-down": self._move(1),
            "prompt": self._prompt,
            "explain": self._explain,
            "resend": self._resend,
            "undo": self._undo,
            "redo": self._redo,
            "write": self._write,
            "copy": self._copy,
            "copy-json": self._copy_json,
            "copy-curl": self._copy_curl,
            "export": self._export,
            "going-on": self._going_on,
            "help": self._help,
            "quit": self._quit,
        }

    async def run(self, name: str, model: ModelView | None, request_id: str) -> None:
        """Do the action with this id."""
        await self._table[name](model, request_id)

    async def order(self, action: Action, given: Mapping[str, Any]) -> None:
        """Carry out an act whose parameters were typed."""
        typed = ""
        if action.id in {"disable", "drain"}:
            typed = self._would_stop(given["model"])
        await self._host.operator.carry_out(action, given, typed=typed)

    # ------------------------------------------------------------ acts
    async def _force(self, model: ModelView | None, _: str) -> None:
        snapshot, chain = self._about(model)
        models = models_of(snapshot, chain.name)
        chosen, minutes = model.name if model else "", snapshot.window_minutes
        dialog = ForceDialog(chain, models, chosen, minutes=minutes, glyphs=self._host.glyphs)
        choice = await self._host.push_screen_wait(dialog)
        if choice is not None:
            given = {"chain": chain.name, "model": choice.model, "seconds": choice.seconds}
            await self._host.operator.carry_out(by_id("force"), given)

    async def _skip_primary(self, model: ModelView | None, _: str) -> None:
        chain = self._about(model)[1]
        given = {"chain": chain.name, "seconds": SKIP_SECONDS}
        await self._host.operator.carry_out(by_id("skip-primary"), given)

    def _take_out(self, name: str) -> Callable[[ModelView | None, str], Awaitable[None]]:
        async def errand(model: ModelView | None, _: str) -> None:
            if model is not None:
                await self.order(by_id(name), {"model": model.name})

        return errand

    def _would_stop(self, model: str) -> str:
        """The chain that nobody could serve any more without this model, "" where there is none."""
        snapshot = self._about(None)[0]
        for chain in snapshot.chains:
            models = models_of(snapshot, chain.name)
            others = [one for one in models if one.name != model]
            if len(others) < len(models) and all(one.state in OUT for one in others):
                return chain.name
        return ""

    def _on_chain(self, name: str) -> Callable[[ModelView | None, str], Awaitable[None]]:
        async def errand(model: ModelView | None, _: str) -> None:
            await self._host.operator.carry_out(by_id(name), {"chain": self._about(model)[1].name})

        return errand

    def _on_model(self, name: str) -> Callable[[ModelView | None, str], Awaitable[None]]:
        async def errand(model: ModelView | None, _: str) -> None:
            if model is not None:
                await self._host.operator.carry_out(by_id(name), {"model": model.name})

        return errand

    async def _priorities(self, model: ModelView | None, _: str) -> None:
        snapshot, chain = self._about(model)

        async def apply(order: tuple[str, ...]) -> bool:
            return await self._host.operator.carry_out(by_id("priorities"), {"chain": chain.name, "models": order})

        models = models_of(snapshot, chain.name)
        chosen = model.name if model else models[0].name
        dialog = PrioritiesDialog(
            chain, models, chosen, minutes=snapshot.window_minutes, glyphs=self._host.glyphs, apply=apply
        )
        await self._host.push_screen_wait(dialog)

    def _move(self, steps: int) -> Callable[[ModelView | None, str], Awaitable[None]]:
        async def errand(model: ModelView | None, _: str) -> None:
            chain = self._about(model)[1]
            if model is None or model.name not in chain.models:
                return
            order = [name for name in chain.models if name != model.name]
            order.insert(max(0, chain.models.index(model.name) + steps), model.name)
            await self._host.operator.carry_out(by_id("priorities"), {"chain": chain.name, "models": tuple(order)})

        return errand

    async def _undo(self, _model: ModelView | None, _: str) -> None:
        await self._host.operator.carry_out(by_id("undo"), {})

    async def _redo(self, _model: ModelView | None, _: str) -> None:
        host = self._host
        try:
            rows = await host.backend.query("journal", last=LOOKED_AT)
            name, given = redo_of(rows, host.clock.wall())
        except (HotspareError, ValueError) as error:
            host.tell(f"{error}", "warning")
            return
        await self.order(by_id(name), given)

    async def _write(self, _model: ModelView | None, _: str) -> None:
        host, snapshot = self._host, self._about(None)[0]
        path = Path(snapshot.instance.config_path)
        if not snapshot.instance.config_path or snapshot.instance.host:  # a file of the same path here is another one
            here = snapshot.instance.demo and not snapshot.instance.host
            host.tell(NO_FILE_OF_A_DEMO if here else NO_FILE_HERE, "warning")
            return
        from hotspare.configuration import writeback  # noqa: PLC0415 - the readers of all formats, for this key only

        try:
            day = datetime.now(UTC).date()
            wanted = writeback.wanted(snapshot)
            proposal = await asyncio.to_thread(writeback.propose, path, wanted, os.environ, day)
            if proposal.is_empty:
                host.tell(f"Nothing to write: {proposal.path} says it already.")
                return
            screen = WriteScreen(str(proposal.path), proposal.diff(), proposal.left, glyphs=host.glyphs)
            if not await host.push_screen_wait(screen):
                return
            kept = await asyncio.to_thread(writeback.write, proposal, host.clock.wall())
        except HotspareError as error:
            host.tell(f"Not written: {error}", "error")
            return
        old = f" The old file is {kept}." if kept else ""
        host.tell(f"Written: {proposal.path}.{old}\n$ hotspare config write --yes")

    # ------------------------------------------------------------ taking out
    async def _copy(self, _model: ModelView | None, _: str) -> None:
        page = self._host.page()
        self._put(page.chosen_text() if page else "", "the row")

    async def _copy_json(self, _model: ModelView | None, _: str) -> None:
        page = self._host.page()
        record = page.records().get(page.chosen_key()) if page else None
        self._put(as_json(record) if record else "", "the row as JSON")

    async def _copy_curl(self, _model: ModelView | None, request_id: str) -> None:
        host = self._host
        try:
            found = await host.backend.query("explain", id=request_id) if request_id else []
        except (HotspareError, ValueError) as error:
            host.tell(f"{error}", "warning")
            return
        latest = host.state.latest
        if not found or latest is None:
            host.tell("There is no request under the cursor, or nothing is kept of it.", "warning")
            return
        kinds = {chain.name: chain.kind for chain in latest.chains}
        embeddings = kinds.get(found[0]["chain"]) == "embeddings"
        kept = await self._kept_body(request_id)
        text = as_curl(found[0], latest.instance.listen, embeddings=embeddings, kept=kept)
        self._put(text, "it as curl" if kept else "it as curl (put in your prompt, which is not kept)")

    async def _kept_body(self, request_id: str) -> str:
        """What was sent, where it was kept as it was and a clipboard takes it; else ""."""
        from hotspare.engine.again import kept_request  # noqa: PLC0415 - as said

        try:
            body = str(kept_request(await self._host.backend.query("kept", id=request_id), request_id)["request"])
        except (HotspareError, ValueError):
            return ""
        return body if len(body) <= LONGEST_COPY else ""

    def _put(self, text: str, what: str) -> None:
        """Into the terminal's clipboard, by OSC 52, so that it works over ssh."""
        if not text:
            self._host.tell("There is nothing here to copy yet.", "warning")
            return
        self._host.copy_to_clipboard(text)
        begins = cut(" ".join(text.split()), TOLD_OF_COPY, self._host.glyphs.more)
        self._host.tell(f"Copied {what}: {begins}")

    async def _export(self, _model: ModelView | None, kind: str) -> None:
        host, page = self._host, self._host.page()
        records = list(page.records().values()) if page else []
        if page is None or not records:
            host.tell("There are no rows to export.", "warning")
            return
        wanted: Literal["csv", "json"] = "json" if kind == "json" else "csv"
        try:
            path = await asyncio.to_thread(
                write_file, records, wanted, view=page.NAME, at=host.clock.wall(), folder=Path.cwd()
            )
        except OSError as error:
            host.tell(f"Not exported: {error.strerror or error}", "error")
            return
        rows = "1 row is" if len(records) == 1 else f"{len(records)} rows are"
        host.tell(f"{rows} in {path}\n$ {TWINS.get(page.NAME, 'hotspare requests')} --json")

    # ------------------------------------------------------------ looking
    async def _prompt(self, model: ModelView | None, _: str) -> None:
        await self.prompt("", chain=self._about(model)[1].name)

    async def prompt(self, text: str, *, chain: str = "", model: str = "") -> None:
        """Open the dialog for a test prompt; a text that was typed stands in it, and a key there sends it.

        Args:
            text: "": one is proposed.
            chain: whom to ask first; else the first chain.
            model: instead of a chain.
        """
        snapshot, first = self._about(None)
        holder = next((one.chain for one in snapshot.models if one.name == model), first.name)
        names = dict.fromkeys(one.name for one in models_of(snapshot, chain or holder))
        chains = [one.name for one in snapshot.chains if one.kind == "chat"]
        targets = (*(Prompt("", chain=name) for name in chains), *(Prompt("", model=name) for name in names))
        wanted = Prompt("", model=model) if model else Prompt("", chain=chain or holder)
        start = targets.index(wanted) if wanted in targets else 0
        send = self._host.backend.send_prompt
        screen = PromptScreen(targets, start, glyphs=self._host.glyphs, send=send, text=text)
        request_id = await self._host.push_screen_wait(screen)
        if request_id:
            await self._explain(None, request_id)

    async def _explain(self, _model: ModelView | None, request_id: str) -> None:
        if not request_id:
            self._host.tell("There is no request to explain yet.", "warning")
            return

        async def ask(wanted: str) -> list[dict[str, Any]]:
            return await self._host.backend.query("explain", id=wanted)

        screen = WhyScreen(request_id, ask, glyphs=self._host.glyphs)
        await self._host.push_screen_wait(screen)
        if screen.wants_again:
            await self._resend_if_may(request_id)

    async def _resend_if_may(self, request_id: str) -> None:
        state = self._host.state
        reason = why_not(by_id("resend"), state.latest, None, lost=state.lost_since is not None)
        if reason:
            self._host.tell(reason, "warning")
        else:
            await self._resend(None, request_id)

    async def _resend(self, _model: ModelView | None, request_id: str) -> None:
        host = self._host
        if not request_id:
            host.tell("There is no request to send again yet.", "warning")
            return
        from hotspare.engine.again import kept_request  # noqa: PLC0415 - the readers of all dialects, for this key only

        try:
            row = kept_request(await host.backend.query("kept", id=request_id), request_id)
        except HotspareError as error:
            host.tell(f"Not sent: {error.title}. Instead: {error.hint}.", "warning")
            return
        except ValueError as error:
            host.tell(f"Not sent: {error}.", "warning")
            return
        if not await host.ask(Question(by_id("resend").title, consequence(row))):
            return
        prompt = Prompt("", chain=row["asked"], again=row["id"])
        wanted = await host.push_screen_wait(AgainScreen(prompt, host.backend.send_prompt(prompt), glyphs=host.glyphs))
        if wanted:
            await self._explain(None, wanted)

    async def _going_on(self, _model: ModelView | None, _: str) -> None:
        host = self._host
        shown = host.state.shown
        if shown is None:
            return
        screen = ReadingScreen(
            "What is going on", lambda width: going_on_lines(shown, width, host.glyphs), glyphs=host.glyphs
        )
        await host.push_screen_wait(screen)

    async def _help(self, _model: ModelView | None, _: str) -> None:
        glyphs = self._host.glyphs
        page = self._host.page()
        name, about, moving = (page.NAME, page.ABOUT, page.MOVING) if page else ("overview", FIGURES, ())
        screen = ReadingScreen("Help", lambda width: help_lines(width, glyphs, name, about, moving), glyphs=glyphs)
        await self._host.push_screen_wait(screen)

    async def _quit(self, _model: ModelView | None, _: str) -> None:
        await self._host.leave()

    def _about(self, model: ModelView | None) -> tuple[Snapshot, ChainView]:
        """The newest figures and the chain that is meant: the chosen model's, else the first."""
        snapshot = self._host.state.latest
        if snapshot is None or not snapshot.chains:
            raise LookupError("an act was asked for before the first figures came")
        name = model.chain if model else snapshot.chains[0].name
        return snapshot, next(one for one in snapshot.chains if one.name == name)
