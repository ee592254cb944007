"""A screen whose rows come from the past: it asks the instance anew when what is wanted changes, and every few seconds;
never twice at once, never while frozen, never while it is not looked at.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, ClassVar, TypeAlias

from hotspare.app.console.page import Acts, Page
from hotspare.app.console.view_state import ViewState
from hotspare.router.error import HotspareError
from hotspare.router.snapshot import Snapshot
from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, Span, fit, width_of

Past: TypeAlias = Sequence[Mapping[str, Any]]
Wanted: TypeAlias = tuple[str, Mapping[str, Any]]
"""The name of a view of the past, and its parameters."""


class AskingPage(Page):
    """Rows of the past below a line that says which."""

    ASK_SECONDS: ClassVar[float] = 5.0
    VIEWS: ClassVar[tuple[str, ...]] = ()
    """The names of its views, as they are shown."""
    WHAT: ClassVar[str] = "the past"
    RANGED: ClassVar[bool] = True
    """Whether the chosen range of time is meant."""

    def __init__(self, state: ViewState, acts: Acts, *, glyphs: Glyphs, blink: bool = False) -> None:
        super().__init__(state, acts, glyphs=glyphs, blink=blink)
        self.view_place = 0
        self.past: Past = ()
        self.note = "asking"
        self._asked: Wanted | None = None
        self._due = 0.0
        self._order: dict[str, tuple[int, bool]] = {}
        self._local["next-view"] = lambda: self.show_view((self.view_place + 1) % len(self.VIEWS))
        self._local["former-view"] = lambda: self.show_view((self.view_place - 1) % len(self.VIEWS))
        self._local["sort"] = lambda: self._turn(1)
        self._local["turn-order"] = lambda: self._turn(0)

    # ------------------------------------------------------------ asking
    @abstractmethod
    def wanted(self) -> Wanted | None:
        """Which view of the past is shown, without `since`; None: none."""

    def draw_body(self, shown: Snapshot, width: int) -> None:
        self._ask(shown)
        self.draw_rows(shown, width)

    @abstractmethod
    def draw_rows(self, shown: Snapshot, width: int) -> None:
        """Show what is known now."""

    def _ask(self, shown: Snapshot) -> None:
        wanted, now = self._wanted(), self.state.looked_at
        if wanted is None:
            return
        same = wanted == self._asked
        if same and (now < self._due or self.state.frozen is not None):
            return
        if not same:
            self.past, self.note = (), "asking"
        self._asked, self._due = wanted, now + self.ASK_SECONDS
        name, parameters = wanted
        since = {"since": self.state.range_of(shown)[0]} if self.RANGED else {}
        self.run_worker(self._fetch(name, {**parameters, **since}), name=name, exclusive=True, group="past")

    def _wanted(self) -> Wanted | None:
        """What is shown, and where it ends, if that is not now."""
        wanted, end = self.wanted(), self.state.ends_at
        if wanted is None or end is None or not self.RANGED:
            return wanted
        return wanted[0], {**wanted[1], "until": end}

    async def _fetch(self, name: str, parameters: Mapping[str, Any]) -> None:
        try:
            self.past = await self.acts.backend.query(name, **parameters)
            self.note = ""
        except (HotspareError, ValueError, OSError) as error:
            self.note = f"{self.WHAT} cannot be told: {error}"
        self.draw()

    def range_moved(self) -> None:
        self._asked = None

    # ------------------------------------------------------------ views and order
    def show_view(self, place: int) -> None:
        """Show another view."""
        self.view_place = place
        self.draw()

    def action_next_list(self, steps: int) -> None:
        """Here `tab` goes through the views."""
        if self.VIEWS:
            self.show_view((self.view_place + steps) % len(self.VIEWS))
        else:
            super().action_next_list(steps)

    def _turn(self, steps: int) -> None:
        view = self.VIEWS[self.view_place]
        columns = self.sortable()
        if not columns:
            self.acts.tell("Requests stand in the order of their times.")
            return
        place, most = self._order.get(view, (0, True))
        self._order[view] = ((place + steps) % len(columns), most if steps else not most)
        self.draw()

    def sortable(self) -> Sequence[str]:
        """The fields by which the rows of the view can be ordered, the usual one first; none: they have their own."""
        return ()

    def ordered(self, rows: Past) -> Past:
        """The rows in the chosen order; what is not known comes last either way."""
        columns, view = self.sortable(), self.VIEWS[self.view_place]
        if not columns or view not in self._order:
            return rows
        place, most = self._order[view]
        name = columns[place]
        known = [row for row in rows if row.get(name) is not None]
        unknown = [row for row in rows if row.get(name) is None]
        return [*sorted(known, key=itemgetter(name), reverse=most), *unknown]

    def order_words(self) -> str:
        """How the rows are ordered, "" where they stand as they came."""
        columns, view = self.sortable(), self.VIEWS[self.view_place]
        if not columns or view not in self._order:
            return ""
        place, most = self._order[view]
        return f"by {_words(columns[place])}, {'most' if most else 'least'} first"

    def views_line(self, extra: Sequence[Span] = ()) -> Line:
        """The names of the views, the shown one marked; where they leave no room for the rest, its name alone."""
        spans: list[Span] = [(" ", "text")]
        for place, name in enumerate(self.VIEWS):
            here = place == self.view_place
            spans.append((f" {name} " if here else name, "badge" if here else "dim"))
            spans.append(("  ", "text"))
        order = self.order_words()
        rest: Line = (*extra, *((((f"  {order}", "dim"),)) if order else ()))
        if width_of((*spans, *rest)) <= self.size.width:
            return (*spans, *rest)
        place = self.view_place
        short: Line = (
            (" ", "text"),
            (f" {self.VIEWS[place]} ", "badge"),
            (f"  {place + 1} of {len(self.VIEWS)}  ", "dim"),
        )
        return fit((*short, *rest), self.size.width, self.glyphs.more)


def _words(field: str) -> str:
    return field.removesuffix("_usd").removesuffix("_ms").replace("_", " ")
