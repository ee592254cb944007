"""Speak to a running instance over its socket, one call after the other: what a command needs, and quick to load.

The console's way to a remote instance is `remote.py`; both say what `gateway/admin_wire.py` writes and reads.
"""

import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hotspare.engine.backend import Prompt, PromptEvent
from hotspare.gateway import admin_wire
from hotspare.gateway.admin_wire import ApplyMessage
from hotspare.router.command import Command, Outcome
from hotspare.router.error import HotspareError
from hotspare.router.snapshot import Snapshot

ANSWER_SECONDS = 30.0
JSON_HEADERS = {"content-type": "application/json"}


class InstanceGone(HotspareError):
    """The instance does not answer on its socket, or left in the middle of an answer."""

    exit_code = 3
    reason = ""
    """Why, without where."""


def gone(where: Path | str, reason: str) -> InstanceGone:
    """The error of a call that the instance there did not answer."""
    error = InstanceGone(
        f"the instance at {where} does not answer: {reason}", "see whether it still runs: hotspare status"
    )
    error.reason = reason
    return error


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, seconds: float | None) -> None:
        super().__init__("localhost")
        self._path = path
        self._seconds = seconds

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._seconds)
        self.sock.connect(str(self._path))


class AdminClient:
    """One running instance, as a command speaks to it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def snapshot(self) -> Snapshot:
        """All live figures now."""
        return admin_wire.decode_snapshot(self._ask("GET", "/snapshot"))

    def query(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """A view of the past."""
        return admin_wire.decode_rows(self._ask("POST", "/query", admin_wire.encode_query(name, parameters)))

    def apply(self, command: Command, *, who: str, why: str = "", confirmed: bool = False) -> Outcome:
        """Carry out a command. Who acts is what the instance sees; `who` is noted beside it where it is another."""
        message = ApplyMessage(command, why, confirmed, who)
        return admin_wire.decode_outcome(self._ask("POST", "/apply", admin_wire.encode_apply(message)))

    def send_prompt(self, prompt: Prompt) -> Iterator[PromptEvent]:
        """Send a test prompt and follow it."""
        return map(admin_wire.decode_prompt_event, self._lines("POST", "/prompt", admin_wire.encode_prompt(prompt)))

    def events(self) -> Iterator[dict[str, Any]]:
        """What happens, as it happens, until the instance ends."""
        return map(admin_wire.decode_event, self._lines("GET", "/events"))

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        connection = _Connection(self._path, ANSWER_SECONDS)
        try:
            return self._answer(connection, method, path, body).read()
        except (OSError, http.client.HTTPException) as error:
            raise gone(self._path, str(error) or type(error).__name__) from None
        finally:
            connection.close()

    def _lines(self, method: str, path: str, body: bytes | None = None) -> Iterator[bytes]:
        """An answer of one value a line. How long the next one takes is nobody's fault."""
        connection = _Connection(self._path, None)
        try:
            answer = self._answer(connection, method, path, body)
            while line := self._line(answer):
                yield line
        finally:
            connection.close()

    def _line(self, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.readline()
        except (OSError, http.client.HTTPException) as error:
            raise gone(self._path, str(error) or type(error).__name__) from None

    def _answer(self, connection: _Connection, method: str, path: str, body: bytes | None) -> http.client.HTTPResponse:
        try:
            connection.request(method, path, body, JSON_HEADERS if body else {})
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise gone(self._path, str(error) or type(error).__name__) from None
        if answer.status >= http.client.BAD_REQUEST:
            raise admin_wire.decode_error(answer.read())
        return answer
