"""Make the pictures in this folder from a running demo: real requests over loopback, the real console, no hand in it.

make screenshots            takes about a minute; writes SVG, and PNG where a monospaced font is found
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hotspare.app.console.console import Console
from hotspare.app.demo import Demo
from hotspare.app.instance import claim
from hotspare.app.serving import served
from hotspare.app.stopping import Stopping
from hotspare.engine.backend import Backend
from hotspare.router.command import DisableModel, EnableModel

HERE = Path(__file__).parent
WARM_UP_SECONDS = 45.0
OUTAGE_SECONDS = 15.0
AFTER_SECONDS = 2.0
"""For an answer to come, and a toast's first sight."""
FONTS = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf"),
    Path("/usr/share/fonts/TTF/DejaVuSansMono.ttf"),
    Path("/Library/Fonts/DejaVuSansMono.ttf"),
)

SHOTS: tuple[tuple[str, tuple[int, int], str, tuple[str, ...]], ...] = (
    ("overview-80x24", (80, 24), "dark", ()),
    ("overview-160x50", (160, 50), "dark", ("[",)),
    ("overview-light-120x40", (120, 40), "light", ("[",)),
    ("overview-60x16", (60, 16), "dark", ()),
    ("why-100x32", (100, 32), "dark", ("w",)),
    ("force-80x24", (80, 24), "dark", ("f",)),
    ("priorities-80x24", (80, 24), "dark", ("p",)),
    ("help-100x40", (100, 40), "dark", ("question_mark",)),
    ("chains-120x36", (120, 36), "dark", ("2",)),
    ("requests-160x40", (160, 40), "dark", ("3",)),
    ("errors-120x24", (120, 24), "dark", ("3", "tab")),
    ("cost-120x30", (120, 30), "dark", ("4",)),
    ("journal-120x30", (120, 30), "light", ("1", "j", "d", "u", "5")),
    ("playground-120x36", (120, 36), "dark", ("6", "enter", "down", "down", "enter", "t", "enter")),
    ("self-100x36", (100, 36), "dark", ("7",)),
    ("chains-80x24", (80, 24), "dark", ("2",)),
    ("requests-80x24", (80, 24), "dark", ("3",)),
    ("again-100x24", (100, 24), "dark", ("3", "R", "y")),
    ("going-on-80x24", (80, 24), "dark", ("i",)),
    ("plain-80x24", (80, 24), "plain", ()),
)
"""Name, columns and rows, theme, and the keys that lead there."""

OUTAGES: tuple[tuple[str, tuple[int, int], str, tuple[str, ...]], ...] = (
    ("outage-80x24", (80, 24), "dark", ()),
    ("outage-160x50", (160, 50), "dark", ()),
)
"""The same, while no model may answer."""


@asynccontextmanager
async def demo() -> AsyncIterator[Backend]:
    """A demo with traffic, on a port of its own."""
    with TemporaryDirectory() as folder:
        occasion = Demo(0)
        taken = claim("screenshots", Path(folder))
        async with Stopping() as stopping, served(occasion, taken, stopping) as found:
            yield found.backend


async def in_trouble(backend: Backend) -> None:
    """Wait until the primary is held back, so that there is a fallback to see."""
    for _ in range(300):
        snapshot = await backend.snapshot()
        if any(view.code.startswith("primary_") for view in snapshot.situations):
            return
        await asyncio.sleep(0.2)


async def shoot(backend: Backend, name: str, size: tuple[int, int], theme: str, keys: tuple[str, ...]) -> None:
    """One picture."""
    console = Console(backend, theme=theme, who="you")
    async with console.run_test(size=size) as pilot:
        await asyncio.sleep(1.0)
        for key in keys:
            await pilot.press(key)
            await asyncio.sleep(0.5)
        await asyncio.sleep(AFTER_SECONDS)
        svg = console.export_screenshot(title="hotspare", simplify=True)
    (HERE / f"{name}.svg").write_text(svg)
    png(name, svg)


def png(name: str, svg: str) -> None:
    """The picture for places that show no SVG."""
    fonts = [str(path) for path in FONTS if path.is_file()]
    if not fonts:
        print(f"{name}: no PNG, DejaVu Sans Mono is not installed", file=sys.stderr)
        return
    import resvg_py  # noqa: PLC0415 - only where there is a font for it

    plain = re.sub(r"@font-face\s*{[^}]*}", "", svg)
    plain = re.sub(r"font-family:[^;]*;", "font-family: DejaVu Sans Mono;", plain)
    data = resvg_py.svg_to_bytes(svg_string=plain, font_files=fonts, zoom=2)
    (HERE / f"{name}.png").write_bytes(bytes(data))


@asynccontextmanager
async def outage(backend: Backend) -> AsyncIterator[None]:
    """Every model is out while the block runs."""
    names = dict.fromkeys(model.name for model in (await backend.snapshot()).models if model.state != "disabled")
    for name in names:
        await backend.apply(DisableModel(name, None), who="you", why="drill", confirmed=True)
    await asyncio.sleep(OUTAGE_SECONDS)
    yield
    for name in names:
        await backend.apply(EnableModel(name), who="you")


async def main() -> None:
    async with demo() as backend:
        await asyncio.sleep(WARM_UP_SECONDS)
        for shot in SHOTS:
            await in_trouble(backend)
            await shoot(backend, *shot)
            print(f"screenshots/{shot[0]}.svg")
        async with outage(backend):
            for shot in OUTAGES:
                await shoot(backend, *shot)
                print(f"screenshots/{shot[0]}.svg")


if __name__ == "__main__":
    asyncio.run(main())
