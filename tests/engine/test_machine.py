"""The machine: what is wanted after what, and how errors and interrupts travel outwards."""

from __future__ import annotations

import pytest

from gostage._engine import effects as fx
from gostage._engine import nodes
from tests.engine.hand import Boom, Halt, Hand, body, do, stage


def test_a_fresh_run_wants_its_own_scope_opened() -> None:
    """The middleware of the run is outside everything else."""
    hand = Hand(do("a"))

    assert hand.wanted == ["call a"]
    assert hand.play() == ["call a", "close"]
    assert hand.machine.end is not None


def test_an_effect_says_what_it_is_and_where() -> None:
    """As a person who debugs wants to read it."""
    assert repr(Hand(do("a")).branch().effect) == "Call('a')"


def test_actions_are_called_in_order() -> None:
    """The way through a flow without trouble."""
    hand = Hand(do("a"), nodes.Group("g", body(do("b"), do("c"))), do("d"))

    assert hand.play() == ["call a", "call g/b", "call g/c", "call d", "close"]


def test_a_flow_without_items_opens_and_closes() -> None:
    """Nothing to do is no error to the engine."""
    assert Hand().play() == ["close"]


def test_a_group_without_items_is_passed() -> None:
    """An empty body is done as soon as it begins."""
    hand = Hand(nodes.Group("g", body()), do("a"))

    assert hand.wanted == ["call a"]
    assert hand.noted["g"] == "completed"


def test_the_end_says_that_all_went_well() -> None:
    """Without an error there is no place of one either."""
    hand = Hand(do("a"))
    hand.play()

    end = hand.machine.end
    assert end is not None
    assert (end.error, end.failed_at, end.interrupted) == (None, None, False)
    assert not hand.machine.branches


def test_a_failure_ends_everything_around_it() -> None:
    """What comes after is never wanted; the end has the error and where it came from."""
    boom = Boom("no")
    hand = Hand(nodes.Group("g", body(do("a"), do("b"))), do("c"))

    trace = hand.play({"call g/a": [fx.Failed(boom)]})

    end = hand.machine.end
    assert trace == ["call g/a", "close"]
    assert end is not None
    assert end.error is boom
    assert end.failed_at is hand.program.ops["g/a"]
    assert hand.noted["g"] == "failed"


def test_a_failure_closes_every_open_scope_youngest_first() -> None:
    """Stage first, then what the workflow has around it, then the run."""
    hand = Hand(stage("outer", stage("inner", do("a"))))

    trace = hand.play({"call outer/inner/a": [fx.Failed(Boom())]})

    assert [asked for asked in trace if asked.startswith("close")] == [
        "close outer/inner//around//inside",
        "close outer/inner//around",
        "close outer//around//inside",
        "close outer//around",
        "close",
    ]


def test_a_scope_that_swallows_the_error_goes_on_after_itself() -> None:
    """The stage has failed all the same; the run has not."""
    hand = Hand(stage("s", do("a"), do("b")), do("c"))

    trace = hand.play({"call s/a": [fx.Failed(Boom())], "close s//around": [fx.Closed()]})

    assert "call s/b" not in trace
    assert trace[-2:] == ["call c", "close"]
    assert hand.machine.end is not None
    assert hand.machine.end.error is None
    assert hand.noted["s"] == "failed"


def test_an_error_swallowed_inside_a_stage_leaves_the_stage_completed() -> None:
    """Everything outside the level that swallowed it counts as completed."""
    hand = Hand(stage("s", do("a")))

    hand.play({"call s/a": [fx.Failed(Boom())], "close s//around//inside": [fx.Closed()]})

    assert hand.noted["s"] == "completed"


def test_a_scope_that_fails_while_closing_gives_its_own_error() -> None:
    """The newest error goes on outwards, from the place where it arose."""
    mine = Boom("mine")
    hand = Hand(stage("s", do("a")))

    hand.play(
        {"call s/a": [fx.Failed(Boom("first"))], "close s//around//inside": [fx.Failed(mine)]}
    )

    end = hand.machine.end
    assert end is not None
    assert end.error is mine
    assert end.failed_at is hand.program.ops["s//around//inside"]


def test_an_error_passed_on_keeps_its_place() -> None:
    """Each scope that hands the same error on does not become its source."""
    boom = Boom()
    hand = Hand(stage("s", do("a")))

    hand.play({"call s/a": [fx.Failed(boom)]})

    end = hand.machine.end
    assert end is not None
    assert end.failed_at is hand.program.ops["s/a"]


def test_a_scope_that_cannot_be_opened_is_not_closed() -> None:
    """Only what was entered is left; the error goes to the scope outside."""
    hand = Hand(stage("s", do("a")))

    trace = hand.play({"open s//around//inside": [fx.Failed(Boom())]})

    assert trace == ["open s//around", "open s//around//inside", "close s//around", "close"]


def test_a_scope_that_does_not_yield_skips_its_inside() -> None:
    """The run goes on after it."""
    hand = Hand(stage("s", do("a")), do("b"))

    trace = hand.play({"open s//around": [fx.Skipped()]})

    assert trace == ["open s//around", "call b", "close"]
    assert hand.noted["s"] == "skipped"


def test_a_stage_whose_own_middleware_skips_is_completed() -> None:
    """What is skipped is the inside of that level."""
    hand = Hand(stage("s", do("a")))

    hand.play({"open s//around//inside": [fx.Skipped()]})

    assert hand.noted["s//around//inside"] == "skipped"
    assert hand.noted["s"] == "completed"


@pytest.mark.parametrize("failing", [True, False], ids=["after a failure", "after success"])
def test_a_scope_that_yields_again_runs_its_inside_again(failing: bool) -> None:
    """The error of the pass before is forgotten."""
    first = fx.Failed(Boom()) if failing else fx.Done()
    hand = Hand(stage("s", do("a")))

    trace = hand.play({"call s/a": [first], "close s//around//inside": [fx.Reopened(())]})

    assert trace.count("call s/a") == 2
    assert trace.count("open s//around//inside") == 1
    assert hand.machine.end is not None
    assert hand.machine.end.error is None


def test_a_reopened_scope_remembers_its_earlier_passes() -> None:
    """They are part of the position, so that a resumed run can bring middleware there again."""
    boom = Boom("first")
    hand = Hand(stage("s", do("a")))
    hand.until("close s//around//inside", {"call s/a": [fx.Failed(boom)]})

    hand.feed(fx.Reopened(((boom,),)))
    hand.reload()

    ((again,),) = hand.branch().frames["s//around//inside"]["passes"]
    assert str(again) == "first"


@pytest.mark.parametrize(
    "outcome",
    [pytest.param(fx.Closed(), id="swallowed"), pytest.param(fx.Reopened(()), id="yielded again")],
)
def test_an_interrupt_closes_every_scope_and_nothing_can_hold_it(outcome: fx.Outcome) -> None:
    """Whatever a scope makes of an interrupt, it is left."""
    halt = Halt()
    hand = Hand(stage("s", do("a"), do("b")), do("c"))

    trace = hand.play(
        {
            "call s/a": [fx.Stopped(halt)],
            "close s//around//inside": [outcome],
            "close s//around": [outcome],
            "close": [outcome],
        }
    )

    end = hand.machine.end
    assert trace[-4:] == ["call s/a", "close s//around//inside", "close s//around", "close"]
    assert end is not None
    assert (end.error, end.interrupted) == (halt, True)
    assert hand.noted["s"] == "stopped"


def test_an_interrupt_that_fails_a_scope_stays_an_interrupt() -> None:
    """An error while unwinding does not hand the run back to those who swallow errors."""
    hand = Hand(stage("s", do("a")), do("b"))

    trace = hand.play(
        {
            "call s/a": [fx.Stopped(Halt())],
            "close s//around//inside": [fx.Failed(Boom("late"))],
            "close s//around": [fx.Closed()],
        }
    )

    assert "call b" not in trace
    assert hand.machine.end is not None
    assert hand.machine.end.interrupted


@pytest.mark.parametrize(
    "items",
    [
        pytest.param((do("a", retry="often"),), id="action"),
        pytest.param((nodes.Retry("r", body(do("a")), "often"),), id="body"),
        pytest.param((stage("s", do("a"), retry="often"),), id="stage"),
    ],
)
def test_an_interrupt_is_never_offered_to_a_retry(items: tuple[nodes.Item, ...]) -> None:
    """Who stops a run does not want it to try again."""
    hand = Hand(*items)
    called = next(op.id for op in hand.plan.walk() if op.kind == "action")

    trace = hand.play({f"call {called}": [fx.Stopped(Halt())]})

    assert not [asked for asked in trace if asked.startswith("judge")]
    assert trace.count(f"call {called}") == 1


def test_a_pending_error_survives_being_written_down() -> None:
    """Stopping between the failure and the close of its scope does not turn it into a success."""
    hand = Hand(stage("s", do("a")))
    hand.until("close s//around//inside", {"call s/a": [fx.Failed(Boom("kept"))]})

    hand.reload()
    error = hand.branch().error
    assert str(error) == "kept"
    hand.play()

    end = hand.machine.end
    assert end is not None
    assert end.error is error
    assert end.failed_at is hand.program.ops["s/a"]


def test_a_pending_interrupt_survives_being_written_down() -> None:
    """A run that was stopping goes on stopping."""
    hand = Hand(stage("s", do("a")), do("b"))
    hand.until("close s//around//inside", {"call s/a": [fx.Stopped(Halt("now"))]})

    hand.reload()
    trace = hand.play({"close s//around//inside": [fx.Closed()]})

    assert "call b" not in trace
    assert hand.machine.end is not None
    assert hand.machine.end.interrupted


def test_a_scope_being_closed_is_still_open() -> None:
    """Its frame stands until the close is answered, so resuming enters it again."""
    hand = Hand(stage("s", do("a")))
    hand.until("close s//around//inside")

    hand.reload()

    assert list(hand.branch().frames) == ["", "s//around", "s//around//inside"]
    hand.feed(fx.Closed())
    assert list(hand.branch().frames) == ["", "s//around"]


def test_a_run_leaves_its_program_as_it_was() -> None:
    """Whatever a run inserts or removes stands in its plan alone."""
    hand = Hand(stage("s", do("a"), do("b")))
    links = _links(hand)
    hand.until("call s/a")

    step, last = hand.program.ops["s/a"], hand.program.ops["s/b"]
    hand.plan.insert_after(step, do("new"), step)
    hand.plan.remove(last)
    trace = hand.play()

    assert "call s/new" in trace
    assert "call s/b" not in trace
    assert _links(hand) == links


def test_a_thousand_actions_are_one_effect_each() -> None:
    """The machine has no step of its own between two actions."""
    hand = Hand(*(do("a") for _ in range(1_000)))

    assert len(hand.play()) == 1_001


def test_deep_nesting_costs_no_recursion() -> None:
    """Five hundred groups in each other are entered and left in one go."""
    item: nodes.Item = do("a")
    for _ in range(500):
        item = nodes.Group("g", body(item))
    hand = Hand(item)

    assert len(hand.wanted) == 1
    assert len(hand.play()) == 2


def _links(hand: Hand) -> dict[str, tuple[object, ...]]:
    ops = hand.program.ops.items()
    return {id_: (op.first, op.last, op.next, op.parent) for id_, op in ops}
