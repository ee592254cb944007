"""The sixth screen: a prompt to one model, a chain, or several of them side by side, with the route, the time to the
first token, tokens and cost of each. A test prompt is counted as a test, never as traffic.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from hotspare.app.console.answer_column import AnswerColumn
from hotspare.app.console.page import Acts, Page, bindings_of
from hotspare.app.console.view_state import ViewState
from hotspare.engine.backend import Prompt
from hotspare.router.snapshot import ModelView, Snapshot
from hotspare.widgets.chain_table import STATE_WORDS, per_million
from hotspare.widgets.glyphs import Glyphs, state_sign
from hotspare.widgets.line import Line, wrap
from hotspare.widgets.line_view import LineView
from hotspare.widgets.plain import plain
from hotspare.widgets.row_list import Row, RowList
from hotspare.widgets.table import Column, Table

LEAST_COLUMN = 34
"""Cells that an answer needs at least, where several stand side by side."""
MOST_SHOWN = 4
FIRST_TEXT = "Say hello in one short sentence."
HOW = (
    "t goes to the prompt, enter sends it there; enter up here marks more to ask at once. A test is paid for; it is no "
    "traffic."
)
COLUMNS = (
    Column("", 3),
    Column("", 1),
    Column("ask", 14, grow=True, most=40, middle=True),
    Column("", 12, rank=1),
    Column("state", 14, rank=2, grow=True, most=34),
    Column("$/M in", 7, rank=4, right=True),
    Column("out", 6, rank=5, right=True),
)
CHAIN, MODEL = "chain", "model"


class Playground(Page):
    """What does each of them answer, how fast, and at what price?"""

    NAME = "playground"
    ABOUT = (
        ("ask", "a chain, as an application would ask it, or one model alone. enter marks; several are asked at once."),
        ("prompt", "t (or tab) to write it, enter sends it to all that are marked; up and down: earlier ones."),
        ("answers", "at most 512 tokens each; esc stops them. w: the way of the chosen one's request."),
        ("figures", "time from the call to the first token and to the last byte, tokens, and cost."),
        ("history", "test prompts are kept as requests of kind test: :requests /kind:test"),
    )
    MOVING = (
        ("tab", "From the models to the prompt and back."),
        ("enter", "On a chain or model: mark it, or not. In the prompt: send it."),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of("playground"),
        Binding("escape", "stop", "Stop", show=False),
    ]
    AUTO_FOCUS = "#targets"

    def __init__(self, state: ViewState, acts: Acts, *, glyphs: Glyphs, blink: bool = False) -> None:
        super().__init__(state, acts, glyphs=glyphs, blink=blink)
        self._marked: set[str] = set()
        self._given: list[str] = []
        self._place = 0
        self._local["prompt"] = self._write

    def body(self) -> ComposeResult:
        yield RowList(id="targets", cursor=self.glyphs.cursor, always_marked=True)
        with Horizontal(id="prompt-bar"):
            yield LineView(id="prompt-name")
            box = Input(value=FIRST_TEXT, id="prompt", select_on_focus=True)
            box.cursor_blink = self._blink
            yield box
        with Horizontal(id="answers"):
            yield LineView(id="how")

    # ------------------------------------------------------------ drawing
    def draw_body(self, shown: Snapshot, width: int) -> None:
        table = Table.choose(COLUMNS, width)
        rows = [Row(table.head(self.glyphs)), *self._rows_of(shown, table)]
        room = self.query_one("#body").size.height
        self.show_at("targets", max(3, min(len(rows), room // 3)))
        self.rows("targets").fill((), rows)
        number = len(self._asked(shown))
        told = f" to {number} at once " if number > 1 else " prompt "
        self.view("prompt-name").styles.width = len(told)
        self.view("prompt-name").show([((told, "key"),)])
        for how in self.query("#how").results(LineView):  # until something is asked
            how.show([(), *(((f" {row}", "dim"),) for row in wrap(HOW, max(20, width - 2)))])

    def _rows_of(self, shown: Snapshot, table: Table) -> list[Row]:
        rows = []
        for chain in shown.chains:
            if chain.kind == "chat":
                key = f"{CHAIN} {chain.name}"
                words = f"{len(chain.models)} models in turn"
                cells: Line = (
                    (self._mark(key), "accent"), (self.glyphs.forced, "accent"), (self.glyphs.clean(chain.name, 80),
                    "strong"), ("chain", "dim"), (words, "dim"), ("", "dim"), ("", "dim"),
                )  # fmt: skip
                rows.append(Row(table.line(cells, self.glyphs), key))
        rows.extend(self._model_row(model, table) for model in _models(shown))
        return rows

    def _model_row(self, model: ModelView, table: Table) -> Row:
        key = f"{MODEL} {model.name}"
        sign, role = state_sign(model.state, self.glyphs)
        cells: Line = (
            (self._mark(key), "accent"), (sign, role), (self.glyphs.clean(model.name, 80), "text"),
            ("model, alone", "dim"), (STATE_WORDS[model.state], "dim" if model.state == "ok" else role),
            (per_million(model.input_pico_usd), "dim"), (per_million(model.output_pico_usd), "dim"),
        )  # fmt: skip
        return Row(table.line(cells, self.glyphs), key)

    def _mark(self, key: str) -> str:
        return "[x]" if key in self._marked else "[ ]"

    # ------------------------------------------------------------ what is asked
    def chosen_request(self) -> str:
        """The request of the chosen one's answer; else of the first answer."""
        columns = list(self.query(AnswerColumn))
        name = self.rows("targets").chosen.partition(" ")[2]
        own = next((column for column in columns if column.target == name), None)
        return (own or columns[0]).request_id if columns else ""

    def records(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            f"{MODEL if one.prompt.model else CHAIN} {one.target}": {
                "asked": one.target, "prompt": one.prompt.text, "text": one.text, "id": one.request_id,
            }
            for one in self.query(AnswerColumn)
        }  # fmt: skip

    def chosen_text(self) -> str:
        """The answer of the chosen one; else the first answer."""
        every = self.records()
        chosen = every.get(self.rows("targets").chosen) or next(iter(every.values()), {"text": ""})
        text = str(chosen["text"])
        return plain(text, len(text), many_lines=True)

    def _asked(self, shown: Snapshot | None) -> list[Prompt]:
        """Those that are marked, in their order on the screen; with none marked, the chosen one."""
        if shown is None:
            return []
        keys = [row.key for row in self.rows("targets").rows if row.key in self._marked]
        chosen = self.rows("targets").chosen
        targets = (key.split(" ", 1) for key in keys or ([chosen] if chosen else []))
        return [Prompt("", chain=name) if kind == CHAIN else Prompt("", model=name) for kind, name in targets]

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self._marked.symmetric_difference_update({event.key})
        self.draw()

    def _write(self) -> None:
        self.query_one("#prompt", Input).focus()

    def action_next_list(self, steps: int) -> None:
        """From the targets to the prompt and back."""
        del steps
        box = self.query_one("#prompt", Input)
        if box.has_focus:
            self.rows("targets").focus()
        else:
            box.focus()

    def on_key(self, event: events.Key) -> None:
        """Up and down in the prompt: what was sent before."""
        box = self.query_one("#prompt", Input)
        if box.has_focus and event.key in {"up", "down"} and self._given:
            self._place = min(max(self._place + (-1 if event.key == "up" else 1), 0), len(self._given) - 1)
            box.value = self._given[self._place]

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id != "prompt":
            return
        event.stop()
        text, snapshot = event.value.strip(), self.state.latest
        if not text or snapshot is None:
            return
        if snapshot.instance.read_only:
            self.acts.tell("Test prompt: this instance is read-only, and a prompt costs.", "warning")
            return
        self._given.append(text)
        self._place = len(self._given)
        await self._send(text, self._asked(snapshot))

    async def _send(self, text: str, targets: list[Prompt]) -> None:
        """Ask all of them at once, as many as there is room for."""
        room = max(1, min(MOST_SHOWN, self.size.width // LEAST_COLUMN))
        if len(targets) > room:
            self.acts.tell(
                f"{len(targets)} are marked, {room} fit side by side: the first {room} are asked.", "warning"
            )
        self._stop()
        answers = self.query_one("#answers", Horizontal)
        await answers.remove_children()
        columns = [
            AnswerColumn(Prompt(text, chain=one.chain, model=one.model), glyphs=self.glyphs) for one in targets[:room]
        ]
        await answers.mount(*columns)
        for column in columns:
            column.follow(self.acts.backend.send_prompt(column.prompt))

    def action_stop(self) -> None:
        """Stop what is being answered; else go back to the targets."""
        if self._close_what_is_typed():
            return
        if not self._stop():
            self.rows("targets").focus()

    def _close_what_is_typed(self) -> bool:
        if not self.is_typing:
            return False
        self.action_clear_filter()
        return True

    def _stop(self) -> bool:
        going = [column for column in self.query(AnswerColumn) if column.is_going_on]
        for column in going:
            column.stop()
        return bool(going)


def _models(shown: Snapshot) -> list[ModelView]:
    """Each model of a chat chain once."""
    chats = {chain.name for chain in shown.chains if chain.kind == "chat"}
    return list({model.name: model for model in shown.models if model.chain in chats}.values())
