"""Write to the terminal without ever holding up the loop, which carries the gateway's traffic too.

Measured with Textual's own driver: a terminal that nobody reads stops the loop, and all requests with it, for seconds.
Here a full queue drops frames (whole ones, so that no sequence is cut), counts them, and asks for one full repaint once
it has drained. The names of Textual that this rests on are private; they are all in this module, and a test says when
they change.
"""

import contextlib
import io
import os
import selectors
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable
from queue import Empty, Full
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

from textual._xterm_parser import XTermParser
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from hotspare.app.console.background import ASK_BACKGROUND, BackgroundAnswer

if TYPE_CHECKING:
    from textual.app import App

STOP_SECONDS = 0.5
"""How long leaving waits for a terminal that does not read."""

KEEP_TITLE, BRING_TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"

READ_BYTES = 4096
POLL_SECONDS = 0.1


class LosesTerminal(Protocol):
    """An app that wants to know of its terminal."""

    wants_background: bool
    """Whether it asks if the terminal is light or dark."""

    def background_told(self, *, light: bool) -> None:
        """The terminal has said what its background is."""

    def terminal_lost(self) -> None:
        """The terminal has hung up."""


class PatientWriter(WriterThread):
    """Textual's writer thread, but one that never makes its callers wait."""

    def __init__(self, file: IO[str], *, drained: Callable[[], None], lost: Callable[[], None]) -> None:
        """Make a writer that was not started yet.

        Args:
            file: the terminal.
            drained: called, in this thread, when everything is written after something was dropped.
            lost: called, in this thread, when the terminal is gone.
        """
        super().__init__(file)
        self.dropped = 0
        self._behind = False
        self._drained = drained
        self._lost = lost

    def write(self, text: str) -> None:
        try:
            self._queue.put_nowait(text)
        except Full:
            self.dropped += 1
            self._behind = True

    def run(self) -> None:
        try:
            while (text := self._queue.get()) is not None:
                self._file.write(text)
                if self._queue.empty():
                    self._file.flush()
                    self._catch_up()
            self._file.flush()
        except (OSError, ValueError):  # ValueError: the file was closed under us
            self._lost()

    def make_room(self) -> None:
        """Forget the frames that still wait: what follows puts the terminal back in order."""
        with contextlib.suppress(Empty):
            while True:
                self._queue.get_nowait()

    def stop(self) -> None:
        try:
            self._queue.put_nowait(None)
        except Full:
            self.make_room()
            self._queue.put_nowait(None)
        self.join(STOP_SECONDS)

    def _catch_up(self) -> None:
        if self._behind:
            self._behind = False
            self._drained()


class PatientDriver(LinuxDriver):
    """Textual's driver for Linux and macOS with a `PatientWriter`, and an end of input that is noticed."""

    def __init__(
        self, app: "App[Any]", *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._told_lost = False
        self._background = BackgroundAnswer(self._tell_background)
        if isinstance(self._file, io.TextIOWrapper):
            self._file.reconfigure(errors="replace")  # a locale that lacks a sign shows "?" instead of ending us

    @property
    def dropped(self) -> int:
        """How many writes were dropped because the terminal was not read."""
        writer = self._writer_thread
        return writer.dropped if isinstance(writer, PatientWriter) else 0

    def start_application_mode(self) -> None:
        # Textual makes its own writer inside; ours has to stand in its place by then.
        original = sys.modules[LinuxDriver.__module__]
        with _replaced(original, "WriterThread", self._make_writer):
            super().start_application_mode()  # type: ignore[no-untyped-call] # Textual's own

        self.write(KEEP_TITLE)
        if cast("LosesTerminal", self._app).wants_background:
            self._background.asked = True
            self.write(ASK_BACKGROUND)

    def stop_application_mode(self) -> None:
        if isinstance(self._writer_thread, PatientWriter) and self._writer_thread.dropped:
            self._writer_thread.make_room()
        if self._writer_thread is not None:
            self.write(BRING_TITLE_BACK)
        super().stop_application_mode()

    def run_input_thread(self) -> None:
        """Read keys until the end; a terminal that hung up is told once instead of being read for ever."""
        parser = XTermParser(self._debug)
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            decode = getincrementaldecoder("utf-8")("replace").decode
            while not self.exit_event.is_set():
                if selector.select(POLL_SECONDS):
                    try:
                        data = os.read(self.fileno, READ_BYTES)
                    except OSError:
                        data = b""
                    if not data:
                        self._tell_lost()
                        return
                    text = self._background.feed(decode(data))  # never feed "": the parser takes that for the end
                    for message in parser.feed(text) if text else ():
                        self.process_message(message)
                elif held := self._background.let_go():
                    for message in parser.feed(held):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)

    def _make_writer(self, file: IO[str]) -> PatientWriter:
        return PatientWriter(file, drained=self._ask_repaint, lost=self._tell_lost)

    def _ask_repaint(self) -> None:
        self._in_loop(lambda: self._app.call_later(self._repaint))

    def _repaint(self) -> None:
        app = self._app
        if app.is_running and app.screen_stack:
            screen = app.screen
            app._display(screen, screen._compositor.render_update(full=True))  # noqa: SLF001 - see the module

    def _tell_lost(self) -> None:
        if not self._told_lost:
            self._told_lost = True
            self._in_loop(cast("LosesTerminal", self._app).terminal_lost)

    def _tell_background(self, light: bool) -> None:
        self._in_loop(lambda: cast("LosesTerminal", self._app).background_told(light=light))

    def show_title(self, text: str) -> None:
        """Put a text into the terminal's title; it has to be plain."""
        self.write(f"\x1b]2;{text}\x07")

    def _in_loop(self, call: Callable[[], Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody is left to be told
            self._loop.call_soon_threadsafe(call)


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Any:
    former = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, former)
