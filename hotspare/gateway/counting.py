"""The caller's side of a question for the number of tokens: what the provider counted, else our guess, marked so."""

from hotspare.dialects.anthropic_messages import write_count
from hotspare.dialects.call import Call
from hotspare.dialects.token_estimate import estimate_tokens
from hotspare.engine.protocols import Told
from hotspare.gateway.cycle import Cycle
from hotspare.gateway.delivery import HttpDelivery, told_lines
from hotspare.gateway.lines import JSON_TYPE, header_lines
from hotspare.router.step import Fail

_ESTIMATED = header_lines((JSON_TYPE, (b"x-hotspare-estimated", b"true")))


class CountDelivery(HttpDelivery):
    """One answer, never a stream."""

    __slots__ = ("_call",)

    def __init__(self, cycle: Cycle, call: Call) -> None:
        super().__init__(cycle, call.dialect)
        self._call = call

    async def error(self, told: Told, fail: Fail) -> None:
        """Where nobody could count, a guess is more use than an error; what the caller did wrong stays one."""
        if told.source == "estimate":
            await self.estimated(told_lines(told))
        else:
            await super().error(told, fail)

    async def estimated(self, lines: bytes) -> None:
        """Our own guess."""
        await self._cycle.whole(200, _ESTIMATED + lines, write_count(estimate_tokens(self._call)))
