"""The test run: which plugins of our own it uses, and how hard hypothesis tries."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester", "tests.hygiene.leaks", "tests.hygiene.pages"]

# No deadline: a test says nothing about time, and a busy machine is not a failure.
settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=150,
    database=None,  # several interpreters may run beside each other
    derandomize=True,  # a run can be repeated; new examples are for the people at the keyboard
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))
