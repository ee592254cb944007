"""What holds for all tests: property tests that give the same verdict on every machine, and no timing verdicts."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "hotspare", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("hotspare")
