"""Which panels are on the screen and how tall each is. From 40x12 up nothing vital is lost; below, one honest line."""

from dataclasses import dataclass

LEAST_WIDTH, LEAST_HEIGHT = 40, 11
TILES_WIDTH, TILES_HEIGHT = 64, 20
CHART_HEIGHT = 36
TABS_HEIGHT = 30
"""From here on the first screen has the line with the names of all screens, as the others always have."""
BESIDE_WIDTH = 110
"""From here on chart and fallbacks stand beside each other, and the requests below them."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Heights in lines; 0 leaves a panel out. `rules` are the lines between panels, from top to bottom."""

    vital_only: bool = False
    situation: int = 0
    tiles: int = 0
    lanes: int = 0
    lanes_head: bool = True
    chart: int = 0
    beside: bool = False
    entries: int = 0
    """The list of fallbacks (or of requests, where those have no panel of their own)."""
    requests: int = 0
    act: int = 0
    tabs: int = 0
    rules: tuple[bool, bool, bool, bool, bool] = (False, False, False, False, False)
    """Below the situation, the tiles, the lanes, the entries, the requests (or above the last act)."""


def arrange(width: int, height: int, lane_rows: int, situations: int) -> Layout:
    """The panels for a window.

    Args:
        width: of the window, in cells.
        height: of the window, in lines.
        lane_rows: what the lanes would like: a line each chain and model, one for the columns' names.
        situations: how many there are.
    """
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Layout(vital_only=True)
    roomy = height >= TILES_HEIGHT
    tiles = 3 if roomy and width >= TILES_WIDTH else 1
    situation = 2 if height < CHART_HEIGHT else min(4, max(2, situations))
    if height < 16:
        return _small(height, situation, lane_rows)
    act = 1
    tabs = int(height >= TABS_HEIGHT)
    rules = 4 if roomy else 2
    rest = height - 2 - situation - tiles - act - rules - tabs
    lanes = max(3, min(lane_rows, rest - (5 if roomy else 2)))
    rest -= lanes
    if height < CHART_HEIGHT or rest < 18:
        marks = (True, True, True, False, True) if roomy else (False, True, True, False, False)
        return Layout(situation=situation, tiles=tiles, lanes=lanes, entries=rest, act=act, tabs=tabs, rules=marks)
    return _tall(width, rest, Layout(situation=situation, tiles=tiles, lanes=lanes, act=act, tabs=tabs))


def _small(height: int, situation: int, lane_rows: int) -> Layout:
    """Header, situation, one line of figures, lanes, last act, keys."""
    rest = height - 2 - situation - 1 - 1
    head = rest >= lane_rows
    wanted = lane_rows if head else lane_rows - 1
    lanes = min(wanted, rest)
    return Layout(situation=situation, tiles=1, lanes=lanes, lanes_head=head, entries=max(0, rest - lanes), act=1)


def _tall(width: int, rest: int, base: Layout) -> Layout:
    """Room for a chart; where it is wide too, for requests in a panel of their own."""
    beside = width >= BESIDE_WIDTH
    chart = min(15, max(9, rest * 2 // 5))
    left = rest - chart - 1
    return Layout(
        situation=base.situation,
        tiles=base.tiles,
        lanes=base.lanes,
        chart=chart,
        beside=beside,
        entries=chart if beside else left,
        requests=left if beside else 0,
        act=base.act,
        tabs=base.tabs,
        rules=(True, True, True, True, True),
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the body of every screen but the first, in lines; 0 leaves it out."""

    vital_only: bool = False
    tabs: int = 1
    situation: int = 1
    rules: int = 0
    """Of each of the two rules."""
    act: int = 1


def frame(width: int, height: int) -> Frame:
    """The frame for a window: the body keeps at least half of it."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Frame(vital_only=True, tabs=0, situation=0, act=0)
    if height < 16:
        return Frame(act=0)
    return Frame(situation=2 if height >= TILES_HEIGHT else 1, rules=int(height >= TILES_HEIGHT))
