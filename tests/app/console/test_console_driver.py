import inspect
import io
import queue
import threading

from textual.app import App
from textual.drivers import linux_driver
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread
from textual.drivers.linux_driver import LinuxDriver

from hotspare.app.console.driver import PatientDriver, PatientWriter


class Stalled(io.StringIO):
    """A terminal that takes nothing until it is read."""

    def __init__(self):
        super().__init__()
        self.read_again = threading.Event()
        self.blocked = threading.Event()

    def write(self, text):
        self.blocked.set()
        self.read_again.wait(10)
        return super().write(text)


class Gone(io.StringIO):
    def write(self, text):
        raise OSError(5, "Input/output error")


def writer_for(terminal):
    drained, lost = threading.Event(), threading.Event()
    return PatientWriter(terminal, drained=drained.set, lost=lost.set), drained, lost


def test_writing_to_a_stalled_terminal_never_waits_and_counts_what_it_drops():
    terminal = Stalled()
    writer, drained, _ = writer_for(terminal)
    writer.start()
    writer.write("first ")
    assert terminal.blocked.wait(10)
    for number in range(MAX_QUEUED_WRITES + 70):
        writer.write(f"frame {number} ")
    assert writer.dropped == 70
    terminal.read_again.set()
    assert drained.wait(10)
    writer.stop()
    assert not writer.is_alive()
    assert terminal.getvalue().startswith("first frame 0 frame 1 ")
    assert terminal.getvalue().endswith(f"frame {MAX_QUEUED_WRITES - 1} ")


def test_a_terminal_that_keeps_up_is_not_repainted():
    terminal = io.StringIO()
    writer, drained, _ = writer_for(terminal)
    writer.start()
    writer.write("frame")
    writer.stop()
    assert terminal.getvalue() == "frame"
    assert not drained.is_set()


def test_stopping_is_bounded_and_what_puts_the_terminal_back_is_written_last(monkeypatch):
    monkeypatch.setattr("hotspare.app.console.driver.STOP_SECONDS", 0.05)
    terminal = Stalled()
    writer, _, _ = writer_for(terminal)
    writer.start()
    writer.write("first ")
    assert terminal.blocked.wait(10)
    for _ in range(100):
        writer.write("frame ")
    writer.make_room()
    writer.write("restore")
    writer.stop()
    assert writer.is_alive()
    terminal.read_again.set()
    writer.join(10)
    assert terminal.getvalue() == "first restore"


def test_a_full_queue_does_not_keep_the_writer_from_stopping():
    terminal = Stalled()
    writer, _, _ = writer_for(terminal)
    writer.start()
    writer.write("first ")
    assert terminal.blocked.wait(10)
    for _ in range(100):
        writer.write("frame ")
    threading.Timer(0.05, terminal.read_again.set).start()
    writer.stop()
    writer.join(10)
    assert not writer.is_alive()


def test_a_terminal_that_is_gone_is_told():
    writer, _, lost = writer_for(Gone())
    writer.start()
    writer.write("x")
    assert lost.wait(10)


def test_the_private_names_of_textual_are_still_there():
    """When this fails, Textual has changed: read its driver and writer anew before touching `driver.py`."""
    assert linux_driver.WriterThread is WriterThread
    assert issubclass(PatientDriver, LinuxDriver)
    writer = WriterThread(io.StringIO())
    assert isinstance(writer._queue, queue.Queue)
    assert writer._queue.maxsize == MAX_QUEUED_WRITES
    for name in ("start_application_mode", "stop_application_mode", "run_input_thread", "process_message", "write"):
        assert callable(getattr(LinuxDriver, name))
    for name in ("_display", "_handle_exception", "_print_error_renderables"):
        assert callable(getattr(App, name))
    assert "self._writer_thread = WriterThread(self._file)" in inspect.getsource(LinuxDriver.start_application_mode)
    assert "self.run_input_thread()" in inspect.getsource(LinuxDriver._run_input_thread)


async def test_the_compositor_can_still_paint_everything(make_console, begin):
    console = make_console()
    async with console.run_test(size=(80, 24)) as pilot:
        await begin(pilot)
        assert console.screen._compositor.render_update(full=True) is not None
