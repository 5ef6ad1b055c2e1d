"""The texts that are written by hand: they are what JSON would have been written of the same."""

from __future__ import annotations

import json
import threading
from datetime import date

import pytest

from gostage import Context, Runner, Stage, Workflow, action, hookimpl
from gostage._engine.ops import Op
from gostage._run.chronicle import Chronicle
from gostage._run.line import Line
from gostage._run.text import to_text
from gostage._store.store import Store
from gostage._store.transaction import export_change, fork
from gostage.testing import FakeClock

NAMES = ["load", "a/b c", 'say "hi" \\ now', "größe", "\ud800", "\n\x00"]


class Listener:
    """Somebody who is told everything, and whom no short cut may pass by."""

    @hookimpl
    def gostage_event(self, event):
        """Listen, and do nothing."""


@action
def count(ctx: Context) -> None:
    """Write a key, read another, and change a third in place."""
    ctx.store["größe"] = ctx.store.get("größe", default=0) + 1
    ctx.store.setdefault("days", []).append(date(2024, 1, ctx.store["größe"]))


@action
def look(ctx: Context) -> None:
    """Write nothing."""


@action
def forget(ctx: Context) -> None:
    """Take a key away."""
    del ctx.store["größe"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("at", [1_700_000_000.25, 5], ids=["float", "int"])
def test_steps_are_told_as_anything_is(name, at):
    """Whatever a step is called."""
    op = Op(name, name, None)
    quick, usual = Chronicle(), Chronicle()

    quick.add_start(at, op, 3)
    quick.add_end(at, op, ("completed", 3, 1.0, 2.5e-07, None))

    usual.add(("step_started", float(at), name, {"kind": op.kind, "attempt": 3}))
    ended = {"status": "completed", "attempts": 3, "duration": 2.5e-07, "error": None}
    usual.add(("step_ended", float(at), name, {"kind": op.kind, **ended}))
    assert quick.take() == usual.take()


def test_a_chronicle_is_taken_once():
    """What was taken is not in what is taken next."""
    chronicle = Chronicle()
    chronicle.add(("message", 1.0, "a", {}))

    assert json.loads(chronicle.take()) == [["message", 1.0, "a", {}]]
    assert chronicle.take() == "[]"


def test_nothing_is_lost_that_is_told_while_a_chronicle_is_taken():
    """Each event is in exactly one of the texts, and those of one thread stay in their order."""
    chronicle = Chronicle()

    def tell(number: int) -> None:
        for index in range(2_000):
            chronicle.add(("message", 1.0, str(number), {"index": index}))

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    told = []
    while any(thread.is_alive() for thread in threads):
        told += json.loads(chronicle.take())
    told += json.loads(chronicle.take())

    for number in range(3):
        found = [data["index"] for _, _, path, data in told if path == str(number)]
        assert found == list(range(2_000))


@pytest.mark.parametrize("is_branch", [False, True], ids=["store", "branch"])
@pytest.mark.parametrize(
    "value",
    [None, True, 7, -(1 << 80), 0.1, float("nan"), "ü\ud800", [1, {"a": ()}], date(2024, 1, 2)],
    ids=["none", "bool", "int", "long", "float", "nan", "text", "nested", "date"],
)
@pytest.mark.parametrize("key", ["key", "größe"])
def test_an_entry_is_written_as_it_is_exported(key, value, is_branch):
    """Whatever it holds, in a store and in a branch of one."""
    root = Store(clock=lambda: 1_700_000_000.25)
    store = fork(root) if is_branch else root
    line = Line(store, {})

    store[key] = value
    line.commit()

    assert line.staged == {key: to_text(export_change(store, key))}


@pytest.mark.parametrize("is_branch", [False, True], ids=["store", "branch"])
@pytest.mark.parametrize("options", [{"ttl": 60}, {"tags": ["sensitive"]}, {"props": {"a": 1}}])
def test_an_entry_with_metadata_is_written_with_it(options, is_branch):
    """None of it is left out, and what is gone is gone."""
    root = Store({"b": 1})
    store = fork(root) if is_branch else root
    line = Line(store, {})

    store.put("a", 1, **options)
    del store["b"]
    line.commit()

    gone = '{"gone":"deleted"}' if is_branch else None
    assert line.staged == {"a": to_text(export_change(store, "a")), "b": gone}


@pytest.mark.parametrize(
    "workflow",
    [
        Workflow("w").stage("s", count, look, count, look, forget, look),
        Workflow("w").do("a", count).do("b", look).do("c", forget).do("d", look),
        Workflow("w").add(Stage("a", count, look)).add(Stage("b", count, forget)),
    ],
    ids=["a stage", "no stage", "two stages"],
)
def test_a_run_nobody_listens_to_leaves_what_others_leave(workflow):
    """The short cuts that are then taken change nothing of what is written."""
    logs = []
    for plugins in ((), (Listener(),)):
        with Runner("sqlite://", plugins=plugins, clock=FakeClock()) as runner:
            assert runner.run(workflow, run_id="r").ok
            logs.append([_told(row) for row in runner.db.log("r")])

    assert logs[0] == logs[1]
    assert len(logs[0]) > 3


def _told(row):
    events = json.loads(row.events_json)
    for *_, data in events:
        if "duration" in data:
            data["duration"] = "some"
    return row.seq, row.at, row.position_json, events, row.changes_json
