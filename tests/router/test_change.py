"""What a command is turned into, compared whole: each Change and each Refusal, with what to do instead."""

import pytest

from hotspare.router.change import is_there
from hotspare.router.command import (
    Change,
    ClearModel,
    Decision,
    DisableModel,
    DrainModel,
    EnableModel,
    ForceModel,
    JournalEntry,
    Refusal,
    Release,
    SetPriorities,
    SkipPrimary,
    Slot,
    Undo,
    from_wire,
)
from hotspare.router.standing import Standing
from hotspare.router.trigger import Trigger

WALL = 1_800_001_000.0
SOON = WALL + 600.0
ALL = ("claude", "gpt", "haiku", "off")
NO_CHAIN = Refusal("there is no chain night", "chains: main")
NO_MODEL = Refusal("there is no model nobody", "models: claude, gpt, haiku, off")
NOT_OF_CHAIN = Refusal("nobody is no model of main", "it has claude, gpt, haiku, off")
ONE_EACH = Refusal("priorities name each model once, at least one", "main: claude,gpt,haiku,off")
OVER = Refusal("that time is over already", "give a time in the future: --for 10m")
EMBEDDINGS = Refusal(
    "main gives embeddings of its first model alone: vectors of another cannot be compared with them",
    "where its models do share one vector space: equivalent = true under chains.main",
)


@pytest.fixture
def make(world):
    """A world of four models, the last disabled by the file."""

    def made(**options):
        return world(*ALL, models={"off": {"enabled": False}}, **options)

    return made


def work_out(main, command, *, confirmed=False, latest=None):
    return main.router.change(
        command, who="maria", why="slow", now=main.now, wall=main.wall, latest=latest, confirmed=confirmed
    )


def commit(main, command, **options):
    change = work_out(main, command, confirmed=True, **options)
    assert isinstance(change, Change)
    main.router.commit(change, now=main.now, wall=main.wall)
    return change


def decided(*value, until=None):
    return Decision(value, "maria", WALL, "slow", until)


def changed(act, subject, slot=None, before=None, after=None, **more):
    return Change(act, subject, "maria", WALL, "slow", slot, before, after, **more)


FORCE, ORDER = Slot("force", "main"), Slot("order", "main")
GPT, OFF = Slot("model", "gpt"), Slot("model", "off")


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (ForceModel("main", "gpt", SOON), changed("force", "main", FORCE, None, decided("force", "gpt", until=SOON))),
        (SkipPrimary("main", SOON), changed("skip-primary", "main", FORCE, None, decided("skip_primary", until=SOON))),
        (DisableModel("gpt"), changed("disable", "gpt", GPT, None, decided("disabled"))),
        (DrainModel("gpt", SOON), changed("drain", "gpt", GPT, None, decided("draining", until=SOON))),
        (EnableModel("off"), changed("enable", "off", OFF, None, decided("enabled"))),
        (
            SetPriorities("main", ("haiku", "gpt")),
            changed("priorities", "main", ORDER, None, decided("haiku", "gpt", "claude", "off")),
        ),
        (ClearModel("gpt"), changed("clear", "gpt")),
    ],
)
def test_a_command_sets_its_slot_and_says_by_whom_when_and_why(make, command, outcome):
    assert work_out(make(), command) == outcome


@pytest.mark.parametrize(
    ("first", "then", "slot", "after"),
    [
        (ForceModel("main", "gpt", SOON), Release("main"), FORCE, None),
        (ForceModel("main", "gpt", SOON), SkipPrimary("main", SOON), FORCE, decided("skip_primary", until=SOON)),
        (DisableModel("gpt"), EnableModel("gpt"), GPT, None),
        (SetPriorities("main", ("gpt",)), SetPriorities("main", ALL), ORDER, None),
        (SetPriorities("main", ("gpt",)), SetPriorities("main", ("off",)), ORDER, decided("off", *ALL[:3])),
    ],
)
def test_a_change_says_what_stood_there_before(make, first, then, slot, after):
    main = make()
    before = commit(main, first).after
    assert work_out(main, then) == changed(then.act, slot.subject, slot, before, after)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (ForceModel("night", "gpt", SOON), NO_CHAIN),
        (SkipPrimary("night", SOON), NO_CHAIN),
        (Release("night"), NO_CHAIN),
        (SetPriorities("night", ("gpt",)), NO_CHAIN),
        (ForceModel("main", "nobody", SOON), NOT_OF_CHAIN),
        (SetPriorities("main", ("gpt", "nobody")), NOT_OF_CHAIN),
        (SetPriorities("main", ()), ONE_EACH),
        (SetPriorities("main", ("gpt", "gpt")), ONE_EACH),
        (SetPriorities("main", ("claude",)), Refusal("main has this order already")),
        (Release("main"), Refusal("nothing is forced on main")),
        (DisableModel("nobody"), NO_MODEL),
        (DrainModel("nobody"), NO_MODEL),
        (EnableModel("nobody"), NO_MODEL),
        (ClearModel("nobody"), NO_MODEL),
        (EnableModel("gpt"), Refusal("gpt is enabled already", "to lift a cooldown or an open breaker: clear")),
        (ForceModel("main", "gpt", WALL), OVER),
        (SkipPrimary("main", WALL - 1), OVER),
        (DisableModel("gpt", WALL), OVER),
        (Undo(), Refusal("there is nothing to undo")),
        (
            ForceModel("main", "gpt"),
            Refusal(
                "forcing gpt with no end would hold main off its primary until somebody lifts it",
                "give it a time, or confirm",
                needs_confirmation=True,
            ),
        ),
        (
            SkipPrimary("main"),
            Refusal(
                "with no end claude stays out of main until somebody lifts it",
                "give it a time, or confirm",
                needs_confirmation=True,
            ),
        ),
    ],
)
def test_what_is_refused_says_why_and_what_to_do_instead(make, command, refusal):
    assert work_out(make(), command) == refusal


def test_an_end_a_moment_ahead_is_no_end_that_is_over(make):
    assert isinstance(work_out(make(), DisableModel("gpt", WALL + 0.001)), Change)


def test_what_leaves_nobody_to_serve_asks_first(make):
    main = make()
    for name in ("gpt", "haiku"):
        commit(main, DisableModel(name))
    assert work_out(main, SkipPrimary("main", SOON)) == Refusal(
        "no other model of main can serve now: without claude its callers get errors", needs_confirmation=True
    )
    last = Refusal(
        "claude is the last model of main that can serve: its callers would get errors", needs_confirmation=True
    )
    assert work_out(main, DisableModel("claude")) == work_out(main, DrainModel("claude")) == last
    assert isinstance(work_out(main, SkipPrimary("main", SOON), confirmed=True), Change)
    assert isinstance(work_out(main, DisableModel("claude"), confirmed=True), Change)


def test_who_is_the_primary_goes_by_the_order_in_force(make):
    main = make()
    commit(main, SetPriorities("main", ("gpt",)))
    assert work_out(main, SkipPrimary("main")).reason.startswith("with no end gpt stays out of main")


@pytest.mark.parametrize("order", [(), ("gpt",)])
def test_embeddings_come_from_the_first_model_alone(make, order):
    main = make(chain={"kind": "embeddings", "equivalent": bool(order)})
    first = "gpt" if order else "claude"
    if order:
        commit(main, SetPriorities("main", order))
        object.__setattr__(main.settings.chains["main"], "equivalent", False)
    for command in (ForceModel("main", "haiku", SOON), SkipPrimary("main", SOON), SetPriorities("main", ("haiku",))):
        assert work_out(main, command) == EMBEDDINGS
    assert isinstance(work_out(main, ForceModel("main", first, SOON)), Change)
    assert isinstance(work_out(main, SetPriorities("main", (first, "off"))), Change)


@pytest.mark.parametrize(
    ("happen", "skip", "remedy"),
    [
        (lambda main, fails: commit(main, DisableModel("gpt")), "disabled", "enable gpt"),
        (lambda main, fails: commit(main, DrainModel("gpt")), "draining", "enable gpt"),
        (lambda main, fails: main.router.states["gpt"].rest("KEY", 600.0, main.now), "cooling", "clear gpt"),
    ],
)
def test_a_force_of_a_model_that_cannot_serve_says_what_would_lift_that(make, fails, happen, skip, remedy):
    main = make()
    happen(main, fails)
    note = f"gpt cannot serve now ({skip}): the others follow, never the primary; to lift that: {remedy}"
    assert work_out(main, ForceModel("main", "gpt", SOON)).notes == (note,)


# ---------------------------------------------------------------- undo
def test_an_undo_is_the_inverse_and_says_what_it_takes_back(make):
    main = make()
    before = commit(main, DisableModel("gpt")).after
    drained = commit(main, DrainModel("gpt"))
    undo = work_out(main, Undo(), latest=JournalEntry(7, drained))
    assert undo == changed("undo", "drain gpt", GPT, drained.after, before, undoes=7)


def test_what_sets_nothing_cannot_be_taken_back(make):
    main = make()
    cleared = commit(main, ClearModel("gpt"))
    assert work_out(main, Undo(), latest=JournalEntry(1, cleared)) == Refusal("there is nothing to undo")


def test_an_undo_that_comes_too_late_says_why(make):
    main = make()
    first = commit(main, DisableModel("gpt"))
    commit(main, DrainModel("gpt"))
    late = Refusal("disable gpt cannot be undone: maria acted on gpt since", "look at: hotspare journal")
    assert work_out(main, Undo(), latest=JournalEntry(1, first)) == late
    commit(main, EnableModel("gpt"))
    late = Refusal("disable gpt cannot be undone: it stands no longer", "look at: hotspare journal")
    assert work_out(main, Undo(), latest=JournalEntry(1, first)) == late


def test_an_undo_back_to_what_the_file_has_no_longer_is_refused(make, world):
    main, smaller = make(), world("claude", "gpt")
    commit(main, ForceModel("main", "haiku", SOON))
    change = commit(main, Release("main"))
    assert work_out(smaller, Undo(), latest=JournalEntry(1, change)) == Refusal(
        "release main cannot be undone: it is no longer in the file"
    )


@pytest.mark.parametrize(
    ("slot", "value", "there"),
    [
        (GPT, ("disabled",), True),
        (Slot("model", "main"), ("disabled",), False),
        (ORDER, ("nobody",), True),
        (Slot("order", "night"), ("gpt",), False),
        (FORCE, ("force", "gpt"), True),
        (FORCE, ("force", "nobody"), False),
        (FORCE, ("skip_primary",), True),
        (Slot("force", "night"), ("skip_primary",), False),
    ],
)
def test_what_a_decision_is_about_may_be_gone(make, slot, value, there):
    assert is_there(make().settings, slot, decided(*value)) is there


# ---------------------------------------------------------------- expiry
def test_what_comes_to_its_end_is_told_as_a_change_of_the_programs_own():
    standing = Standing()
    ends, stays = decided("disabled", until=WALL + 60), decided("draining")
    standing.put(GPT, ends, now=5.0, wall=WALL)
    standing.put(OFF, stays, now=5.0, wall=WALL)
    assert (standing.seconds_left(GPT, 64.5), standing.seconds_left(GPT, 66.0)) == (0.5, 0.0)
    assert (standing.expiry(GPT), standing.expiry(OFF), standing.seconds_left(OFF, 5.0)) == (65.0, None, None)
    assert standing.expire(now=64.9, wall=WALL) == ()
    assert standing.expire(now=65.0, wall=WALL + 3) == (
        Change("expired", "gpt", "hotspare", WALL + 3, "", GPT, ends, None),
    )
    assert (standing.decisions, standing.next_expiry) == ({OFF: stays}, float("inf"))


def test_the_next_to_expire_is_the_earliest_and_each_change_is_a_new_version():
    standing = Standing()
    for seconds, slot in ((90, GPT), (30, OFF), (60, FORCE)):
        standing.put(slot, decided("disabled", until=WALL + seconds), now=0.0, wall=WALL)
    assert (standing.next_expiry, standing.version) == (30.0, 3)
    assert [change.slot for change in standing.expire(now=60.0, wall=WALL)] == [OFF, FORCE]
    assert (standing.next_expiry, standing.version) == (90.0, 5)
    standing.put(GPT, decided("disabled", until=WALL - 5), now=70.0, wall=WALL)
    assert standing.next_expiry == 70.0, "what is over at once does not lie in the past"


def test_a_tick_lifts_at_the_wall_time_it_is_told(make):
    main = make()
    commit(main, DisableModel("gpt", WALL + 1))
    main.now += 2.0
    [change] = main.router.tick(main.now, WALL + 7)
    assert (change.who, change.at, change.slot, change.after) == ("hotspare", WALL + 7, GPT, None)
    assert main.router.states["gpt"].decided is None


# ---------------------------------------------------------------- over the wire
@pytest.mark.parametrize(
    ("wire", "fault"),
    [
        ({}, r"no act named None"),
        ({"act": "format"}, r"no act named 'format'"),
        ({"act": "undo", "zeal": 1, "extra": 1}, r"undo has no field 'extra'"),
        ({"act": "force", "chain": "main"}, r"force: .*missing.*'model'"),
    ],
)
def test_a_command_that_is_none_says_what_is_wrong_with_it(wire, fault):
    with pytest.raises(ValueError, match=rf"^{fault}$"):
        from_wire(wire)


def test_a_trigger_of_the_models_own_is_not_lifted_by_enabling(make, fails):
    main = make()
    main.scripts["gpt"] = [fails(Trigger.rate_limit, 429, 60.0)]
    main.request(start="gpt")
    commit(main, DisableModel("gpt"))
    commit(main, EnableModel("gpt"))
    assert main.model("gpt").state == "cooling"
