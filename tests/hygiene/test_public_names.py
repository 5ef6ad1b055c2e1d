"""What `import gostage` offers, and nothing else."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType

import pytest

import gostage

# Every public name.
PROMISED = frozenset(
    {
        # what a workflow is written with
        *("action", "Action", "Stage", "Workflow", "Steps", "steps", "resource"),
        *("Retry", "fixed", "exponential", "jittered", "Isolate", "Limits"),
        # what an action sees
        *("Context", "Store", "Key", "Metadata", "Message"),
        # what runs it, and what comes of it
        *("Runner", "RunHandle", "run", "arun", "Result", "StepRecord", "Transition"),
        *("RunInfo", "Event", "format_results"),
        # for plugins and tests
        *("hookimpl", "hookspec", "errors", "testing"),
    }
)
# Public modules that are imported by their own name and need not be in `__all__`.
MODULES = frozenset({"errors", "hookspecs", "testing"})


def public_names(module: ModuleType) -> set[str]:
    """What `dir()` shows without an underscore."""
    return {name for name in dir(module) if not name.startswith("_")}


def test_all_is_what_is_promised() -> None:
    """`__all__` has every promised name, once."""
    assert sorted(gostage.__all__) == sorted(PROMISED)


def test_nothing_else_is_public() -> None:
    """`dir()` shows what `__all__` says, and public modules that happen to be imported."""
    assert public_names(gostage) - MODULES == set(gostage.__all__) - MODULES


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_every_public_name_can_be_imported(name: str) -> None:
    """`from gostage import name` works for each of them."""
    assert getattr(gostage, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that is not there fails like a missing attribute of any module."""
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = gostage.no_such_name


@pytest.mark.parametrize(
    "name", sorted(name for name in MODULES if find_spec(f"gostage.{name}") is not None)
)
def test_a_public_module_says_what_is_public(name: str) -> None:
    """Public modules have an `__all__`, and every name in it is there."""
    module = importlib.import_module(f"gostage.{name}")

    assert {each for each in module.__all__ if not hasattr(module, each)} == set()
