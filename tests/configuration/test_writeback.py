"""Decisions are written into the file with its layout kept, after the difference was shown, or not at all."""

from dataclasses import replace

import blank_views
import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from hotspare.configuration import formats
from hotspare.configuration.error import ConfigurationError
from hotspare.configuration.load import load
from hotspare.configuration.writeback import ChangedUnderneath, Wanted, propose, wanted
from hotspare.configuration.writeback import write as write_back
from hotspare.router.snapshot import DecisionView

NOW = 1_795_000_000.0

FILE = """# what we run
[[models]]
name = "claude"     # the good one
provider = "anthropic"
model = "claude-sonnet-4-20250514"

[[models]]
name = "gpt"
model = "gpt-4o"
enabled = true      # for now

[chains.main]
models = [
  "claude",   # first
  "gpt",      # then
]
# the end
"""


@pytest.fixture
def proposed(write, environ, today):
    return lambda what, content=FILE, name="hotspare.toml": propose(write(content, name), what, environ, today)


def test_an_order_is_written_and_nothing_else_changes(proposed):
    proposal = proposed(Wanted(orders={"main": ("gpt", "claude")}))
    assert proposal.after.decode() == FILE.replace(
        '  "claude",   # first\n  "gpt",      # then', '  "gpt",   # first\n  "claude",      # then'
    )
    assert '-  "claude",   # first' in proposal.diff()
    assert '+  "gpt",   # first' in proposal.diff()


def test_models_are_disabled_and_enabled(proposed):
    after = proposed(Wanted(enabled={"claude": False, "gpt": False})).after.decode()
    assert 'model = "claude-sonnet-4-20250514"\nenabled = false\n' in after
    assert "enabled = false      # for now" in after
    assert proposed(Wanted(enabled={"claude": True, "gpt": True})).is_empty


def test_what_the_file_says_already_is_no_difference(proposed):
    proposal = proposed(Wanted(orders={"main": ("claude", "gpt")}, enabled={"gpt": True}))
    assert proposal.is_empty
    assert proposal.diff() == []


def test_names_that_the_file_does_not_have_are_left_out(proposed):
    what = Wanted(orders={"main": ("gpt", "claude@eu", "claude"), "gone": ("x",)}, enabled={"gone": False})
    assert list(formats.read(proposed(what).path, proposed(what).after.decode()).file.chains["main"].models) == [
        "gpt",
        "claude",
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_stay(proposed, newline):
    content = b"\xef\xbb\xbf" + FILE.replace("\n", newline).encode()
    after = proposed(Wanted(orders={"main": ("gpt", "claude")}), content).after
    assert after.startswith(b"\xef\xbb\xbf# what")
    assert after.count(b"\r\n") == content.count(b"\r\n")


def test_the_file_is_written_with_its_mode_and_the_old_one_is_kept(proposed):
    proposal = proposed(Wanted(enabled={"claude": False}))
    proposal.path.chmod(0o640)
    backup = write_back(proposal, NOW)
    assert proposal.path.read_bytes() == proposal.after
    assert backup.read_text() == FILE
    assert backup.name == "hotspare.toml.20261118T110640Z.bak"
    assert {path.stat().st_mode & 0o777 for path in (proposal.path, backup)} == {0o640}
    assert sorted(path.name for path in proposal.path.parent.iterdir()) == ["hotspare.toml", backup.name]


def test_a_link_stays_a_link(proposed, tmp_path):
    proposal = proposed(Wanted(enabled={"claude": False}))
    link = tmp_path / "link.toml"
    link.symlink_to(proposal.path)
    write_back(replace(proposal, path=link), NOW)
    assert link.is_symlink()
    assert proposal.path.read_bytes() == proposal.after


def test_a_file_that_somebody_else_has_written_is_left_alone(proposed):
    proposal = proposed(Wanted(enabled={"claude": False}))
    proposal.path.write_text(FILE + "# mine\n")
    with pytest.raises(ChangedUnderneath, match="written by somebody else meanwhile") as refused:
        write_back(proposal, NOW)
    assert refused.value.exit_code == 4
    assert proposal.path.read_text() == FILE + "# mine\n"
    proposal.path.unlink()
    with pytest.raises(ChangedUnderneath):
        write_back(proposal, NOW)


def test_a_folder_that_cannot_be_written_is_said(proposed, monkeypatch):
    proposal = proposed(Wanted(enabled={"claude": False}))

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    with pytest.raises(ConfigurationError, match="it cannot be written: No space left on device"):
        write_back(proposal, NOW)
    assert proposal.path.read_text() == FILE


def test_for_a_foreign_file_ours_is_proposed_beside_it(proposed, environ, today):
    content = "default_model: gpt-4o\nfallback_models: [claude-sonnet-4-20250514]\n"
    what = Wanted(orders={"main": ("claude-sonnet-4-20250514", "gpt-4o")})
    proposal = proposed(what, content, "pipeline.yaml")
    assert (proposal.path.name, proposal.before) == ("hotspare.toml", None)
    foreign = proposal.path.with_name("pipeline.yaml")
    assert write_back(proposal, NOW) is None
    assert foreign.read_text() == content
    assert load(proposal.path, environ, today=today).settings.chains["main"].models[0] == "claude-sonnet-4-20250514"
    with pytest.raises(ConfigurationError, match=r"hotspare\.toml stands beside it already"):
        propose(foreign, what, environ, today)


def decision(kind, subject, text, seconds_left=None):
    return DecisionView(kind, subject, text, "kim", NOW, "", seconds_left)


class Standing:
    """As much of a Snapshot as is looked at."""

    def __init__(self, *decisions):
        self.decisions = decisions
        self.chains = (blank_views.chain_of("gpt", "claude"),)


def test_what_stands_for_good_is_wanted_and_the_rest_is_left():
    found = wanted(
        Standing(
            decision("order", "main", "main in order gpt, claude"),
            decision("model", "claude", "claude disabled"),
            decision("model", "gpt", "gpt enabled"),
            decision("model", "haiku", "haiku draining"),
            decision("model", "opus", "opus disabled", 60.0),
            decision("force", "main", "main forced to gpt"),
        )
    )
    assert found.orders == {"main": ("gpt", "claude")}
    assert found.enabled == {"claude": False, "gpt": True}
    assert found.left == (
        "haiku draining: a measure of the moment",
        "opus disabled: it ends by itself",
        "main forced to gpt: a measure of the moment",
    )


names = st.lists(st.sampled_from(["a", "b", "c", "d", "é", 'q"']), min_size=1, max_size=6, unique=True)


@given(own=names, order=names)
def test_any_order_keeps_the_models_and_puts_the_named_ones_first(tmp_path, own, order):
    models = [{"name": name, "provider": "ollama"} for name in own]
    path = tmp_path / "f.toml"
    path.write_text(tomlkit.dumps({"models": models, "chains": {"main": {"models": own}}}))
    after = propose(path, Wanted(orders={"main": order}), {}, None).after.decode()
    found = formats.read(path, after).file.chains["main"].models
    assert sorted(found) == sorted(own)
    assert found[: len(set(own) & set(order))] == [name for name in order if name in own]
