import asyncio

import pytest

from hotspare.router.command import ClearModel, DisableModel, EnableModel, ForceModel, JournalEntry, Refusal, Slot, Undo

pytestmark = pytest.mark.looptime

ME = {"who": "ada", "why": "cold start", "confirmed": False}


async def test_a_command_is_durable_before_it_is_in_force(bench):
    disabled_when_written = []
    write = bench.journal.write

    async def watched(change):
        entry = await write(change)
        disabled_when_written.append(bench.router.states["gpt"].decided)
        return entry

    bench.journal.write = watched
    entry = await bench.engine.apply(DisableModel("gpt"), **ME)
    assert isinstance(entry, JournalEntry)
    assert (entry.change.who, entry.change.why) == ("ada", "cold start")
    assert disabled_when_written == [None]
    assert bench.router.states["gpt"].decided == "disabled"
    assert bench.diary == ["writing disable", "written disable", "remember"]


async def test_a_refusal_changes_and_writes_nothing(bench):
    refused = await bench.engine.apply(DisableModel("nobody"), **ME)
    assert isinstance(refused, Refusal)
    assert bench.diary == []


async def test_a_wide_act_is_done_once_confirmed(bench):
    command = ForceModel("main", "gpt", until=None)
    first = await bench.engine.apply(command, **ME)
    assert isinstance(first, Refusal)
    assert first.needs_confirmation
    again = await bench.engine.apply(command, **{**ME, "confirmed": True})
    assert isinstance(again, JournalEntry)


async def test_undo_takes_back_what_the_journal_says_is_the_latest(bench):
    await bench.engine.apply(DisableModel("gpt"), **ME)
    undone = await bench.engine.apply(Undo(), **ME)
    assert isinstance(undone, JournalEntry)
    assert undone.change.undoes == 1
    assert bench.router.states["gpt"].decided is None


async def test_undo_with_nothing_to_undo_is_refused(bench):
    assert isinstance(await bench.engine.apply(Undo(), **ME), Refusal)


async def test_commands_are_carried_out_one_after_the_other(bench):
    engine = bench.engine
    await asyncio.gather(
        engine.apply(DisableModel("gpt"), **ME),
        engine.apply(EnableModel("gpt"), **ME),
        engine.apply(ClearModel("haiku"), **ME),
    )
    assert [entry for entry in bench.diary if entry != "remember"] == [
        "writing disable", "written disable", "writing enable", "written enable", "writing clear", "written clear",
    ]  # fmt: skip


async def test_an_act_that_has_begun_is_carried_through_when_its_asker_goes(bench):
    asking = asyncio.create_task(bench.engine.apply(DisableModel("gpt"), **ME))
    await asyncio.sleep(0.1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await bench.engine.aclose()
    assert bench.router.states["gpt"].decided == "disabled"


async def test_an_act_is_told_to_those_who_watch(bench):
    watching = bench.engine.events.watch()
    await bench.engine.apply(DisableModel("gpt", until=bench.clock.wall() + 600), **ME)
    event = await anext(watching)
    assert (event["event"], event["act"], event["subject"], event["who"]) == ("act", "disable", "gpt", "ada")
    assert event["after"] == ["disabled"]
    assert event["before"] is None
    assert event["until"] == pytest.approx(1_700_000_600, abs=10)


async def test_a_decision_expires_by_itself_and_is_journaled(bench):
    async with bench.engine:
        await bench.engine.apply(DisableModel("gpt", until=bench.clock.wall() + 5), **ME)
        await asyncio.sleep(4)
        assert bench.router.states["gpt"].decided == "disabled"
        await asyncio.sleep(3)
        assert bench.router.states["gpt"].decided is None
    assert [entry.change.act for entry in bench.journal.entries] == ["disable", "expired"]
    assert bench.journal.entries[1].change.slot == Slot("model", "gpt")
