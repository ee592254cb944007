"""What holds for all tests: property tests that give the same verdict on every machine, and no timing verdicts."""

import asyncio

from hypothesis import HealthCheck, settings

asyncio.set_event_loop(None)  # else pytest-asyncio makes one to put back later, and nobody closes it

settings.register_profile(
    "hotspare", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("hotspare")
