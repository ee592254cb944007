"""One answer of the playground: whom it was asked of, the answer as it comes, the route it took, what it came to."""

from collections.abc import AsyncIterator

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker

from hotspare.engine.backend import Prompt, PromptEvent
from hotspare.router.error import HotspareError
from hotspare.widgets.glyphs import Glyphs, Role
from hotspare.widgets.line import Line, fit, wrap
from hotspare.widgets.line_pane import TextPane
from hotspare.widgets.line_view import LineView

ROLES: dict[str, Role] = {"route": "accent", "end": "ok", "error": "bad"}
ROUTE_LINES = 6


class AnswerColumn(Vertical):
    """Follows one prompt to its end."""

    class Ended(Message):
        """Nothing more will come."""

    def __init__(self, prompt: Prompt, *, glyphs: Glyphs) -> None:
        super().__init__(classes="answer")
        self.prompt = prompt
        self.request_id = ""
        self.text = ""
        self._glyphs = glyphs
        self._steps: list[tuple[str, Role]] = []
        self._following: Worker[None] | None = None

    @property
    def target(self) -> str:
        """Whom it was asked of."""
        return self.prompt.model or self.prompt.chain

    @property
    def is_going_on(self) -> bool:
        """Whether it may still say something."""
        return self._following is not None

    def compose(self) -> ComposeResult:
        yield LineView(classes="asked")
        yield TextPane(self._glyphs)
        yield LineView(classes="route")

    def on_mount(self) -> None:
        self.draw()

    def on_resize(self) -> None:
        self.draw()

    def follow(self, events: AsyncIterator[PromptEvent]) -> None:
        """Show what comes until the end."""
        self._following = self.run_worker(self._follow(events), name="prompt")

    def stop(self) -> None:
        """Leave as a caller: the call upstream ends."""
        if self._following is not None:
            self._following.cancel()
            self._following = None
            self._steps.append(("stopped", "warn"))
            self.draw()

    async def _follow(self, events: AsyncIterator[PromptEvent]) -> None:
        try:
            async for event in events:
                self._take(event)
        except (HotspareError, OSError) as error:
            hint = error.hint if isinstance(error, HotspareError) else ""
            self._steps.append((f"{error} {hint}".strip(), "bad"))
        self._following = None
        self.draw()
        self.post_message(self.Ended())

    def _take(self, event: PromptEvent) -> None:
        self.request_id = event.request_id or self.request_id
        if event.kind == "text":
            self.text += event.text
            self.query_one(TextPane).append(event.text)
            return
        self._steps.append((event.text, ROLES[event.kind]))
        self.draw()

    def draw(self) -> None:
        """Name and route, for the width there is."""
        if not self.query(TextPane):
            return
        width = max(10, self.size.width - 1)
        kind = "model, alone" if self.prompt.model else "chain"
        name: Line = ((" ", "text"), (self._glyphs.clean(self.target, 60), "title"), (f"  {kind}", "dim"))
        self.query_one(".asked", LineView).show([fit(name, width, self._glyphs.more)])
        lines = self._route_lines(width)
        route = self.query_one(".route", LineView)
        route.styles.height = max(1, len(lines))
        route.show(lines)

    def _route_lines(self, width: int) -> list[Line]:
        if not self._steps:
            return [((f" {self._glyphs.dot} sending", "dim"),)]
        signs = {"ok": self._glyphs.good, "bad": self._glyphs.bad}
        lines: list[Line] = []
        for text, role in self._steps:
            rows = wrap(self._glyphs.clean(text, 300), max(10, width - 4))
            sign = signs.get(role, self._glyphs.step)
            lines.extend(((f" {' ' if place else sign} ", role), (row, role)) for place, row in enumerate(rows))
        return lines[-ROUTE_LINES:]
