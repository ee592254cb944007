"""A guest is a model that a request which names it starts at, and that nobody else comes to."""

from hotspare.router.settings import Limits
from hotspare.router.trigger import Trigger


def guested(world):
    return world(
        "claude", "gpt", "spare", limits=Limits(retries=0), chain={"models": ("claude", "gpt"), "guests": ("spare",)}
    )


def called(told):
    return [step.model for step in told.tries]


def test_a_guests_name_leads_to_its_chain(world):
    assert guested(world).router.resolve("spare") == ("main", "spare")


def test_a_request_that_names_a_guest_starts_there_and_then_takes_the_whole_chain(world, fails):
    main = guested(world)
    main.scripts = {key: [fails(Trigger.server_error, 500)] for key in ("spare", "claude")}
    assert called(main.request(start="spare")) == ["spare", "claude", "gpt"]


def test_nobody_else_comes_to_a_guest(world, fails):
    main = guested(world)
    main.scripts = {key: [fails(Trigger.server_error, 500)] for key in ("claude", "gpt")}
    told = main.request()
    assert called(told)[:2] == ["claude", "gpt"]
    assert "spare" not in called(told)
    assert told.record.verdict == "failed"


def test_a_guest_is_looked_at_with_its_chain(world):
    main = guested(world)
    main.request(start="spare")
    assert main.model("spare").answered == 1
    assert main.model("spare").chain == "main"
