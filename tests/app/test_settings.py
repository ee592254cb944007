"""What an instance tells of its own configuration, over the socket as on its screen."""

from types import SimpleNamespace

import pytest

from hotspare.app.settings import Answers, written

FILE = """
[gateway]
port = 4000
[[models]]
name = "a"
provider = "openai"
model = "gpt-4o"
[chains.main]
models = ["a"]
"""


class FakeHistory:
    async def query(self, name, parameters):
        return [{"name": name, **parameters}]


def answers(path, port=4000):
    configuration = SimpleNamespace(path=path, gateway=SimpleNamespace(port=port))
    return Answers(FakeHistory(), lambda: configuration)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never-shown")
    path = tmp_path / "hotspare.toml"
    path.write_text(FILE)
    return path


async def test_each_key_has_its_value_and_where_it_comes_from(file):
    rows = {row["key"]: row for row in await answers(file).query("config", {})}
    assert rows["gateway.port"] == {"key": "gateway.port", "value": 4000, "origin": "line 3"}
    assert rows["limits.retries"]["origin"] == "default"
    assert "sk-never-shown" not in str(rows)


async def test_a_port_of_the_command_line_is_over_the_files(file):
    rows = {row["key"]: row for row in await answers(file, 4999).query("config", {})}
    assert (rows["gateway.port"]["value"], rows["gateway.port"]["origin"]) == (4999, "--port")


async def test_without_a_file_there_is_nothing_to_tell():
    assert await answers(None).query("config", {}) == []


async def test_all_else_is_asked_of_the_past(file):
    assert await answers(file).query("requests", {"last": 3}) == [{"name": "requests", "last": 3}]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "true"), ([1, "b"], "1, b"), ({"a": 1}, "a = 1"), (0.5, "0.5"), (30.0, "30"), ("x", "x")],
)
def test_values_as_people_read_them(value, text):
    assert written(value) == text
