"""The caller's side of a question for the number of tokens: what the provider counted, else our guess, marked so."""

from hotspare.dialects.anthropic_messages import write_count
from hotspare.dialects.call import Call
from hotspare.dialects.token_estimate import estimate_tokens
from hotspare.engine.protocols import Told
from hotspare.gateway.asgi import Send
from hotspare.gateway.delivery import HttpDelivery, told_headers
from hotspare.gateway.refusal import JSON_TYPE, Headers, send_whole
from hotspare.router.step import Fail

ESTIMATED = (b"x-hotspare-estimated", b"true")


class CountDelivery(HttpDelivery):
    """One answer, never a stream."""

    __slots__ = ("_call",)

    def __init__(self, send: Send, call: Call) -> None:
        super().__init__(send, call.dialect)
        self._call = call

    async def error(self, told: Told, fail: Fail) -> None:
        """Where nobody could count, a guess is more use than an error; what the caller did wrong stays one."""
        if told.source == "estimate":
            await self.estimated(tuple(told_headers(told)))
        else:
            await super().error(told, fail)

    async def estimated(self, headers: tuple[tuple[bytes, bytes], ...]) -> None:
        """Our own guess."""
        told: Headers = [JSON_TYPE, ESTIMATED, *headers]
        await send_whole(self._send, 200, told, write_count(estimate_tokens(self._call)))
