"""What came in gets into the tables by itself: each Record once, whatever stands beside it; and what cannot is told."""

import asyncio
import json

import pytest


async def until(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- what is waited for has no event
            await asyncio.sleep(0.005)


@pytest.fixture
def unfit(make_record, make_attempt):
    """A Record that no table takes, although each of its values is one: two attempts have the same number."""
    return make_record(id="unfit", attempts=(make_attempt(number=1), make_attempt(number=1)))


@pytest.mark.parametrize("comes", ["a record", "a memory"])
async def test_nobody_has_to_ask_for_what_came_in_to_be_stored(opened, make_record, comes):
    async with opened() as store:
        await store.flush()
        if comes == "a record":
            store.append(make_record())
        else:
            store.remember({"a": 1})
        assert store.view().waiting_bytes
        await until(lambda: not store.view().waiting_bytes)


async def test_a_record_that_no_table_takes_is_counted_and_keeps_nothing_else_out(opened, make_record, unfit):
    async with opened(interval_seconds=60) as store:
        for record in (make_record(id="before"), unfit, make_record(id="after")):
            store.append(record)
        store.remember({"a": 1})
        await store.flush()
        assert store.view().dropped == 1
        assert {row["id"] for row in await store.query("requests", {})} == {"before", "after"}
    async with opened() as store:
        assert await store.memory() == {"a": 1}


async def test_each_record_has_one_line_in_the_log_however_often_is_moved(opened, make_record, line_of, tmp_path):
    (tmp_path / "hotspare.db-spool").write_bytes(line_of(make_record(id="inherited")))
    async with opened() as store:
        for number in range(3):
            store.append(make_record(id=f"r{number}"))
            await store.flush()
    lines = (tmp_path / "hotspare.log").read_text().splitlines()
    assert [told["id"] for line in lines if "id" in (told := json.loads(line))] == ["inherited", "r0", "r1", "r2"]


async def test_lines_that_are_damaged_are_counted_and_told(opened, make_record, line_of, tmp_path):
    (tmp_path / "hotspare.db-spool").write_bytes(b"damaged\n" + line_of(make_record()) + b"{}\n")
    async with opened() as store:
        assert [warning for warning in store.warnings if warning.startswith("2 damaged line(s)")]
        assert [row["id"] for row in await store.query("requests", {})] == ["r0001"]


@pytest.mark.parametrize("strict", [True, False])
async def test_without_a_spool_all_is_stored_from_memory(opened, make_record, tmp_path, strict):
    (tmp_path / "hotspare.db-spool").mkdir()
    async with opened(strict=strict) as store:
        for number in range(2):
            kept = store.append(make_record(id=f"r{number}"))
            if kept is not None:
                async with asyncio.timeout(5):
                    await kept
        store.remember({"a": 1})
        await store.flush()
        assert store.view().state == "no spool"
        assert {row["id"] for row in await store.query("requests", {})} == {"r0", "r1"}
        assert await store.memory() == {"a": 1}
        assert store._intake.held_memory is None
