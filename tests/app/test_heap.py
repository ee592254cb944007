import gc

import pytest

from hotspare.app import heap


@pytest.fixture(autouse=True)
def _as_before():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()
    gc.enable()
    gc.collect()


class Knot:
    """Refers to itself, so that only the collector could find it dead."""

    def __init__(self):
        self.itself = self


def test_what_a_start_makes_is_out_of_sight_and_what_comes_later_is_collected():
    heap.hold()
    assert not gc.isenabled()
    made = Knot()
    heap.let_go()
    assert gc.isenabled()
    later = Knot()
    seen = {id(one) for one in gc.get_objects()}
    assert id(made) not in seen
    assert id(later) in seen


def test_what_was_loaded_later_is_put_out_of_sight_and_young_garbage_is_not_kept():
    heap.let_go()
    loaded = Knot()
    Knot()
    heap.freeze_new()
    knots = [one for one in gc.get_objects() if isinstance(one, Knot)]
    assert knots == []
    gc.unfreeze()
    assert [one for one in gc.get_objects() if isinstance(one, Knot)] == [loaded]


def test_what_lives_for_a_moment_is_not_looked_through_with_every_wave_of_requests():
    heap.hold()
    heap.let_go()
    looks = []
    gc.callbacks.append(lambda phase, _: looks.append(phase))
    try:
        wave = [[] for _ in range(2_000)]
    finally:
        gc.callbacks.pop()
    assert len(wave) == 2_000
    assert looks == []
