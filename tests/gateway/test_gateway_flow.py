"""A connection is paused and read on again, however often."""

from hotspare.gateway.flow import Flow


class Told:
    """A transport that keeps what it is told."""

    def __init__(self):
        self.words = []

    def pause_reading(self):
        self.words.append("pause")

    def resume_reading(self):
        self.words.append("resume")


def test_a_transport_is_told_of_each_change_once():
    told = Told()
    flow = Flow(told)
    flow.resume_reading()
    for _ in range(2):
        for act in (flow.pause_reading, flow.pause_reading, flow.resume_reading, flow.resume_reading):
            act()
    assert told.words == ["pause", "resume"] * 2
