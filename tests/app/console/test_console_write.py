"""`W`: the difference first, then the file."""

from dataclasses import replace

import pytest

from hotspare.router.snapshot import DecisionView

FILE = """# ours
[gateway]
host = "127.0.0.1"

[[models]]
name = "claude"  # the first
provider = "anthropic"
model = "claude-sonnet-4-20250514"

[[models]]
name = "gpt-5"
provider = "openai"
model = "gpt-5"

[chains.main]
models = ["claude", "gpt-5"]
"""


@pytest.fixture
def file(tmp_path, backend):
    path = tmp_path / "hotspare.toml"
    path.write_text(FILE)
    [chain] = backend.now.chains
    decision = DecisionView("order", "main", "order main", "ada", backend.now.at, "", None)
    backend.now = replace(
        backend.now,
        instance=replace(backend.now.instance, config_path=str(path)),
        chains=(replace(chain, models=("gpt-5", "claude")),),
        models=tuple(one for one in backend.now.models if one.name in {"gpt-5", "claude"}),
        decisions=(decision,),
    )
    return path


@pytest.fixture
async def pilot(make_console, begin, file):
    async with make_console().run_test(size=(100, 36), notifications=True) as pilot:
        await begin(pilot)
        yield pilot


async def finished(pilot):
    for worker in [worker for worker in pilot.app.workers if worker.group == "acts"]:
        await worker.wait()


async def until_shown(pilot, press, seen, key):
    """Press a key whose work is done in a thread, and wait until its screen is there."""
    await press(pilot, key)
    for _ in range(2000):
        if len(pilot.app.screen_stack) > 1 or pilot.app._notifications:
            break
        await pilot.pause(0.005)
    await pilot.pause()
    return seen(pilot.app)


async def test_the_difference_is_shown_and_y_writes_it(pilot, press, seen, toasts, file):
    text = await until_shown(pilot, press, seen, "W")
    assert '-models = ["claude", "gpt-5"]' in text
    assert '+models = ["gpt-5", "claude"]' in text
    assert "y writes it, the old file is kept   ↑↓ scroll   esc back" in text
    assert file.read_text() == FILE
    await press(pilot, "y")
    await finished(pilot)
    assert file.read_text() == FILE.replace('["claude", "gpt-5"]', '["gpt-5", "claude"]')
    assert toasts(pilot.app)[-1].startswith(f"Written: {file}.")
    assert toasts(pilot.app)[-1].endswith("$ hotspare config write --yes")


@pytest.mark.parametrize("key", ["escape", "enter"])
async def test_everything_else_goes_back(pilot, press, seen, file, key):
    await until_shown(pilot, press, seen, "W")
    await press(pilot, key)
    await finished(pilot)
    assert file.read_text() == FILE


async def test_a_file_on_another_machine_is_left_alone(pilot, begin, press, toasts, backend, file):
    backend.now = replace(backend.now, instance=replace(backend.now.instance, name="prod at far", host="far"))
    await begin(pilot)
    await press(pilot, "W")
    assert "no configuration file on this machine" in toasts(pilot.app)[-1]
    assert file.read_text() == FILE


async def test_a_demo_has_nothing_to_write_into(pilot, begin, press, toasts, backend):
    backend.now = replace(backend.now, instance=replace(backend.now.instance, config_path="", demo=True))
    await begin(pilot)
    await press(pilot, "W")
    assert toasts(pilot.app)[-1].startswith("A demo has no configuration file")


async def test_nothing_to_write_is_said(pilot, begin, press, seen, toasts, backend):
    backend.now = replace(backend.now, decisions=())
    await begin(pilot)
    await until_shown(pilot, press, seen, "W")
    assert toasts(pilot.app)[-1].startswith("Nothing to write")
