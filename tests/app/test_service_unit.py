"""The systemd unit of the examples: it can be read, and what it starts is a command line that serves."""

import re
import shlex
import signal
from configparser import ConfigParser
from pathlib import Path

import pytest

from hotspare.app.serving import DRAIN_SECONDS

UNIT = Path(__file__).parents[2] / "examples" / "hotspare.service"
CONFIG = """
[gateway]
port = 0
[[models]]
name = "first"
provider = "box"
model = "m"
[providers.box]
dialect = "openai"
base_url = "http://127.0.0.1:9/v1"
[chains.main]
models = ["first"]
"""


@pytest.fixture(scope="module")
def unit():
    parser = ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",), strict=True)
    parser.optionxform = str
    parser.read_string(UNIT.read_text())
    return parser


def test_it_has_the_sections_of_a_service_and_every_setting_a_name_and_a_value(unit):
    assert unit.sections() == ["Unit", "Service", "Install"]
    for section in unit.sections():
        assert all(re.fullmatch("[A-Z][A-Za-z]+", name) and value for name, value in unit[section].items())


def test_what_it_starts_serves_and_ends_well_as_the_unit_ends_it(unit, new_home):
    service = unit["Service"]
    program, *arguments = shlex.split(service["ExecStart"].replace("%h", str(new_home.folder)))
    assert Path(program).name == "hotspare"
    file = Path(arguments[arguments.index("--config") + 1])
    file.parent.mkdir(parents=True)
    file.write_text(CONFIG)
    with new_home.running(*arguments) as process:
        assert new_home.until_it_runs()["pid"] == process.pid
        process.send_signal(signal.Signals[service["KillSignal"]])
        assert process.wait(15) == 0
    assert int(service["TimeoutStopSec"]) > DRAIN_SECONDS


def test_a_configuration_that_is_wrong_is_not_tried_again(unit, new_home):
    done = new_home.program("serve", "--config", "nothing.toml")
    assert str(done.code) in unit["Service"]["RestartPreventExitStatus"].split()
    assert unit["Service"]["Restart"] == "on-failure"


def test_its_sandbox_lets_it_write_where_it_keeps_things(unit):
    service = unit["Service"]
    assert service["ProtectSystem"] == "strict"
    assert "%h/.local/state/hotspare" in service["ReadWritePaths"].split()
    assert (service["RuntimeDirectory"], service["RuntimeDirectoryPreserve"]) == ("hotspare", "yes")
    made = [line for line in UNIT.read_text().splitlines() if "mkdir -p" in line]
    for path in service["ReadWritePaths"].split():
        assert path.replace("%h", "~") in made[0]
