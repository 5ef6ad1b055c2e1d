"""What `import gostage`, `gostage --help` and the modules of users do not load."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

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
# The same for what a module that defines a workflow imports: nothing is run where it is defined.
HEAVY_FOR_AUTHORS = {
    "multiprocess": 30,
    "asyncio": 28,
    "dill": 28,
    "importlib.metadata": 26,
    "rich": 22,
    "click": 14,
    "logging": 6,
    "pluggy": 5,
    "gostage._author.dump": 4,
    "gostage._author.load": 4,
    "pathlib": 3,
    "gostage._author.expression": 3,
    "uuid": 2,
    "json": 2,
    "gostage._author.initial": 2,
    "datetime": 1,
    "difflib": 1,
    "threading": 1,
    "gostage._author.middleware": 1,
    "gostage._author.select": 1,
    "gostage._engine.backoff": 1,
    "gostage._store.types": 1,
    # Together 20: what runs workflows.
    "gostage._engine.describe": 1,
    "gostage._engine.machine": 1,
    "gostage._engine.plan": 1,
    "gostage._run.execution": 2,
    "gostage._run.drive": 1,
    "gostage._run.live": 1,
    "gostage._run.session": 1,
    "gostage._run.single": 1,
    "gostage._store.codec": 2,
    "gostage._store.store": 4,
}
DEFINITION = """
from gostage import Context, Stage, Workflow, action, steps

@action(tags=["io"], timeout=9)
def load(ctx: Context, name: str = "World"): ...

Workflow("w").add(Stage("s", load)).steps("more", steps().do("one", load))

import sys
print(*sys.modules)
"""
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
def loaded_by_authors() -> set[str]:
    """The modules that are there once a workflow was defined."""
    done = subprocess.run(
        [sys.executable, "-c", DEFINITION],
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def loaded_by_help() -> set[str]:
    """The modules that `gostage --help` loads."""
    return loaded_by("-m", "gostage", "--help")


@pytest.mark.parametrize("module", HEAVY_ON_IMPORT)
def test_import_gostage_stays_light(module: str, loaded_by_import: set[str]) -> None:
    """What is dear to import is imported when it is used."""
    assert "gostage" in loaded_by_import
    assert module not in loaded_by_import


@pytest.mark.parametrize("module", HEAVY_FOR_AUTHORS)
def test_defining_a_workflow_stays_light(module: str, loaded_by_authors: set[str]) -> None:
    """`gostage list` imports the modules of a project, and runs none of their workflows."""
    assert {"gostage._run.workflow", "gostage._run.context"} <= loaded_by_authors
    assert module not in loaded_by_authors


@pytest.mark.parametrize("module", HEAVY_FOR_AUTHORS)
def test_what_defining_must_not_load_is_there(module: str) -> None:
    """A module that is on the list under a wrong name would be absent for ever."""
    assert find_spec(module) is not None


@pytest.mark.parametrize("module", HEAVY_FOR_HELP)
def test_help_stays_light(module: str, loaded_by_help: set[str]) -> None:
    """Showing the help runs nothing, so it loads nothing that runs."""
    assert "click" in loaded_by_help
    assert module not in loaded_by_help


def test_the_measurement_sees_what_is_imported() -> None:
    """A module that is imported is in the list, so an absent one was not."""
    assert {"json", "json.decoder"} <= loaded_by("-c", "import json")
