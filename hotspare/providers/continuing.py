"""Have models go on with streams that broke off: given the beginning of their answer where they take one."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from hotspare.dialects.begun import Begun
from hotspare.dialects.continuing import Continuation
from hotspare.dialects.endpoint import Endpoint
from hotspare.router.trigger import AttemptFailed

Found = TypeVar("Found")

_BAD_REQUEST = 400


class Continuing:
    """Remembers, as long as the process lives, which models refuse what others of their dialect take."""

    __slots__ = ("_refuse",)

    def __init__(self) -> None:
        self._refuse: set[tuple[str, str]] = set()

    async def call(
        self, endpoint: Endpoint, begun: Begun, carry_out: Callable[[Continuation], Awaitable[Found]]
    ) -> Found:
        """One attempt. A model that turns out to refuse the beginning of its answer (400) is asked again at once,
        without it, and from then on only so.

        Raises:
            AttemptFailed: it does not go on with what was sent.
        """
        place = (endpoint.base_url, endpoint.model_id)
        first = Continuation(begun, prefills=endpoint.adaptation.prefills and place not in self._refuse)
        try:
            return await carry_out(first)
        except AttemptFailed as failure:
            if not first.prefills or failure.status != _BAD_REQUEST:
                raise
        try:
            answer = await carry_out(Continuation(begun, prefills=False))
        except AttemptFailed as failure:
            if failure.status != _BAD_REQUEST:  # else it was not the beginning that it minded
                self._refuse.add(place)
            raise
        self._refuse.add(place)
        return answer
