"""The test run: which plugins of our own it uses, and how hard hypothesis tries.

It compiles the packages first: tests start the command by the thousand, in processes that may write
no bytecode, and each would compile what it imports for longer than it runs.
"""

from __future__ import annotations

import compileall
import os
from pathlib import Path

from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester", "tests.hygiene.leaks", "tests.hygiene.pages"]

for package in ("gostage", "gostage_plugins"):
    compileall.compile_dir(Path(__file__).with_name(package), quiet=2)

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
