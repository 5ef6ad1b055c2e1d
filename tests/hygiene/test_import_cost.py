"""What `import gostage` and `gostage --help` do not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.hygiene.pages import plain_environment

# Milliseconds that each costs to import, measured once on one machine: why it is on the list.
HEAVY_ON_IMPORT = {
    "multiprocess": 30,
    "asyncio": 28,
    "dill": 28,
    "importlib.metadata": 26,
    "rich": 22,
    "click": 14,
    "pluggy": 5,
    "concurrent.futures": 5,
    "sqlite3": 3,
    "json": 2,
}
HEAVY_FOR_HELP = ("asyncio", "multiprocess", "dill", "rich", "sqlite3")


def loaded_by(*words: str) -> set[str]:
    """Run Python with `-X importtime` and give back every module it says it imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *words],
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.fixture(scope="module")
def loaded_by_import() -> set[str]:
    """The modules that `import gostage` loads."""
    return loaded_by("-c", "import gostage")


@pytest.fixture(scope="module")
def loaded_by_help() -> set[str]:
    """The modules that `gostage --help` loads."""
    return loaded_by("-m", "gostage", "--help")


@pytest.mark.parametrize("module", HEAVY_ON_IMPORT)
def test_import_gostage_stays_light(module: str, loaded_by_import: set[str]) -> None:
    """What is dear to import is imported when it is used."""
    assert "gostage" in loaded_by_import
    assert module not in loaded_by_import


@pytest.mark.parametrize("module", HEAVY_FOR_HELP)
def test_help_stays_light(module: str, loaded_by_help: set[str]) -> None:
    """Showing the help runs nothing, so it loads nothing that runs."""
    assert "click" in loaded_by_help
    assert module not in loaded_by_help


def test_the_measurement_sees_what_is_imported() -> None:
    """A module that is imported is in the list, so an absent one was not."""
    assert {"json", "json.decoder"} <= loaded_by("-c", "import json")
