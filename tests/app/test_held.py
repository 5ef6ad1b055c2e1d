"""Code that only a held workflow leads to: found again with the workflow, so it is durable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gostage import Runner, errors
from gostage._author.reference import find

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = """
from gostage import Action, Stage, Workflow, action, fixed, Retry

CALLS = []
FAILS = [True]

def adding(number):
    @action(name=f"add{number}")
    def add(ctx):
        CALLS.append(number)
        ctx.store["sum"] = ctx.store.get("sum", default=0) + number
    return add

def around(word):
    def layer(stage):
        CALLS.append(word)
        yield
    return layer

class Counting(Action):
    def __init__(self, start):
        super().__init__(name="count")
        self.start = start
    def run(self, ctx):
        ctx.store["count"] = self.start

def broken(ctx):
    if FAILS[0]:
        raise OSError("the line is busy")

held = Workflow("held").add(
    Stage("s", adding(2), adding(3), Counting(7)).use(around("in"), around("on"))
)
held.do("once", lambda ctx: ctx.store.put("once", 1))
held.do("twice", lambda ctx: ctx.store.put("twice", 2))
held.do("try", broken)

def made():
    return Workflow("made").do("once", lambda ctx: None)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    """Import the module anew, as another process does."""
    import importlib
    import sys

    (tmp_path / "held_code.py").write_text(TEXT)
    monkeypatch.syspath_prepend(str(tmp_path))

    def load() -> object:
        sys.modules.pop("held_code", None)
        importlib.invalidate_caches()
        return importlib.import_module("held_code")

    yield load
    sys.modules.pop("held_code", None)


def test_a_held_workflow_goes_on_with_code_that_is_nowhere_else(module, tmp_path):
    """Closures, lambdas, middleware from factories and actions with a state are found with it."""
    first = module()
    with Runner(tmp_path / "runs.db") as runner:
        result = runner.run(first.held, run_id="r")
    assert (result.status, dict(result.store)) == (
        "failed",
        {"sum": 5, "count": 7, "once": 1, "twice": 2},
    )
    second = module()
    second.FAILS[0] = False
    with Runner(tmp_path / "runs.db") as runner:
        result = runner.resume("r").raise_for_error()
    assert dict(result.store) == {"sum": 5, "count": 7, "once": 1, "twice": 2}
    assert second.CALLS == []


def test_a_change_of_such_code_is_noted(module, tmp_path):
    """The bodies of two lambdas are told apart, and a new one of the first is in the history."""
    first = module()
    with Runner(tmp_path / "runs.db") as runner:
        runner.run(first.held, run_id="r")
    (tmp_path / "held_code.py").write_text(
        TEXT.replace('put("once", 1)', 'put("once", 1, ttl=5)').replace("[True]", "[False]")
    )
    module()
    with Runner(tmp_path / "runs.db") as runner:
        runner.resume("r").raise_for_error()
        noted = [each.data for each in runner.history("r") if each.kind == "code_changed"]
    assert noted == [{"actions": ["once"]}]


def test_a_workflow_that_no_module_holds_is_refused(module, tmp_path):
    """What is put together in a function can only be made again from its definition."""
    loaded = module()
    with (
        Runner(tmp_path / "runs.db") as runner,
        pytest.raises(errors.NotImportable, match="it is a lambda"),
    ):
        runner.run(loaded.made())


def test_what_is_held_is_not_found_by_its_name():
    """The name says so, where somebody looks for it."""
    with pytest.raises(errors.NotImportable, match="nowhere but in a workflow"):
        find("?jobs:<lambda>")
