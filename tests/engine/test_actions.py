"""Actions: their condition, their retry, and being called again after a suspension."""

from __future__ import annotations

import pytest

from gostage._engine import effects as fx
from tests.engine.hand import Boom, Halt, Hand, do, stage

SUSPENDED = fx.Suspend("waits for Ada", {"ticket": 7})


def test_a_condition_is_asked_before_the_call() -> None:
    """Only if it holds the action is called."""
    hand = Hand(do("a", when="ready?"))

    assert hand.wanted == ["ask a"]
    assert hand.feed(fx.Answer(holds=True)) == ["call a"]


def test_a_condition_that_does_not_hold_skips_the_action() -> None:
    """The run goes on with the next."""
    hand = Hand(do("a", when="ready?"), do("b"))

    assert hand.feed(fx.Answer(holds=False)) == ["call b"]
    assert hand.noted["a"] == "skipped"


def test_a_condition_that_fails_fails_its_action() -> None:
    """The retry is for the call alone."""
    hand = Hand(do("a", when="ready?", retry="often"))

    trace = hand.play({"ask a": [fx.Failed(Boom())]})

    assert trace == ["ask a", "close"]
    assert hand.machine.end is not None
    assert hand.machine.end.failed_at is hand.program.ops["a"]


def test_a_disabled_action_is_passed() -> None:
    """Not even its condition is asked."""
    hand = Hand(do("a", when="ready?"), do("b"), disabled=["a"])

    assert hand.wanted == ["call b"]
    assert hand.noted["a"] == "skipped"


def test_a_failing_action_is_judged_if_it_has_a_retry() -> None:
    """The policy is opaque: the driver says whether it is worth another attempt."""
    hand = Hand(do("a", retry="often"))

    assert hand.feed(fx.Failed(Boom())) == ["judge a"]


def test_another_attempt_follows_at_once_or_after_its_pause() -> None:
    """Attempts are counted, and the error of the last one is forgotten."""
    hand = Hand(do("a", retry="often"))

    hand.feed(fx.Failed(Boom()))
    assert hand.feed(fx.Again()) == ["call a"]
    assert hand.branch().frames["a"] == {"attempt": 2}
    assert hand.branch().error is None

    hand.feed(fx.Failed(Boom()))
    assert hand.feed(fx.Again(after=1.5)) == ["pause a 1.5 backoff"]
    assert hand.feed(fx.Done()) == ["call a"]
    assert hand.branch().frames["a"] == {"attempt": 3}


def test_the_count_of_attempts_survives_being_written_down() -> None:
    """A resumed run has no more attempts than an undisturbed one."""
    hand = Hand(do("a", retry="often"))
    hand.feed(fx.Failed(Boom()))
    hand.reload()
    hand.feed(fx.Again(after=3))
    hand.reload()

    assert hand.wanted == ["pause a 3 backoff"]
    assert hand.branch().frames["a"] == {"attempt": 2}


def test_attempts_begin_again_when_an_action_is_done() -> None:
    """Nothing of an action is remembered once it has ended."""
    hand = Hand(do("a", retry="often"), do("b"))
    hand.feed(fx.Failed(Boom()))
    hand.feed(fx.Again())
    hand.feed(fx.Done())

    assert hand.wanted == ["call b"]
    assert "a" not in hand.branch().frames


def test_giving_up_fails_with_the_error_given() -> None:
    """A handler's own error takes the place of the action's."""
    mine = Boom("mine")
    hand = Hand(do("a", retry="often"))

    trace = hand.play({"call a": [fx.Failed(Boom("first"))], "judge a": [fx.GiveUp(mine)]})

    assert trace == ["call a", "judge a", "close"]
    assert hand.machine.end is not None
    assert hand.machine.end.error is mine


def test_a_verdict_that_fails_is_not_judged_again() -> None:
    """An error of the retry itself ends the action."""
    hand = Hand(do("a", retry="often"))

    trace = hand.play({"call a": [fx.Failed(Boom())], "judge a": [fx.Failed(Boom("handler"))]})

    assert trace == ["call a", "judge a", "close"]


def test_a_suspended_action_is_called_again_when_the_run_is_resumed() -> None:
    """What the resumer gives stands in its frame until it is done."""
    hand = Hand(do("a"), do("b"))

    assert hand.feed(SUSPENDED) == ["hold a"]
    assert hand.feed(fx.Done("yes")) == ["call a"]
    assert hand.branch().frames["a"] == {"resume": "yes"}
    assert hand.feed(fx.Done()) == ["call b"]
    assert "a" not in hand.branch().frames


def test_an_action_may_suspend_again() -> None:
    """Each time it waits for a resume of its own."""
    hand = Hand(do("a"))
    hand.feed(SUSPENDED)
    hand.feed(fx.Done("first"))

    assert hand.feed(SUSPENDED) == ["hold a"]
    hand.feed(fx.Done("second"))
    assert hand.branch().frames["a"] == {"resume": "second"}


def test_a_hold_survives_being_written_down() -> None:
    """Its reason and data are part of the position."""
    hand = Hand(do("a"))
    hand.feed(SUSPENDED)

    hand.reload()

    effect = hand.branch().effect
    assert isinstance(effect, fx.Hold)
    assert (effect.reason, effect.data) == ("waits for Ada", {"ticket": 7})


@pytest.mark.parametrize("wanted", ["hold a", "pause a 9 backoff"])
def test_a_run_can_be_stopped_while_an_action_waits(wanted: str) -> None:
    """An interrupt ends a hold and a backoff; no retry is asked."""
    hand = Hand(stage("s", do("x")), do("a", retry="often"))
    script: dict[str, dict[str, list[fx.Outcome]]] = {
        "hold a": {"call a": [SUSPENDED]},
        "pause a 9 backoff": {"call a": [fx.Failed(Boom())], "judge a": [fx.Again(after=9)]},
    }
    hand.until(wanted, script[wanted])

    assert hand.feed(fx.Stopped(Halt())) == ["close"]


def test_the_value_of_an_action_is_the_branch_s() -> None:
    """A for-each collects what the last action of its body returned."""
    hand = Hand(do("a"), do("b", when="ready?"))

    hand.feed(fx.Done(7))

    assert hand.branch().value == 7
    hand.feed(fx.Answer(holds=False))
    assert hand.branch().value == 7


@pytest.mark.parametrize("options", [{}, {"when": "ready?"}], ids=["plain", "conditional"])
def test_an_action_after_another_is_entered_the_same_way(options: dict[str, object]) -> None:
    """The short way from action to action gives what the long one does."""
    hand = Hand(do("a"), do("b", **options))
    long_way = Hand(do("a"), do("b", **options))
    long_way.plan.edited = True

    assert hand.play() == long_way.play()
