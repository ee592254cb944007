"""Start `hotspare serve` in the background, in a session of its own, and wait until it serves; or stop what runs.

What the server says of itself (not its log) goes to a file beside the log, so that its last words can be told.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hotspare.app import instance
from hotspare.app.instance import Note
from hotspare.gateway.peer import peer_of
from hotspare.router.error import HotspareError
from hotspare.store.folders import open_private, state_folder

READY_SECONDS = 30.0
STOP_SECONDS = 30.0
"""More than a drain takes."""
LOOK_SECONDS = 0.05
MOST_WORDS = 4096


class NotReady(HotspareError):
    """What was started in the background does not serve."""

    exit_code = 1


def words_path(name: str) -> Path:
    """Where an instance in the background says what it would have said on the terminal."""
    return state_folder() / f"{name}.out"


def start(name: str, arguments: Sequence[str]) -> Note:
    """Start `hotspare serve` with these arguments, and wait until the instance answers.

    Raises:
        HotspareError: it ended, with its own last words and exit code; or it takes too long.
    """
    words = words_path(name)
    pid = _spawn([sys.executable, "-P", "-m", "hotspare", "serve", *arguments], words)
    give_up = time.monotonic() + READY_SECONDS
    while time.monotonic() < give_up:
        if note := instance.alive(name):
            return note
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            raise _ended(words, os.waitstatus_to_exitcode(status))
        time.sleep(LOOK_SECONDS)
    raise NotReady(
        f"{name} (pid {pid}) does not serve yet after {READY_SECONDS:.0f} s, and goes on trying",
        f"what it says: {words}; look again: hotspare status --instance {name}; end it: kill {pid}",
    )


def _spawn(command: list[str], words: Path) -> int:
    """Run a command without a terminal, in a session of its own, so that no closed window ends it."""
    said = open_private(words, os.O_WRONLY | os.O_TRUNC | os.O_APPEND)
    try:
        return os.posix_spawn(
            command[0],
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, said, 1),
                (os.POSIX_SPAWN_DUP2, said, 2),
            ],
            setsid=True,
            setsigdef=(signal.SIGPIPE, signal.SIGINT),
        )
    finally:
        os.close(said)


def _ended(words: Path, code: int) -> HotspareError:
    """Its last sentence, and the hint below it, as it said them."""
    lines = words.read_text(errors="replace")[-MOST_WORDS:].splitlines()
    told = [place for place, line in enumerate(lines) if line.startswith("hotspare: ")]
    if not told:
        return NotReady(f"it ended at once (exit code {code})", f"what it said: {words}")
    sentence, *below = lines[told[-1] :]
    error = HotspareError(sentence.removeprefix("hotspare: "), " ".join(line.strip() for line in below))
    error.exit_code = code if code > 0 else NotReady.exit_code
    return error


# ------------------------------------------------------------------ stopping
def stop(note: Note) -> bool:
    """Ask the instance to finish what runs and end; whether it has ended in time."""
    os.kill(_pid_of(note), signal.SIGTERM)
    give_up = time.monotonic() + STOP_SECONDS
    while time.monotonic() < give_up:
        if not instance.alive(note.name):
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _pid_of(note: Note) -> int:
    """The process behind the socket, as the kernel says: a note that crossed a container's wall names another one.

    Raises:
        HotspareError: nobody answers there, or the process cannot be seen from here.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        try:
            asked.connect(note.socket)
        except OSError as error:
            raise HotspareError(
                f"{note.name} runs and does not answer on its socket: {error.strerror or error}", f"kill {note.pid}"
            ) from None
        peer = peer_of(asked)
    if peer is None or not peer.pid:
        raise HotspareError(f"the process of {note.name} cannot be seen from here", "stop it where it was started")
    return peer.pid
