"""Find the configuration that is meant where none is named. Quick to load: a first frame waits for it."""

from collections.abc import Mapping
from pathlib import Path

from hotspare.configuration.error import ConfigurationError
from hotspare.configuration.surroundings import config_folder, home_folder

FILE_NAME = "hotspare.toml"


def find(environ: Mapping[str, str], folder: Path) -> Path:
    """The file that is meant where none is named.

    Raises:
        ConfigurationError: there is none in any of the places.
    """
    places = (
        folder / FILE_NAME,
        config_folder(environ) / FILE_NAME,
        home_folder(environ) / ".humanlayer" / "humanlayer.json",
    )
    for place in places:
        if place.is_file():
            return place
    raise ConfigurationError(
        "no configuration found", "run `hotspare demo` or `hotspare init`, or name one: --config FILE"
    )
