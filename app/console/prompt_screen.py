"""Send a test prompt through a chain, as an application would, or to one model alone, and watch the answer come."""

from collections.abc import AsyncIterator, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input
from textual.worker import Worker

from hotspare.app.console.dialog import Dialog, keys_line
from hotspare.engine.backend import Prompt, PromptEvent
from hotspare.router.error import HotspareError
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, fit, wrap
from hotspare.widgets.line_pane import TextPane
from hotspare.widgets.line_view import LineView

ROUTE_STEPS, LINES_OF_A_STEP = 5, 2
FIRST_TEXT = "Say hello in one short sentence."


class PromptScreen(Dialog[str | None]):
    """The request id whose trace is wanted next; None: back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "target(-1)", "Former target", show=False, priority=True),
        Binding("down", "target(1)", "Next target", show=False, priority=True),
        Binding("ctrl+w", "why", "Why", show=False, priority=True),
    ]

    title_text = "Test prompt"

    def __init__(
        self,
        targets: tuple[Prompt, ...],
        start: int,
        *,
        glyphs: Glyphs,
        send: Callable[[Prompt], AsyncIterator[PromptEvent]],
        text: str = "",
        blink: bool = False,
    ) -> None:
        """Make the screen.

        Args:
            targets: what can be asked: chains and single models, without text.
            start: which of them comes first.
            glyphs: the signs.
            send: the instance's own way to send a prompt.
            text: what is to be asked; else something short is proposed.
            blink: whether the input's cursor blinks.
        """
        super().__init__(glyphs)
        self._targets = targets
        self._target = start
        self._send_prompt = send
        self._text = text
        self._blink = blink
        self._steps: list[tuple[str, Role]] = []
        self._request_id = ""
        self._sending: Worker[None] | None = None

    def content(self) -> ComposeResult:
        yield LineView(id="target")
        prompt = Input(value=self._text or FIRST_TEXT, id="prompt", select_on_focus=not self._text)
        prompt.cursor_blink = self._blink
        yield prompt
        yield LineView(id="route")
        yield TextPane(self.glyphs, id="answer")
        yield LineView(id="keys")

    def on_mount(self) -> None:
        self.add_class("reading")
        self.query_one("#prompt", Input).focus()
        super().on_mount()

    def draw(self) -> None:
        width = self.query_one("#target").size.width
        target = self._targets[self._target]
        name, what = (target.model, "this model alone") if target.model else (target.chain, "chain, as callers ask it")
        arrows = f"{self.glyphs.up}{self.glyphs.down}"
        line: Line = ((" to  ", "dim"), (self.glyphs.clean(name, 60), "strong"), (f"  {what}", "dim"))
        line = (*line, ("   ", "text"), (arrows, "key"), (" another", "dim"))
        self.put("target", [fit(line, width, self.glyphs.more), ()])
        self.put("route", self._route_lines(width))
        self.put("keys", [keys_line(*self._keys())])

    def action_target(self, steps: int) -> None:
        """Choose whom to ask."""
        self._target = (self._target + steps) % len(self._targets)
        self.draw()

    def action_why(self) -> None:
        """Look at the trace of the last answer."""
        if self._request_id:
            self._stop()
            self.dismiss(self._request_id)

    def action_leave(self) -> None:
        self._stop()
        self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if not text:
            return
        self._stop()
        self._steps, self._request_id = [], ""
        self.query_one("#answer", TextPane).clear()
        target = self._targets[self._target]
        asked = Prompt(text, chain=target.chain, model=target.model, max_tokens=target.max_tokens)
        self._sending = self.run_worker(self._follow(asked), name="prompt")
        self.draw()

    async def _follow(self, prompt: Prompt) -> None:
        try:
            async for event in self._send_prompt(prompt):
                self._take(event)
        except HotspareError as error:
            self._steps.append((f"{error.title} {error.hint}".strip(), "bad"))
        self._sending = None
        self.draw()

    def _take(self, event: PromptEvent) -> None:
        self._request_id = event.request_id or self._request_id
        if event.kind == "text":
            self.query_one("#answer", TextPane).append(event.text)
            return
        roles: dict[str, Role] = {"route": "accent", "end": "ok", "error": "bad"}
        self._steps.append((event.text, roles[event.kind]))
        self.draw()

    def _stop(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _route_lines(self, width: int) -> list[Line]:
        lines: list[Line] = [()]
        for text, role in self._steps[-ROUTE_STEPS:]:
            sign = {"ok": self.glyphs.good, "bad": self.glyphs.bad}.get(role, self.glyphs.step)
            rows = wrap(self.glyphs.clean(text, 300), max(20, width - 4))[:LINES_OF_A_STEP]
            lines.extend(((f" {' ' if place else sign} ", role), (row, role)) for place, row in enumerate(rows))
        if not self._steps:
            words = "sending" if self._sending else "enter sends it; at most 512 tokens, counted as a test, not traffic"
            lines.append(((f" {self.glyphs.dot} {words}", "dim"),))
        return [*lines, ()]

    def _keys(self) -> tuple[tuple[str, str], ...]:
        why = (("ctrl+w", "why this route"),) if self._request_id else ()
        return (("enter", "sends"), *why, ("esc", "back, and stop it" if self._sending else "back"))
