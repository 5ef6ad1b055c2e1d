"""Forks: branches side by side, a body per item, and the join after them."""

from __future__ import annotations

from itertools import permutations

import pytest

from gostage._engine import effects as fx
from gostage._engine import nodes
from tests.engine.hand import Boom, Halt, Hand, body, do, each, parallel, passed_on, stage, until

# ---------------------------------------------------------------- parallel


def test_all_branches_want_something_at_once() -> None:
    """The branch that forked wants nothing of its own meanwhile."""
    hand = Hand(parallel("p", left=do("a"), right=do("b")), do("c"))

    assert hand.wanted == ["call p/left/a", "call p/right/b"]
    assert isinstance(hand.machine.root.effect, fx.Fork)


@pytest.mark.parametrize("turns", list(permutations("abc")), ids="".join)
def test_the_join_comes_when_the_last_branch_has_ended(turns: tuple[str, ...]) -> None:
    """In whatever order they end."""
    hand = Hand(parallel("p", a=do("a"), b=do("b"), c=do("c")), do("z"))

    for turn in turns:
        assert "join p" not in hand.wanted
        hand.feed(fx.Done(), at=f"call p/{turn}/{turn}")

    assert hand.wanted == ["join p"]
    assert hand.feed(fx.Done()) == ["call z"]
    assert {hand.noted[id_] for id_ in ("p", "p/a", "p/b", "p/c")} == {"completed"}


def test_the_end_of_a_branch_hands_on_to_the_one_that_forked() -> None:
    """Only the last one does; the others simply end."""
    hand = Hand(parallel("p", left=do("a"), right=do("b")))
    left, right = hand.branch("call p/left/a"), hand.branch("call p/right/b")

    assert hand.machine.feed(left, fx.Done()) is None
    assert hand.machine.feed(right, fx.Done()) is None
    assert isinstance(hand.machine.root.effect, fx.Join)


def test_a_join_knows_which_branches_ended() -> None:
    """By their place in the definition, each with the key of its branch."""
    hand = Hand(parallel("p", left=do("a"), right=do("b")))
    hand.until("join p")

    frame = hand.branch().frames["p"]
    assert sorted(frame["ended"]) == [0, 1]
    assert len(set(frame["ended"].values())) == 2


def test_a_branch_without_items_ends_at_once() -> None:
    """A fork of nothing but such branches goes straight to its join."""
    hand = Hand(nodes.Parallel("p", (("left", body()), ("right", body()))))

    assert hand.wanted == ["join p"]


def test_the_first_failure_tells_the_others_to_stop() -> None:
    """The step fails with that error, from the place where it arose."""
    boom = Boom("left")
    hand = Hand(parallel("p", left=do("a"), right=do("b")), do("z"))

    hand.feed(fx.Failed(boom), at="call p/left/a")
    other = hand.branch("call p/right/b")
    assert other.cancelled
    hand.feed(fx.Stopped(Halt()))
    assert hand.wanted == ["join p"]
    frame = hand.branch().frames["p"]
    assert (frame["error"], frame["by"], frame["interrupt"]) == (boom, 0, None)
    assert hand.feed(fx.Failed(boom)) == ["close"]
    assert hand.branch().failed_at is hand.program.ops["p/left/a"]
    assert (hand.noted["p"], hand.noted["p/left"], hand.noted["p/right"]) == (
        "failed",
        "failed",
        "stopped",
    )


def test_a_second_failure_does_not_replace_the_first() -> None:
    """The branch may fail on its own before it hears that it is to stop."""
    first, second = Boom("first"), Boom("second")
    hand = Hand(parallel("p", left=do("a"), right=do("b")))

    hand.feed(fx.Failed(first), at="call p/right/b")
    hand.feed(fx.Failed(second), at="call p/left/a")

    frame = hand.branch().frames["p"]
    assert (frame["error"], frame["by"]) == (first, 1)


def test_an_interrupt_of_one_branch_stops_the_others() -> None:
    """And the step with them."""
    halt = Halt()
    hand = Hand(parallel("p", left=do("a"), right=do("b")), do("z"))

    hand.feed(fx.Stopped(halt), at="call p/left/a")
    assert hand.branch("call p/right/b").cancelled
    hand.feed(fx.Stopped(Halt("told to")))
    assert hand.branch().frames["p"]["interrupt"] is halt
    assert hand.feed(fx.Stopped(halt)) == ["close"]


def test_telling_a_branch_to_stop_tells_all_below_it() -> None:
    """However deep they are."""
    hand = Hand(parallel("p", left=parallel("q", x=do("a"), y=do("b")), right=do("c")))

    hand.feed(fx.Failed(Boom()), at="call p/right/c")

    assert hand.branch("call p/left/q/x/a").cancelled
    assert hand.branch("call p/left/q/y/b").cancelled


def test_a_branch_made_while_stopping_is_to_stop_as_well() -> None:
    """A fork does not get around it."""
    hand = Hand(parallel("p", left=do("a"), right=do("b")))
    again = Hand(parallel("p", left=do("a"), right=do("b")))
    hand.machine.root.cancel()

    assert all(b.cancelled for b in hand.machine.branches.values())
    again.machine.root.cancelled = True
    assert again.machine.fork(again.machine.root, again.program.ops["p/left"], 7).cancelled


def test_the_scopes_of_a_branch_are_closed_before_it_ends() -> None:
    """Each branch unwinds on its own."""
    hand = Hand(parallel("p", left=stage("s", do("a")), right=do("b")))
    trace = hand.play({"call p/left/s/a": [fx.Failed(Boom())], "call p/right/b": [fx.Done()]})

    assert trace.index("close p/left/s//around") < trace.index("join p")


def test_a_failing_join_fails_the_step() -> None:
    """Even if every branch did well: two of them may have written the same key."""
    hand = Hand(parallel("p", left=do("a"), right=do("b")))

    trace = hand.play({"join p": [fx.Failed(Boom("both wrote"))]})

    assert trace[-2:] == ["join p", "close"]
    assert hand.machine.end is not None
    assert hand.machine.end.failed_at is hand.program.ops["p"]


def test_a_retry_around_branches_forks_anew() -> None:
    """Nothing of the attempt before is left in the join."""
    hand = Hand(nodes.Retry("r", body(parallel("p", left=do("a"), right=do("b"))), "often"))

    hand.until("judge r", {"call r/p/left/a": [fx.Failed(Boom())]})
    hand.feed(fx.Again())

    assert hand.wanted == ["call r/p/left/a", "call r/p/right/b"]
    assert not any(b.cancelled for b in hand.machine.branches.values())
    hand.play()
    assert hand.machine.end is not None
    assert hand.machine.end.error is None


def test_branch_keys_do_not_grow_with_the_passes() -> None:
    """So that a position is as small after many passes as after one."""
    hand = Hand(until("l", parallel("p", left=do("a"), right=do("b"))))

    for _ in range(3):
        assert sorted(hand.machine.branches) == [0, 1, 2]
        hand.until("ask l:0")
        hand.feed(fx.Answer(holds=False))


def test_a_branch_sees_what_guards_around_it_remember() -> None:
    """A loop outside the fork tells which pass it is."""
    hand = Hand(until("l", parallel("p", left=do("a"), right=do("b"))))

    loop, unknown = hand.program.ops["l"], hand.program.ops["l/p/left/a"]
    assert hand.branch("call l/p/left/a").frame_of(loop) == {"pass": 0}
    assert hand.branch("call l/p/left/a").frame_of(unknown) is None


# ---------------------------------------------------------------- for each, one after the other


def test_a_body_is_done_for_one_item_after_the_other() -> None:
    """The join comes when there are no more."""
    hand = Hand(each("f", do("a")), do("z"))

    trace = hand.play({"items f": [fx.Listed("xyz")]})

    assert trace == ["items f", *["call f/a"] * 3, "join f", "call z", "close"]


def test_the_item_at_work_is_in_the_position() -> None:
    """With all the others, so that a resumed run works on the same list."""
    hand = Hand(each("f", do("a"), into="out"))
    hand.feed(fx.Listed([7, 8]))
    hand.feed(fx.Done("seven"))
    hand.reload()

    frame = hand.branch().frames["f"]
    assert (frame["items"], frame["index"], frame["results"]) == ([7, 8], 1, {0: "seven"})


def test_results_are_those_of_the_last_action_of_the_body() -> None:
    """An item whose body does nothing gives none, not the one of the item before."""
    hand = Hand(each("f", do("a", when="odd?"), into="out"))
    hand.feed(fx.Listed([1, 2]))
    hand.feed(fx.Answer(holds=True))
    hand.feed(fx.Done("one"))
    hand.feed(fx.Answer(holds=False))

    assert hand.wanted == ["join f"]
    assert hand.branch().frames["f"]["results"] == {0: "one"}


@pytest.mark.parametrize("concurrency", [1, 2])
def test_results_that_nobody_asks_for_are_not_kept(concurrency: int) -> None:
    """They would only make the position larger."""
    hand = Hand(each("f", do("a"), concurrency=concurrency))

    hand.until("join f", {"items f": [fx.Listed("xyz")], "call f/a": [fx.Done(1)]})

    assert hand.branch().frames["f"]["results"] == {}


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_items_are_no_failure(concurrency: int) -> None:
    """The body is skipped, and the join puts nothing together."""
    hand = Hand(each("f", do("a"), concurrency=concurrency))

    assert hand.feed(fx.Listed([])) == ["join f"]
    assert hand.noted["f//item"] == "skipped"


def test_a_list_that_cannot_be_made_fails_the_step() -> None:
    """No item is begun."""
    hand = Hand(each("f", do("a"), on_error="continue"))

    assert hand.play({"items f": [fx.Failed(Boom())]}) == ["items f", "close"]


def test_the_first_failing_item_ends_the_step() -> None:
    """No other is begun."""
    hand = Hand(each("f", do("a")))

    trace = hand.play({"items f": [fx.Listed("xyz")], "call f/a": [fx.Failed(Boom())]})

    assert trace == ["items f", "call f/a", "close"]


def test_going_on_past_failing_items_keeps_their_errors() -> None:
    """The join is told all of them."""
    boom = Boom("second")
    hand = Hand(each("f", do("a"), into="out", on_error="continue"))
    answers: dict[str, list[fx.Outcome]] = {
        "items f": [fx.Listed("xyz")],
        "call f/a": [fx.Done(1), fx.Failed(boom), fx.Done(3)],
    }
    hand.until("join f", answers)

    frame = hand.branch().frames["f"]
    assert (frame["results"], frame["failures"]) == ({0: 1, 2: 3}, {1: boom})
    assert hand.branch().error is None


def test_an_interrupt_is_not_gone_past() -> None:
    """`continue` is for errors."""
    hand = Hand(each("f", do("a"), on_error="continue"))

    trace = hand.play({"items f": [fx.Listed("xyz")], "call f/a": [fx.Stopped(Halt())]})

    assert trace == ["items f", "call f/a", "close"]


def test_a_failing_join_is_not_one_of_the_items() -> None:
    """The step fails, also where it goes on past failing items."""
    hand = Hand(each("f", do("a"), on_error="continue"))

    trace = hand.play({"items f": [fx.Listed("x")], "join f": [fx.Failed(Boom())]})

    assert trace == ["items f", "call f/a", "join f", "close"]
    assert hand.machine.end is not None
    assert hand.machine.end.error is not None


# ---------------------------------------------------------------- for each, side by side


def test_no_more_items_are_begun_than_allowed() -> None:
    """As one ends, the next begins."""
    hand = Hand(each("f", do("a"), concurrency=2))

    hand.feed(fx.Listed("wxyz"))
    assert sorted(hand.machine.root.children) == [0, 1]
    hand.feed_item(1, fx.Done())
    assert sorted(hand.machine.root.children) == [0, 2]


def test_an_item_that_ends_is_followed_by_the_next_in_its_place() -> None:
    """The driver goes on with the branch it is given."""
    hand = Hand(each("f", do("a"), concurrency=2))
    hand.feed(fx.Listed("xyz"))

    following = hand.machine.feed(hand.machine.root.children[0], fx.Done())

    assert following is hand.machine.root.children[2]


def test_results_side_by_side_are_kept_by_item() -> None:
    """Whichever ends first."""
    hand = Hand(each("f", do("a"), into="out", concurrency=3))
    hand.feed(fx.Listed("xyz"))

    for index in (2, 0, 1):
        hand.feed_item(index, fx.Done(index * 10))

    assert hand.machine.root.frames["f"]["results"] == {2: 20, 0: 0, 1: 10}


def test_after_a_failure_no_other_item_is_begun() -> None:
    """Those at work are let finish: they are not told to stop."""
    hand = Hand(each("f", do("a"), concurrency=2))
    hand.feed(fx.Listed("xyz"))

    hand.feed_item(0, fx.Failed(Boom()))
    (left,) = hand.machine.root.children.values()
    assert not left.cancelled
    assert hand.feed(fx.Done()) == ["join f"]
    assert hand.branch().frames["f"]["by"] == 0


def test_going_on_side_by_side_keeps_all_errors() -> None:
    """Every item is begun."""
    hand = Hand(each("f", do("a"), concurrency=2, on_error="continue"))
    hand.feed(fx.Listed("xyz"))
    for index in range(3):
        hand.feed_item(index, fx.Failed(Boom(str(index))))

    frame = hand.branch("join f").frames["f"]
    assert {index: str(error) for index, error in frame["failures"].items()} == {
        0: "0",
        1: "1",
        2: "2",
    }
    assert frame["error"] is None


def test_after_an_interrupt_no_other_item_is_begun() -> None:
    """And those at work are told to stop."""
    hand = Hand(each("f", do("a"), concurrency=2, on_error="continue"))
    hand.feed(fx.Listed("xyz"))
    hand.feed_item(0, fx.Stopped(Halt()))

    (left,) = hand.machine.root.children.values()
    assert left.cancelled
    assert hand.feed(fx.Stopped(Halt())) == ["join f"]


def test_one_after_the_other_and_side_by_side_call_the_same() -> None:
    """Concurrency changes when, not what."""
    traces = []
    for concurrency in (1, 2, 5):
        hand = Hand(each("f", do("a"), do("b"), concurrency=concurrency), do("z"))
        traces.append(sorted(hand.play({"items f": [fx.Listed("wxyz")]})))

    assert traces[0] == traces[1] == traces[2]


def test_the_place_of_an_error_in_what_one_item_inserted_is_the_nearest_known() -> None:
    """What was inserted for one item alone is not known outside it."""
    boom = Boom()
    hand = Hand(each("f", nodes.Group("g", body(do("a"))), concurrency=2))
    hand.feed(fx.Listed("x"))
    child = hand.branch()
    step = hand.program.ops["f/g/a"]
    hand.plan.insert_after(step, do("new"), step, child.zone)
    hand.feed(fx.Done())
    assert hand.wanted == ["call f/g/new"]

    hand.feed(fx.Failed(boom))
    hand.feed(passed_on(boom))

    assert hand.branch().failed_at is hand.program.ops["f/g"]


def test_branches_that_stand_somewhere_are_written_down_each() -> None:
    """A resumed fork goes on where each of its branches stood."""
    hand = Hand(parallel("p", left=until("l", do("a")), right=do("b")), do("z"))
    hand.feed(fx.Done(), at="call p/left/l/a")
    hand.feed(fx.Done(), at="call p/right/b")

    hand.reload()

    assert hand.wanted == ["ask p/left/l:0"]
    assert hand.feed(fx.Answer(holds=True)) == ["join p"]
    assert sorted(hand.branch().frames["p"]["ended"]) == [0, 1]


def test_a_first_failure_survives_being_written_down() -> None:
    """The join after a resume still says who failed, and where."""
    hand = Hand(parallel("p", left=do("a"), right=stage("s", do("b"))))
    hand.feed(fx.Failed(Boom("left")), at="call p/left/a")
    hand.reload()

    assert hand.branch().cancelled
    hand.play()
    end = hand.machine.end
    assert end is not None
    assert str(end.error) == "left"
    assert end.failed_at is hand.program.ops["p/left/a"]
