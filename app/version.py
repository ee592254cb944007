"""Say which version of Hotspare this is."""

from importlib import metadata


def version() -> str:
    """The installed version."""
    try:
        return metadata.version("hotspare")
    except metadata.PackageNotFoundError:
        return "0"
