"""Properties are tried on the same examples everywhere, and no more of them than a moment allows."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ogive",
    deadline=None,
    derandomize=True,
    max_examples=30,
    # The fixtures that properties use are functions without a state.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("ogive")
