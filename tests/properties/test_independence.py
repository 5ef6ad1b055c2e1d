"""Runs of one workflow have nothing in common but its definition, also at the same time."""

from __future__ import annotations

import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from gostage import Context, Retry, Runner, Stage, Workflow, action, steps

AT_ONCE = 6


@action(retry=Retry(attempts=3))
def flaky(ctx: Context, number: int) -> None:
    """Fail as often as the run's number says, at most twice, and leave something behind."""
    ctx.store["tries"] = ctx.attempt
    ctx.add_action(note)
    if ctx.attempt <= number % 3:
        raise OSError("not yet")


@action
def note(ctx: Context) -> None:
    """Write down who was here."""
    ctx.store.setdefault("notes", []).append(ctx.path)


@action
def change(ctx: Context, number: int) -> None:
    """Change the plan in a way of its own."""
    for _ in range(number % 4):
        ctx.add_action(note)
    if number % 2:
        ctx.disable(action="odd")
        ctx.add_stage(Stage(f"own {number}", note))
    else:
        ctx.remove_action("even")


def passes(ctx: Context, number: int) -> bool:
    """Whether a loop has made as many passes as the run's number says."""
    ctx.store["passes"] = ctx.store.get("passes", int, default=0) + 1
    return ctx.store["passes"] > number % 5


def everything() -> Workflow:
    """A workflow that behaves differently for each number."""
    body = steps().for_each("f", lambda number: range(number % 3), note)
    first = Stage("s", change, note.options(name="odd"), note.options(name="even"), flaky)
    return Workflow("w", first).loop_until("l", passes, body).parallel("p", a=flaky)


def outcome(runner: Runner, flow: Workflow, number: int) -> tuple[object, ...]:
    """Run it for one number; gives all there is to see."""
    result = runner.run(flow, {"number": number})
    return result.status, dict(result.store), [(s.path, s.status) for s in result.steps]


@settings(max_examples=10)
@given(st.lists(st.integers(0, 60), min_size=AT_ONCE, max_size=AT_ONCE))
def test_runs_at_the_same_time_do_not_disturb_each_other(numbers: list[int]) -> None:
    """Each comes to what it comes to alone."""
    flow, runner = everything(), Runner()
    alone = [outcome(Runner(), everything(), number) for number in numbers]
    together: dict[int, tuple[object, ...]] = {}
    gate = threading.Barrier(AT_ONCE)

    def work(place: int) -> None:
        gate.wait(10)
        together[place] = outcome(runner, flow, numbers[place])

    threads = [threading.Thread(target=work, args=(place,)) for place in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [together[place] for place in range(AT_ONCE)] == alone
