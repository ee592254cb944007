"""Undo a content encoding piece by piece, so that a small body cannot become a large one at a stroke."""

import zlib
from collections.abc import AsyncIterator, Iterator

from hotspare.router.trigger import AttemptFailed, Trigger

PIECE_BYTES = 64 * 1024

_DETECT_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS


class _Inflater:
    """gzip, or deflate with or without its zlib header (servers differ on what "deflate" is)."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._inflate = zlib.decompressobj(_DETECT_GZIP_OR_ZLIB)
        self._begun = False

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What a chunk holds, at most PIECE_BYTES at a time."""
        full = False
        while chunk or full:
            piece = self._step(chunk)
            chunk = self._inflate.unconsumed_tail
            full = len(piece) == PIECE_BYTES  # more may wait, though all that came is taken
            if piece:
                yield piece

    def check_end(self) -> None:
        """The body has ended: so must its compressed content have."""
        if self._begun and not self._inflate.eof:
            raise AttemptFailed(Trigger.network, "the answer was cut short")

    def _step(self, chunk: bytes) -> bytes:
        try:
            piece = self._inflate.decompress(chunk, PIECE_BYTES)
        except zlib.error:
            if self._begun or self._encoding != "deflate":
                raise self._wrong() from None
            self._inflate = zlib.decompressobj(_RAW_DEFLATE)
            self._begun = True
            return self._step(chunk)
        self._begun = True
        return piece

    def _wrong(self) -> AttemptFailed:
        return AttemptFailed(Trigger.malformed, f"the answer is not the {self._encoding} that its headers announce")


def inflated(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """The body's own bytes.

    Raises:
        AttemptFailed: the encoding is one we did not ask for; while reading: the body is not what it claims.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return chunks
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise AttemptFailed(Trigger.malformed, f"the answer came in an encoding we did not ask for: {encoding[:40]!r}")
    return _inflated(chunks, _Inflater(encoding))


async def _inflated(chunks: AsyncIterator[bytes], inflater: _Inflater) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        for piece in inflater.pieces(chunk):
            yield piece
    inflater.check_end()
