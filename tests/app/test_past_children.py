"""The past of runs with children: a child's places and branches are among those of the run."""

from __future__ import annotations

import pytest

from gostage import Runner, Workflow, action, steps
from gostage._app.past.moments import moment_of
from gostage._app.past.overview import overview
from gostage._app.past.saved import branches_of
from gostage.errors import DatabaseError
from tests.app.hand import Hand


def part(at, position, **numbers):
    """A branch that a child looks after."""
    frames = {at: {"part": {"position": position, "numbers": numbers}}}
    return {"at": at, "do": "start", "frames": {"": {}, **frames}}


def listens(at, **more):
    return {"at": at, "do": "listen", **more}


def test_a_child_stands_where_its_branch_stands() -> None:
    """The branch that waits for it is where the child is."""
    far = part("far", {"branches": {"0": listens("far/go", frames={"far/x": {"pass": 2}})}})

    (only,) = branches_of({"branches": {"0": far}}).values()

    assert (only["at"], only["do"]) == ("far/go", "listen")
    assert only["frames"].keys() == {"", "far", "far/x"}


def test_branches_of_a_child_have_the_numbers_of_the_run() -> None:
    """And so have those that they come from, however deep that is."""
    inner = part("far/p/r//item", {"branches": {
        "0": {"at": "far/p/r/q", "do": "fork"}, "1": listens("far/p/r/q/z", parent=0)}},
        **{"1": 9})  # fmt: skip
    far = part("far", {"branches": {
        "0": {"at": "far/p", "do": "fork"},
        "1": listens("far/p/l/x", parent=0, index=0),
        "2": {**inner, "parent": 0, "index": 1}}}, **{"1": 71, "2": 72, "9": 79})  # fmt: skip

    found = branches_of({"branches": {"0": {"at": "w", "do": "fork"}, "3": {**far, "parent": 0}}})

    assert {key: (each["at"], each.get("parent")) for key, each in found.items()} == {
        0: ("w", None),
        3: ("far/p", 0),
        71: ("far/p/l/x", 3),
        72: ("far/p/r/q", 3),
        79: ("far/p/r/q/z", 72),
    }
    assert found[72]["index"] == 1


def test_a_branch_that_has_written_nothing_is_like_no_other() -> None:
    """No number is known for it, and it stands somewhere all the same."""
    far = {"branches": {"0": {"at": "a/p", "do": "fork"}, "1": listens("a/p/x", parent=0)}}

    found = branches_of({"branches": {"0": part("a", far), "1": part("a", far)}})

    assert [each["at"] for each in found.values()] == ["a/p", "a/p/x", "a/p", "a/p/x"]


@pytest.mark.parametrize(
    "frames",
    [None, [], {"far": None}, {"far": {"part": 1}}, {"far": {"part": {"position": "x"}}}],
    ids=["none", "a list", "no frame", "no part", "no position"],
)
def test_what_does_not_read_as_a_child_is_left_alone(frames) -> None:
    """A database may hold anything."""
    branch = {"at": "far", "do": "start", "frames": frames}

    assert branches_of({"branches": {"0": branch}}) == {0: branch}


def test_what_a_child_was_at_is_interrupted_with_its_run() -> None:
    """As if it had been at work here."""
    hand = Hand([("far", "spawn"), ("far/a", "action"), ("far/b", "action")])
    far = {"branches": {"0": {"at": "far/b", "do": "call"}}}
    hand.step("far/a", at={"0": part("far", far)})
    steps = overview(hand.database, hand.row).steps

    assert {each.path: each.status for each in steps} == {
        "far": "running",
        "far/a": "completed",
        "far/b": "running",
    }


# -------------------------------------------------------------------- real ones


@action
def write(ctx):
    """Leave a key of its own."""
    ctx.store[ctx.path] = True


body = (
    steps()
    .parallel(
        "p",
        a=steps().do("one", write),
        b=steps().do("one", write).do("two", write).receive("go").do("three", write),
    )
    .do("last", write)
)
deep = Workflow("deep").do("first", write).spawn("far", body)
near = Workflow("near").do("first", write).steps("far", body)
A, B = "far/p/a/one", "far/p/b/one"


@pytest.fixture
def runner():
    with Runner("sqlite://") as runner:
        assert runner.run(deep, run_id="r").status == "waiting"
        yield runner


@pytest.mark.parametrize(
    ("at", "keys"),
    [(A, {"first", A}), (B, {"first", B}), ("far/p/b/two", {"first", B, "far/p/b/two"})],
)
def test_a_step_of_a_childs_branch_has_seen_its_own_branch(runner, at, keys) -> None:
    """What was written beside it is not there yet."""
    row = runner.db.find("r")

    moment = moment_of(runner.db, row, at)

    assert {entry["key"] for entry in moment.store} == keys


@pytest.mark.parametrize("step", ["far/p/b/two", "far/p/b/go", "far"])
def test_a_fork_inside_a_childs_branch_loses_nothing(runner, step) -> None:
    """What ended beside it is joined in the end; the store is that of an undisturbed run."""
    new = runner.fork("r", step)
    assert runner.resume(new).status == "waiting"

    result = runner.signal(new, "go")

    assert result.ok
    assert dict(result.store) == dict(runner.signal("r", "go").store)


@pytest.mark.parametrize("inside", [deep, near], ids=["child", "here"])
def test_a_fork_inside_of_what_has_ended_is_refused(inside) -> None:
    """What ended beside the step is not kept; before all of it a fork can begin."""
    with Runner("sqlite://") as runner:
        runner.run(inside, run_id="r")
        runner.signal("r", "go")

        with pytest.raises(DatabaseError, match="inside 'far/p', and what came of it is not") as e:
            runner.fork("r", "far/p/b/two")
        assert e.value.hint == "fork it from 'far/p', or from a step before it"
        assert runner.resume(runner.fork("r", "far/p")).status == "waiting"
