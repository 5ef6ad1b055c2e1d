"""Shows an expense that waits for an approval in a database, and no process with it.

Output:

    waiting: somebody has to approve it
    completed: 300 paid, approved by Grace
    called: enter, pay
"""

from __future__ import annotations

from gostage import Context, Runner, Workflow, action, steps


@action
def enter(ctx: Context, amount: int) -> None:
    """Enter the expense."""
    ctx.log.info("%d entered", amount)


def is_large(amount: int) -> bool:
    """Tell whether somebody has to approve it."""
    return amount > 100


@action(provides="paid")
def pay(amount: int, approval: dict[str, str] | None = None) -> str:
    """Pay it; whoever pays for real hands `ctx.step_key` to the bank."""
    return f"{amount} paid, approved by {approval['by'] if approval else 'nobody'}"


expense = (
    Workflow("expense", initial={"amount": 300})
    .do(enter)
    .case("large", is_large, steps().receive("approval", into="approval"))
    .do(pay)
)

if __name__ == "__main__":
    with Runner("runs.db") as runner:
        result = runner.run(expense, run_id="chair")
        print(f"{result.status}: somebody has to approve it")

    with Runner("runs.db") as another:  # in another process, a week later
        result = another.signal("chair", "approval", {"by": "Grace"})
        print(f"{result.status}: {result.store['paid']}")
        ended = [each for each in another.history("chair") if each.kind == "step_ended"]
        called = [each.path for each in ended if each.data["kind"] == "action"]
        print(f"called: {', '.join(called)}")
