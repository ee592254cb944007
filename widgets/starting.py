"""The one line of a console that has no figures yet: what is being done, and the way out."""

from hotspare.widgets.glyphs import Glyphs
from hotspare.widgets.line import Line, cut_middle, fit, spread, width_of

NARROW = 40
"""Below this width the way out comes first: it must survive any cut."""


def starting_line(words: str, width: int, glyphs: Glyphs) -> Line:
    """` hotspare  reading /etc/hotspare.toml                 q quits `."""
    way_out: Line = (("q", "key"), (" quits ", "text"))
    said = glyphs.clean(words, 400)
    if width < NARROW:
        return fit((*way_out, (f" {said}", "dim")), width, glyphs.more)
    name: Line = ((" hotspare  ", "title"),)
    room = width - width_of(name) - width_of(way_out) - 1
    return spread((*name, (cut_middle(said, room, glyphs.more), "dim")), way_out, width, glyphs.more)
