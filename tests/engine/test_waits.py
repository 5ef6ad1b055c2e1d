"""Steps that wait: for a condition, for time, for a signal, for a child."""

from __future__ import annotations

import pytest

from gostage._engine import effects as fx
from gostage._engine import nodes
from gostage.errors import WaitTimeout
from tests.engine.hand import Boom, Halt, Hand, body, do


def not_yet(at: float) -> fx.Answer:
    """Make the answer of a condition that does not hold at this moment."""
    return fx.Answer(holds=False, at=at)


def test_a_wait_asks_until_its_condition_holds() -> None:
    """Between two questions it pauses."""
    hand = Hand(nodes.Wait("w", "ready?", every=5), do("a"))

    assert hand.play({"ask w:0": [not_yet(0), not_yet(5)]}) == [
        "ask w:0",
        "pause w 5 wait",
        "ask w:0",
        "pause w 5 wait",
        "ask w:0",
        "call a",
        "close",
    ]


def test_a_wait_without_limit_remembers_nothing() -> None:
    """Its position is the same after any number of questions."""
    hand = Hand(nodes.Wait("w", "ready?"))
    for at in range(3):
        hand.feed(not_yet(at))
        assert hand.branch().frames == {"": {"deadline": None}}
        hand.feed(fx.Done())


def test_a_wait_gives_up_after_its_timeout() -> None:
    """The last pause is as short as what is left; the error names the step."""
    hand = Hand(nodes.Wait("w", "ready?", every=4, timeout=10))

    trace = hand.play({"ask w:0": [not_yet(100), not_yet(104), not_yet(108), not_yet(110)]})

    end = hand.machine.end
    pauses = [asked for asked in trace if asked.startswith("pause")]
    assert pauses == ["pause w 4 wait", "pause w 4 wait", "pause w 2 wait"]
    assert end is not None
    assert isinstance(end.error, WaitTimeout)
    assert str(end.error) == "step 'w' still waits after 10 seconds"
    assert end.failed_at is hand.program.ops["w"]


def test_a_wait_whose_time_is_up_still_takes_a_yes() -> None:
    """It is the answer that counts, not the hour."""
    hand = Hand(nodes.Wait("w", "ready?", timeout=1))
    hand.feed(not_yet(0))
    hand.feed(fx.Done())

    assert hand.feed(fx.Answer(holds=True, at=99)) == ["close"]


def test_the_beginning_of_a_wait_survives_being_written_down() -> None:
    """A resumed wait does not get its time anew."""
    hand = Hand(nodes.Wait("w", "ready?", every=60, timeout=10))
    hand.feed(not_yet(100))
    hand.reload()
    hand.feed(fx.Done())

    assert hand.feed(not_yet(107)) == ["pause w 3 wait"]


def test_a_condition_of_a_wait_that_fails_ends_it() -> None:
    """An error is no answer."""
    hand = Hand(nodes.Wait("w", "ready?"))

    assert hand.play({"ask w:0": [fx.Failed(Boom())]}) == ["ask w:0", "close"]
    assert hand.noted["w"] == "failed"


def test_a_sleep_is_one_pause() -> None:
    """When it is over the run goes on."""
    assert Hand(nodes.Sleep("n", 30), do("a")).play() == ["pause n 30 sleep", "call a", "close"]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(nodes.Sleep("n", 30), id="sleep"),
        pytest.param(nodes.Receive("n"), id="receive"),
        pytest.param(nodes.Wait("n", "ready?"), id="wait"),
        pytest.param(nodes.Spawn("n", body(do("a"))), id="spawn"),
    ],
)
def test_a_step_that_waits_can_be_stopped(item: nodes.Item) -> None:
    """It is stopped, not failed."""
    hand = Hand(item, do("b"))

    assert hand.feed(fx.Stopped(Halt())) == ["close"]
    assert hand.noted["n"] == "stopped"


@pytest.mark.parametrize(
    ("item", "effect"),
    [
        pytest.param(nodes.Sleep("n", 30), fx.Pause, id="sleep"),
        pytest.param(nodes.Receive("n", timeout=5), fx.Listen, id="receive"),
    ],
)
def test_the_end_of_a_waiting_time_is_part_of_the_position(
    item: nodes.Item, effect: type[fx.Pause | fx.Listen]
) -> None:
    """Once the driver has settled it, a resumed run waits for the same moment."""
    hand = Hand(item)
    standing = hand.branch().effect
    assert isinstance(standing, effect)
    standing.until = 1234.5

    hand.reload()

    again = hand.branch().effect
    assert isinstance(again, effect)
    assert again.until == 1234.5


def test_a_settled_time_is_not_the_next_run_s() -> None:
    """Each time a step is reached, its effect is a new one."""
    hand = Hand(nodes.Retry("r", body(nodes.Sleep("n", 30), nodes.Receive("m"), do("a")), "often"))
    for wanted in ("pause r/n 30 sleep", "listen r/m"):
        effect = hand.until(wanted).effect
        assert isinstance(effect, (fx.Pause, fx.Listen))
        effect.until = 1.0

    hand.until("judge r", {"call r/a": [fx.Failed(Boom())]})
    hand.feed(fx.Again())
    pause = hand.until("pause r/n 30 sleep").effect
    listen = hand.until("listen r/m").effect

    assert isinstance(pause, fx.Pause)
    assert isinstance(listen, fx.Listen)
    assert (pause.until, listen.until) == (None, None)


def test_a_signal_is_the_value_of_its_step() -> None:
    """Like what an action returns."""
    hand = Hand(nodes.Receive("m"), do("a"))

    assert hand.wanted == ["listen m"]
    assert hand.feed(fx.Done({"ok": 1})) == ["call a"]
    assert hand.branch().value == {"ok": 1}


def test_the_body_of_a_spawn_is_not_run_here() -> None:
    """Its steps have ids, so that a child can find them; here they are one effect."""
    hand = Hand(nodes.Spawn("n", body(do("a"), do("b"))), do("c"))

    assert hand.play() == ["start n", "call c", "close"]
    assert {"n/a", "n/b"} <= hand.program.ops.keys()


def test_a_child_that_fails_fails_its_step() -> None:
    """Its error is offered to the retries around it."""
    hand = Hand(nodes.Retry("r", body(nodes.Spawn("n", body(do("a")))), "often"))

    trace = hand.play({"start r/n": [fx.Failed(Boom())], "judge r": [fx.Again()]})

    assert trace == ["start r/n", "judge r", "start r/n", "close"]
