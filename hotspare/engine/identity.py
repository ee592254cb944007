"""Make the ids of requests: short, in the order of time, and different from every other run's.

Made on the request path: two look-ups and a few characters put together; no uuid, no formatting, no randomness.
"""

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32 without the letters that are misread; in ASCII order, so that ids sort as they were made."""

_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)

_TIME_DIGITS = 9
"""Milliseconds since 1970 until the year 3084."""
_NOISE_DIGITS = 3
NOISE_BITS = 5 * _NOISE_DIGITS
COUNTER_LIMIT = 32**5


class RequestIds:
    """The ids of one run: when it began, what tells it from others that began then, and a counter.

    Args:
        wall: UTC epoch seconds now.
        noise: `NOISE_BITS` random bits.

    Attributes:
        run: the mark of the run, which no other has.
    """

    __slots__ = ("_count", "_prefix", "run")

    def __init__(self, wall: float, noise: int) -> None:
        self._prefix = _base32(int(wall * 1000), _TIME_DIGITS) + _base32(noise, _NOISE_DIGITS)
        self._count = 0
        self.run = self._prefix

    def next(self) -> str:
        """An id that was not given before."""
        count = self._count
        if count == COUNTER_LIMIT:
            self._prefix = _after(self._prefix)
            count = 0
        self._count = count + 1
        return self._prefix + _PAIRS[count >> 15] + _PAIRS[count >> 5 & 1023] + _DIGITS[count & 31]


def _base32(number: int, width: int) -> str:
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(width)))


def _after(prefix: str) -> str:
    """The prefix that comes next in order."""
    number = 0
    for digit in prefix:
        number = number * 32 + _DIGITS.index(digit)
    return _base32(number + 1, len(prefix))
