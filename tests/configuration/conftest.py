"""A file to be written, and the little world around it: an environment of its own, a day."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hotspare.configuration.compiled import Configuration
from hotspare.configuration.load import ConfigurationError, load

TODAY = date(2026, 11, 21)


@pytest.fixture
def today() -> date:
    return TODAY


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path / "home"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "ANTHROPIC_API_KEY": "sk-ant-a-secret-of-anthropic",
        "OPENAI_API_KEY": "sk-a-secret-of-openai",
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(content: str | bytes, name: str = "hotspare.toml") -> Path:
        path = tmp_path / "project" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


@pytest.fixture
def read(write: Callable[..., Path], environ: dict[str, str]) -> Callable[..., Configuration]:
    def configuration(content: str | bytes, name: str = "hotspare.toml", **options: Any) -> Configuration:
        surroundings = environ | options.pop("environ", {})
        return load(write(content, name), surroundings, today=TODAY, **options)

    return configuration


@pytest.fixture
def refusal(read: Callable[..., Configuration]) -> Callable[..., str]:
    """The sentence and the remedy with which a file is refused."""

    def sentence(content: str | bytes, name: str = "hotspare.toml", **options: Any) -> str:
        with pytest.raises(ConfigurationError) as refused:
            read(content, name, **options)
        error = refused.value
        assert error.exit_code == 2
        assert error.title
        assert error.hint
        assert "\n" not in error.title + error.hint
        return f"{error.title} | {error.hint}"

    return sentence


@pytest.fixture
def small() -> str:
    """The least that runs, to be added to."""
    return (
        '[[models]]\nname = "claude"\nprovider = "anthropic"\nmodel = "claude-sonnet-4-20250514"\n'
        '[[models]]\nname = "gpt"\nprovider = "openai"\nmodel = "gpt-4o"\n'
        '[chains.main]\nmodels = ["claude", "gpt"]\n'
    )


@pytest.fixture
def states() -> Callable[[Configuration], dict[str, str]]:
    return lambda configuration: {key.key: key.state for key in configuration.keys}
