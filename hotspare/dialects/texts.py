"""Every text in an answer, wherever it stands: for who looks for something that must not be there.

Of a stream the pieces of one text are put together, whatever the dialect: what stands at the same place of each event.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from hotspare.dialects.sse import EventTooLarge, SseParser

_Place = tuple[str | int, ...]


def texts_of(body: bytes | None, pieces: Sequence[bytes]) -> list[str]:
    """All texts of a whole body, or of a stream's pieces.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        if body is not None:
            return [text for _, text in _strings(msgspec.json.decode(body))]
        return _streamed(pieces)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, EventTooLarge) as error:
        raise ValueError(str(error)) from None


def _streamed(pieces: Sequence[bytes]) -> list[str]:
    found: defaultdict[_Place, list[str]] = defaultdict(list)
    parser = SseParser()
    for piece in pieces:
        for event in parser.feed(piece):
            if event.data != b"[DONE]":
                for place, text in _strings(msgspec.json.decode(event.data)):
                    found[place].append(text)
    return ["".join(texts) for texts in found.values()]


def _strings(value: Any, place: _Place = ()) -> Iterator[tuple[_Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list):
        for i, each in enumerate(value):
            yield from _strings(each, (*place, i))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield (*place, name, "name"), name
            yield from _strings(each, (*place, name))
