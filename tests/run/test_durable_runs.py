"""Runs in a database: ids, handles, listings, and who may forget what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gostage import Runner, Workflow, action, steps
from gostage.errors import (
    DatabaseError,
    DefinitionError,
    GostageError,
    NotFound,
    NotImportable,
    RunFailed,
    RunOwned,
)
from tests.run.durable import WORLD, ask, check, load, save, shop, statuses

__all__ = ["shop"]

flow = Workflow("flow", tags=["nightly"]).stage("work", load, check, save)
gate = Workflow("gate").do(load).receive("go", into="by").do(save)
asks = Workflow("asks").do(load).do(ask)
other = Workflow("other").do(load)


# -------------------------------------------------------------------- the id is a key


def test_a_run_of_a_known_id_gives_its_result_and_does_nothing(shop) -> None:
    """In another process too: what was done is not done again."""
    with shop.runner() as runner:
        first = runner.run(flow, run_id="r")
    with shop.runner() as runner:
        again = runner.run(flow, {"rows": []}, run_id="r")

    assert WORLD.calls == ["load", "check", "save"]
    assert (again.status, dict(again.store)) == ("completed", dict(first.store))
    assert statuses(again) == statuses(first)
    assert again.duration == first.duration


def test_a_run_of_a_known_id_goes_on_where_it_waits(shop) -> None:
    """The steps before it are done already."""
    with shop.runner() as runner:
        assert runner.run(gate, run_id="r").status == "waiting"
    with shop.runner() as runner:
        assert runner.run(gate, run_id="r").status == "waiting"
        assert runner.signal("r", "go", "Ada").store["by"] == "Ada"

    assert WORLD.calls == ["load", "save"]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_what_ended_badly_is_told_by_run_and_tried_again_by_resume(shop, status) -> None:
    """Only who asks for it gets another try."""
    WORLD.broken.add("check")
    with shop.runner() as runner:
        if status == "failed":
            runner.run(flow, run_id="r")
        else:
            runner.run(gate, run_id="r")
            runner.cancel("r")
    WORLD.broken.clear()
    before = list(WORLD.calls)

    with shop.runner() as runner:
        told = runner.run(flow if status == "failed" else gate, run_id="r")
        assert (told.status, WORLD.calls) == (status, before)
        again = runner.resume("r")
        assert again.status == ("completed" if status == "failed" else "waiting")


def test_a_failure_is_told_later_with_its_text(shop) -> None:
    """What `raise_for_error` says does not depend on the process."""
    WORLD.broken.add("check")
    with shop.runner() as runner:
        first = runner.run(flow, run_id="r")
    with shop.runner() as runner:
        later = runner.result("r")

    with pytest.raises(RunFailed) as now:
        first.raise_for_error()
    with pytest.raises(RunFailed) as then:
        later.raise_for_error()
    assert str(now.value) == str(then.value)
    assert str(then.value) == "stage 'work' failed: action 'check' failed: check is broken"
    assert isinstance(later.error, OSError)
    assert statuses(later) == statuses(first)


def test_an_id_belongs_to_one_workflow(shop) -> None:
    """Another workflow under it is a mistake of the caller."""
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
    with shop.runner() as runner, pytest.raises(DefinitionError, match="'flow'") as caught:
        runner.run(other, run_id="r")

    assert "'other'" in str(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    "call",
    [
        lambda runner: runner.resume("nightly-8"),
        lambda runner: runner.get("nightly-8"),
        lambda runner: runner.history("nightly-8"),
        lambda runner: runner.cancel("nightly-8"),
        lambda runner: runner.delete("nightly-8"),
        lambda runner: runner.signal("nightly-8", "go"),
        lambda runner: runner.fork("nightly-8", "save"),
    ],
    ids=["resume", "get", "history", "cancel", "delete", "signal", "fork"],
)
def test_an_unknown_run_gets_the_closest_ids(shop, call) -> None:
    """Whatever was asked for it."""
    with shop.runner() as runner:
        runner.run(flow, run_id="nightly-7")
        with pytest.raises(NotFound, match="no run 'nightly-8'") as caught:
            call(runner)

    assert caught.value.hint == "did you mean 'nightly-7'?"


# -------------------------------------------------------------------- what is refused


def test_code_that_nobody_finds_again_is_refused_before_anything_runs(shop) -> None:
    """No run is begun, and nothing of it is called."""

    def inner() -> None:
        WORLD.note("inner")

    with shop.runner() as runner:
        with pytest.raises(NotImportable, match="'inner'") as caught:
            runner.run(Workflow("w").do(load).do("inner", inner))
        assert runner.runs() == []

    assert WORLD.calls == []
    assert caught.value.hint
    assert caught.value.where.file == __file__


# -------------------------------------------------------------------- in the background


def test_a_handle_runs_in_the_background(shop) -> None:
    """The run is there at once, and its result when it is done."""
    with shop.runner() as runner:
        handle = runner.start(flow, run_id="r")
        assert runner.get("r").workflow_id == "flow"
        assert handle.wait(60).ok
        assert handle.status == runner.get("r").status == "completed"
        assert handle.cancel() is False


def test_a_handle_of_a_run_that_has_ended_gives_its_result(shop) -> None:
    """The id is a key for `start` too."""
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        assert runner.start(flow, run_id="r").wait(60).ok

    assert WORLD.calls == ["load", "check", "save"]


def test_a_handle_cancels_a_run_that_waits(shop) -> None:
    """It waits in the database, and in no thread."""
    with shop.runner() as runner:
        handle = runner.start(gate, run_id="r")
        assert handle.wait(60).status == "waiting"
        assert handle.cancel() is True
        assert runner.get("r").status == "cancelled"


# -------------------------------------------------------------------- signals and cancelling


def test_a_signal_that_nothing_waits_for_gets_the_closest_name(shop) -> None:
    """It is refused, and the run waits on."""
    flow = Workflow("flow").receive("approved").do(load)
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        with pytest.raises(NotFound, match="'aproved'") as caught:
            runner.signal("r", "aproved")
        assert "'approved'" in caught.value.hint
        assert runner.get("r").status == "waiting"


def test_a_signal_may_come_before_it_is_waited_for(shop) -> None:
    """It lies there until then."""
    two = Workflow("two").receive("first").receive("second", into="by").do(load)
    with shop.runner() as runner:
        runner.run(two, run_id="r")
        assert runner.signal("r", "second", "Ada").status == "waiting"
    with shop.runner() as runner:
        assert runner.signal("r", "first").store["by"] == "Ada"


def test_a_signal_of_a_run_that_has_ended_gives_its_result(shop) -> None:
    """There is nobody to wake."""
    with shop.runner() as runner:
        runner.run(gate, run_id="r")
        runner.signal("r", "go")
        assert runner.signal("r", "go").status == "completed"


def around(run):
    """Note that the run is left."""
    try:
        yield
    finally:
        WORLD.note("cleanup")


def test_cancelling_a_run_that_waits_runs_its_cleanup(shop) -> None:
    """The scopes it stands in are entered again, and left."""
    inside = Workflow("inside").stage("s", load).use(around)
    inside.find_stage("s").receive("go")
    with shop.runner() as runner:
        runner.run(inside, run_id="r")
    WORLD.calls.clear()

    with shop.runner() as runner:
        assert runner.cancel("r") is True
        assert runner.cancel("r") is False
        assert runner.get("r").status == "cancelled"
        assert runner.result("r").status == "cancelled"
        assert runner.history("r")[-1].kind == "run_ended"
    assert "cleanup" in WORLD.calls


# -------------------------------------------------------------------- listings


@pytest.fixture
def many(shop):
    """Runs of several kinds, the oldest first."""
    WORLD.broken.add("check")
    with shop.runner() as runner:
        for number, each in enumerate((other, flow, gate, asks, other)):
            runner.run(each, run_id=f"r{number}")
            shop.clock.pass_by(60)
    return shop


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "r4 r3 r2 r1 r0"),
        ({"status": "completed"}, "r4 r0"),
        ({"status": "waiting"}, "r3 r2"),
        ({"workflow": "flow"}, "r1"),
        ({"tag": "nightly"}, "r1"),
        ({"tag": "daily"}, ""),
        ({"limit": 2}, "r4 r3"),
        ({"limit": 2, "after": "r3"}, "r2 r1"),
        ({"status": "interrupted"}, ""),
    ],
    ids=str,
)
def test_runs_are_listed_newest_first(many, wanted, found) -> None:
    """All of them, or those that fit."""
    with many.runner() as runner:
        assert [info.run_id for info in runner.runs(**wanted)] == found.split()


def test_a_run_says_what_it_is(many) -> None:
    """The same as in the listing."""
    with many.runner() as runner:
        info = runner.get("r1")
        assert info == runner.runs(workflow="flow")[0]

    assert (info.workflow_id, info.status, info.tags) == ("flow", "failed", ("nightly",))
    assert info.owner is None
    assert info.updated_at >= info.created_at


def test_only_runs_that_ended_long_ago_are_purged(many) -> None:
    """What waits is kept however old it is."""
    with many.runner() as runner:
        assert runner.purge(older_than=timedelta(minutes=3)) == 2
        assert [info.run_id for info in runner.runs()] == ["r4", "r3", "r2"]
        assert runner.purge(older_than=0) == 1
        assert [info.run_id for info in runner.runs()] == ["r3", "r2"]


def test_a_run_can_be_deleted_whatever_it_waits_for(many) -> None:
    """It is gone with all that was known of it, and its id is free."""
    with many.runner() as runner:
        runner.delete("r2")
        with pytest.raises(NotFound):
            runner.result("r2")
        assert runner.run(other, run_id="r2").ok


@pytest.mark.parametrize("forgets", ["delete", "purge"])
def test_a_result_outlives_its_run(shop, forgets) -> None:
    """Its records too, although they are read from the database when somebody asks."""
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
        told = runner.result("r")
        runner.delete("r") if forgets == "delete" else runner.purge(older_than=0)
        assert statuses(told)["work/save"] == "completed"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///{folder}/other.db"])
def test_a_database_may_be_a_url(tmp_path, url) -> None:
    """Without a path it lives in memory, as long as its runner."""
    WORLD.forget()
    with Runner(url.format(folder=tmp_path)) as runner:
        assert runner.run(gate, run_id="r").status == "waiting"
        assert runner.signal("r", "go", "Ada").ok
        runner.run(gate, run_id="r")
        runner.delete("r")
        assert runner.runs() == []


@pytest.mark.parametrize("db", ["postgres://somewhere", "sqlite3:///runs.db"])
def test_a_url_that_nobody_opens_is_refused(db) -> None:
    """It is named."""
    with pytest.raises(DatabaseError, match=db.partition(":")[0]) as caught:
        Runner(db)

    assert caught.value.hint


@pytest.mark.parametrize("db", [7, ["runs.db"], object()], ids=["number", "list", "object"])
def test_what_is_no_database_is_refused(db) -> None:
    """At once, and not when the first run begins."""
    with pytest.raises(DefinitionError, match="db= takes a path, a URL or a database"):
        Runner(db)


@pytest.mark.parametrize(
    "call", [lambda runner: runner.history("r"), lambda runner: runner.fork("r", "load")]
)
def test_without_a_database_there_is_no_past(call) -> None:
    """The error says what it takes."""
    with Runner() as runner:
        runner.run(other, run_id="r")
        with pytest.raises(GostageError, match="database") as caught:
            call(runner)

    assert "db=" in caught.value.hint + str(caught.value)


@action
def delete_itself(ctx) -> None:
    """Try to forget the run that goes on."""
    WORLD.runner.delete(ctx.run.id)


def test_a_run_that_goes_on_is_not_deleted(shop, monkeypatch) -> None:
    """Not even by itself."""
    with shop.runner() as runner:
        monkeypatch.setattr(WORLD, "runner", runner, raising=False)
        result = runner.run(Workflow("w").do(delete_itself), run_id="r")
        assert runner.get("r").status == "failed"

    assert isinstance(result.error, RunOwned)
    assert "'r'" in str(result.error)


def test_the_history_tells_everything_in_order(shop) -> None:
    """From the start to the end, with the path of each step."""
    with shop.runner() as runner:
        runner.run(Workflow("w").do(load).steps("group", steps().do(save)), run_id="r")
    with shop.runner() as runner:
        events = runner.history("r")

    told = [(event.kind, event.path) for event in events if event.kind.startswith(("run_", "step"))]
    assert told[0] == ("run_started", "")
    assert told[-1] == ("run_ended", "")
    assert told.index(("step_ended", "load")) < told.index(("step_started", "group/save"))
    assert all(event.run_id == "r" for event in events)
    assert [event.at for event in events] == sorted(event.at for event in events)
