"""Shows a run that leaves its process at a sleep, and is gone on with when it is due.

Output:

    sleeping: 1 letter
    not due: 0 went on
    due: 1 went on
    completed: 2 letters
"""

from __future__ import annotations

from gostage import Context, Runner, Workflow, action
from gostage.testing import FakeClock

WEEK = 7 * 24 * 3600


@action
def write(ctx: Context) -> None:
    """Write a letter."""
    ctx.store["letters"] = ctx.store.get("letters", int, default=0) + 1


reminder = Workflow("reminder").do("invoice", write).sleep("a week", WEEK).do("reminder", write)
"""At the terminal: `gostage run --detach examples/reminder.py:reminder`, then `gostage worker`."""


def go_on(runner: Runner) -> int:
    """Go on with what is due, as `gostage worker` does for ever; gives how many runs went on."""
    sleeping = runner.runs(status="sleeping")
    results = [runner.resume(each.run_id, detach=True) for each in sleeping]
    return sum(each.status != "sleeping" for each in results)


if __name__ == "__main__":
    clock = FakeClock()  # a week is too long for an example
    with Runner("runs.db", clock=clock) as runner:
        result = runner.run(reminder, run_id="r-1", detach=True)
        print(f"{result.status}: {result.store['letters']} letter")

    with Runner("runs.db", clock=clock) as later:
        print(f"not due: {go_on(later)} went on")
        clock.pass_by(WEEK)
        print(f"due: {go_on(later)} went on")
        done = later.get("r-1")
        letters = later.run(reminder, run_id="r-1").store["letters"]
        print(f"{done.status}: {letters} letters")
