import json

import pytest

from hotspare.dialects.openai_chat.answer import read_usage
from hotspare.router.trigger import Usage


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"prompt_tokens": 7}, Usage(7, 0)),
        ({"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}, Usage(7, 5)),
        (
            {
                "prompt_tokens": 7,
                "completion_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2, "audio_tokens": None},
                "completion_tokens_details": {"reasoning_tokens": 4},
            },
            Usage(7, 5, cache_read=3, cache_write=2, reasoning=4),
        ),
        ({"prompt_tokens": 7, "prompt_cache_hit_tokens": 6, "prompt_tokens_details": None}, Usage(7, 0, cache_read=6)),
    ],
)
def test_usage_is_read_as_the_provider_counted(told, read):
    assert read_usage(json.dumps(told).encode()) == read


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"prompt_tokens": 7.0, "completion_tokens": "5"}, Usage(7, 0)),
        ({"prompt_tokens": -7, "completion_tokens": 5}, Usage(0, 5)),
        ({"prompt_tokens": 7, "completion_tokens": 10**12}, Usage(7, 0)),
        ({"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 10**20, "cache_write_tokens": 2}},
         Usage(7, 0, cache_write=2)),
        ({"prompt_tokens": 7, "prompt_tokens_details": [], "completion_tokens": True}, Usage(7, 0)),
    ],
)  # fmt: skip
def test_of_odd_usage_what_makes_sense_is_read(told, read):
    assert read_usage(json.dumps(told).encode()) == read


@pytest.mark.parametrize("told", [b"", b"null", b"[]", b"7", b"{}", b'{"completion_tokens": 5}', b"{"])
def test_usage_that_tells_no_prompt_is_none(told):
    assert read_usage(told) is None
