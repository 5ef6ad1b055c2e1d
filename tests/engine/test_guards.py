"""Guards: stages, retries of a body, choices and loops."""

from __future__ import annotations

import pytest

from gostage._engine import effects as fx
from gostage._engine import nodes
from gostage.errors import TooManyPasses
from tests.engine.hand import Boom, Halt, Hand, body, do, order, stage, until

YES = fx.Answer(holds=True)
NO = fx.Answer(holds=False)

# ---------------------------------------------------------------- stages


def test_a_stage_opens_what_is_around_it_then_its_own() -> None:
    """The workflow's middleware is outside the stage's."""
    assert Hand(stage("s", do("a"))).play() == [
        "open s//around",
        "open s//around//inside",
        "call s/a",
        "close s//around//inside",
        "close s//around",
        "close",
    ]


def test_a_stage_without_items_is_opened_too() -> None:
    """Its initial data and its middleware count even so."""
    hand = Hand(stage("s"))

    assert "open s//around//inside" in hand.play()
    assert hand.noted["s"] == "completed"


def test_the_condition_of_a_stage_comes_before_its_middleware() -> None:
    """A stage that is not to run opens nothing."""
    hand = Hand(stage("s", do("a"), when="ready?"), do("b"))

    assert hand.play({"ask s": [NO]}) == ["ask s", "call b", "close"]
    assert hand.noted["s"] == "skipped"


def test_a_stage_whose_condition_holds_runs() -> None:
    """The condition is asked once."""
    hand = Hand(stage("s", do("a"), when="ready?"))

    assert hand.play()[:2] == ["ask s", "open s//around"]
    assert hand.noted["s"] == "completed"


def test_a_stage_whose_condition_fails_has_failed() -> None:
    """Nothing of it was opened, so nothing is closed."""
    hand = Hand(stage("s", do("a"), when="ready?"))

    assert hand.play({"ask s": [fx.Failed(Boom())]}) == ["ask s", "close"]
    assert hand.noted["s"] == "failed"


def test_a_disabled_stage_opens_nothing() -> None:
    """The middleware around it is not called either."""
    hand = Hand(stage("s", do("a"), when="ready?"), do("b"), disabled=["s"])

    assert hand.play() == ["call b", "close"]
    assert hand.noted["s"] == "skipped"


def test_the_retry_of_a_stage_is_inside_the_workflow_s_middleware() -> None:
    """Every attempt opens the stage's own scope anew."""
    hand = Hand(stage("s", do("a"), retry="often"))

    trace = hand.play(
        {"call s/a": [fx.Failed(Boom())], "judge s//around//retry": [fx.Again(after=2)]}
    )

    inside = "s//around//inside"
    assert trace == [
        "open s//around",
        f"open {inside}",
        "call s/a",
        f"close {inside}",
        "judge s//around//retry",
        "pause s//around//retry 2 backoff",
        f"open {inside}",
        "call s/a",
        f"close {inside}",
        "close s//around",
        "close",
    ]


def test_another_workflow_s_items_stand_in_a_scope_of_their_own() -> None:
    """It is opened and closed like a stage's, and has a record."""
    hand = Hand(nodes.Sub("other", body(do("a"))), do("b"))

    assert hand.play() == ["open other", "call other/a", "close other", "call b", "close"]
    assert hand.noted["other"] == "completed"


# ---------------------------------------------------------------- retries


def retried() -> nodes.Retry:
    """Make a body of two actions that is tried again."""
    return nodes.Retry("r", body(do("a"), do("b")), "often")


def test_a_retry_starts_its_body_over() -> None:
    """Also what has worked is done again."""
    hand = Hand(retried())

    trace = hand.play({"call r/b": [fx.Failed(Boom())], "judge r": [fx.Again()]})

    assert trace == ["call r/a", "call r/b", "judge r", "call r/a", "call r/b", "close"]
    assert hand.noted["r"] == "completed"


def test_a_retry_pauses_before_it_starts_over() -> None:
    """The attempt counts from the moment the verdict is there."""
    hand = Hand(retried())
    hand.until("judge r", {"call r/a": [fx.Failed(Boom())]})

    assert hand.feed(fx.Again(after=0.5)) == ["pause r 0.5 backoff"]
    hand.reload()
    assert hand.branch().frames["r"] == {"attempt": 2}
    assert hand.feed(fx.Done()) == ["call r/a"]


def test_a_retry_forgets_the_error_of_the_attempt_before() -> None:
    """What worked in the end has neither error nor place of one."""
    hand = Hand(retried())

    hand.play({"call r/a": [fx.Failed(Boom())], "judge r": [fx.Again()]})

    assert hand.machine.end is not None
    assert (hand.machine.end.error, hand.machine.end.failed_at) == (None, None)


def test_a_retry_that_gives_up_fails() -> None:
    """The error keeps the place where it arose."""
    hand = Hand(retried(), do("c"))

    trace = hand.play({"call r/b": [fx.Failed(Boom())]})

    assert trace[-2:] == ["judge r", "close"]
    assert hand.noted["r"] == "failed"
    assert hand.machine.end is not None
    assert hand.machine.end.failed_at is hand.program.ops["r/b"]


def test_a_verdict_that_fails_ends_a_retry() -> None:
    """The handler's error is not offered to the handler."""
    hand = Hand(retried())

    trace = hand.play({"call r/a": [fx.Failed(Boom())], "judge r": [fx.Failed(Boom("handler"))]})

    assert trace == ["call r/a", "judge r", "close"]


def test_an_inner_retry_is_asked_before_an_outer_one() -> None:
    """What one gives up, the next may try again; its own count starts over."""
    hand = Hand(nodes.Retry("out", body(nodes.Retry("in", body(do("a")), 2)), 2))

    trace = hand.play(
        {
            "call out/in/a": [fx.Failed(Boom()), fx.Failed(Boom()), fx.Failed(Boom())],
            "judge out/in": [fx.Again(), fx.GiveUp(Boom()), fx.Again()],
            "judge out": [fx.Again()],
        }
    )

    assert [asked for asked in trace if asked.startswith("judge")] == [
        "judge out/in",
        "judge out/in",
        "judge out",
        "judge out/in",
    ]
    assert hand.machine.end is not None
    assert hand.machine.end.error is None


def test_the_count_of_an_inner_retry_is_gone_with_it() -> None:
    """An outer attempt does not find the attempts of the one before."""
    hand = Hand(nodes.Retry("out", body(nodes.Retry("in", body(do("a")), 2)), 2))
    answers: dict[str, list[fx.Outcome]] = {
        "call out/in/a": [fx.Failed(Boom()), fx.Failed(Boom())],
        "judge out/in": [fx.Again()],
    }
    hand.until("judge out", answers)

    assert hand.feed(fx.Again()) == ["call out/in/a"]
    assert hand.branch().frames == {"": {"deadline": None}, "out": {"attempt": 2}}


def test_an_interrupted_backoff_ends_a_retry() -> None:
    """It does not start over."""
    hand = Hand(retried())
    hand.until("judge r", {"call r/a": [fx.Failed(Boom())]})
    hand.feed(fx.Again(after=5))

    assert hand.feed(fx.Stopped(Halt())) == ["close"]


# ---------------------------------------------------------------- choices


def chosen(*, otherwise: bool = True) -> nodes.Choice:
    """Make a choice between two conditions, and the rest if asked for."""
    arms = (("first?", body(do("a"))), ("second?", body(do("b"))))
    return nodes.Choice("c", arms, body(do("rest")) if otherwise else None)


@pytest.mark.parametrize(
    ("answers", "called"),
    [
        pytest.param([YES], ["ask c:0", "call c/a"], id="first"),
        pytest.param([NO, YES], ["ask c:0", "ask c:1", "call c/b"], id="second"),
        pytest.param([NO, NO], ["ask c:0", "ask c:1", "call c/rest"], id="otherwise"),
    ],
)
def test_a_choice_takes_the_first_arm_that_holds(
    answers: list[fx.Answer], called: list[str]
) -> None:
    """Later conditions are not asked any more."""
    hand = Hand(chosen(), do("z"))

    trace = hand.play({f"ask c:{arm}": [answer] for arm, answer in enumerate(answers)})

    assert trace == [*called, "call z", "close"]


def test_a_choice_without_otherwise_may_do_nothing() -> None:
    """It is completed all the same."""
    hand = Hand(chosen(otherwise=False))

    assert hand.play({"ask c:0": [NO], "ask c:1": [NO]}) == ["ask c:0", "ask c:1", "close"]
    assert hand.noted["c"] == "completed"


def test_the_arms_not_chosen_are_skipped() -> None:
    """The machine says so of each arm."""
    hand = Hand(chosen())

    hand.play({"ask c:0": [NO]})

    arms = {id_: status for id_, status in hand.noted.items() if id_.startswith("c//")}
    assert arms == {"c//0": "skipped", "c//1": "running", "c//otherwise": "skipped"}


def test_an_arm_left_out_before_may_be_taken_later() -> None:
    """A choice in a loop decides anew in every pass."""
    hand = Hand(until("l", chosen()))

    trace = hand.play({"ask l/c:0": [NO], "ask l:0": [NO, YES]})

    assert [asked for asked in trace if asked.startswith("call")] == ["call l/c/b", "call l/c/a"]
    assert hand.noted["l/c//0"] == "running"


def test_a_decision_is_remembered() -> None:
    """A run that stopped inside an arm goes on there, whatever the condition says now."""
    hand = Hand(nodes.Choice("c", (("?", body(do("a"), do("b"))),)))
    hand.feed(YES)
    hand.reload()

    assert hand.play() == ["call c/a", "call c/b", "close"]


def test_a_condition_that_fails_ends_the_choice() -> None:
    """No arm is taken."""
    hand = Hand(chosen())

    assert hand.play({"ask c:0": [fx.Failed(Boom())]}) == ["ask c:0", "close"]
    assert hand.noted["c"] == "failed"


# ---------------------------------------------------------------- loops


def test_a_loop_until_does_its_body_first() -> None:
    """It ends when the condition holds."""
    hand = Hand(until("l", do("a")))

    assert hand.play({"ask l:0": [NO, NO, YES]}) == [*["call l/a", "ask l:0"] * 3, "close"]


def loop_while(**options: int) -> nodes.Loop:
    """Make a loop that asks first."""
    return nodes.Loop("l", "more?", body(do("a")), ends_on=False, asks_first=True, **options)


def test_a_loop_while_asks_first() -> None:
    """It ends when the condition does not hold."""
    hand = Hand(loop_while())

    assert hand.play({"ask l:0": [YES, YES, NO]}) == [
        *["ask l:0", "call l/a"] * 2,
        "ask l:0",
        "close",
    ]


def test_a_loop_without_a_pass_skips_its_body() -> None:
    """The loop itself is completed."""
    hand = Hand(loop_while())

    hand.play({"ask l:0": [NO]})

    assert (hand.noted["l"], hand.noted["l/a"]) == ("completed", "skipped")


def test_passes_are_counted_in_the_position() -> None:
    """Whatever the number of passes, it is one number."""
    hand = Hand(until("l", do("a")))
    for done in range(1, 4):
        hand.feed(fx.Done())
        hand.reload()
        assert hand.branch().frames["l"] == {"pass": done}
        hand.feed(NO)


def test_a_loop_entered_again_counts_from_the_start() -> None:
    """An outer pass does not inherit the count of the one before."""
    hand = Hand(until("out", until("in", do("a"), max_passes=2)))

    trace = hand.play({"ask out/in:0": [NO, YES, NO, YES], "ask out:0": [NO, YES]})

    assert trace.count("call out/in/a") == 4
    assert hand.machine.end is not None
    assert hand.machine.end.error is None


@pytest.mark.parametrize("kind", ["until", "while"])
def test_a_loop_beyond_its_passes_fails(kind: str) -> None:
    """The last pass allowed is done; the error names the loop and its limit."""
    loop = until("l", do("a"), max_passes=2) if kind == "until" else loop_while(max_passes=2)
    hand = Hand(loop)

    trace = hand.play({"ask l:0": [NO] * 9 if kind == "until" else [YES] * 9})

    end = hand.machine.end
    assert trace.count("call l/a") == 2
    assert end is not None
    assert isinstance(end.error, TooManyPasses)
    assert str(end.error) == "loop 'l' is not done after 2 passes"
    assert end.failed_at is hand.program.ops["l"]


@pytest.mark.parametrize("kind", ["until", "while"])
def test_a_loop_that_ends_with_its_last_pass_is_done(kind: str) -> None:
    """As many passes as allowed are no failure."""
    loop = until("l", do("a"), max_passes=2) if kind == "until" else loop_while(max_passes=2)
    hand = Hand(loop)

    hand.play({"ask l:0": [NO, YES] if kind == "until" else [YES, YES, NO]})

    assert hand.machine.end is not None
    assert hand.machine.end.error is None


def test_too_many_passes_is_offered_to_a_retry_outside() -> None:
    """An error of the engine is an error like any other."""
    hand = Hand(nodes.Retry("r", body(until("l", do("a"), max_passes=1)), "often"))

    trace = hand.play({"ask r/l:0": [NO, YES], "judge r": [fx.Again()]})

    assert trace == ["call r/l/a", "ask r/l:0", "judge r", "call r/l/a", "ask r/l:0", "close"]


def test_a_loop_with_an_empty_body_asks_again_and_again() -> None:
    """There is nothing to do between two questions."""
    hand = Hand(until("l"))

    assert hand.play({"ask l:0": [NO, NO, YES]}) == ["ask l:0"] * 3 + ["close"]


def test_a_pass_starts_from_the_declaration() -> None:
    """What the pass before inserted or removed is not there any more."""
    hand = Hand(until("l", do("a"), do("b")))
    hand.until("call l/a")
    step = hand.program.ops["l/a"]
    hand.plan.insert_after(step, do("new"), step)
    hand.plan.remove(hand.program.ops["l/b"])

    trace = hand.play({"ask l:0": [NO, YES]})

    assert trace == [
        "call l/a",
        "call l/new",
        "ask l:0",
        "call l/a",
        "call l/b",
        "ask l:0",
        "close",
    ]
    assert order(hand.plan) == ["l", "l/a", "l/b"]
