"""A body is unpacked piece by piece: whole however it is cut, and never much of it at once."""

import gzip
import zlib

import pytest

from hotspare.providers.decompression import PIECE_BYTES, inflated


def raw_deflate(content):
    packed = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packed.compress(content) + packed.flush()


async def pieces_of(body, encoding, cut_bytes):
    async def chunks():
        for begin in range(0, len(body), cut_bytes):
            yield body[begin : begin + cut_bytes]

    return [piece async for piece in inflated(chunks(), encoding)]


@pytest.mark.parametrize("cut_bytes", [7, 1 << 20])
@pytest.mark.parametrize("size", [1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES + 100])
@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)]
)
async def test_a_body_comes_out_whole_however_it_is_cut(encoding, pack, size, cut_bytes):
    content = b"a" * size
    assert b"".join(await pieces_of(pack(content), encoding, cut_bytes)) == content


async def test_a_small_chunk_that_unpacks_to_a_huge_one_is_handed_on_in_small_pieces():
    bomb = gzip.compress(bytes(20_000_000))
    assert len(bomb) < 25_000
    sizes = [len(piece) for piece in await pieces_of(bomb, "gzip", 1 << 20)]
    assert max(sizes) == PIECE_BYTES
    assert sum(sizes) == 20_000_000
