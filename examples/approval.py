"""Shows two ways to wait for a person: an action that suspends, and a step that receives a signal.

Output:

    waiting: how many do you want?
    waiting: approval
    completed: 3 chairs, approved by Grace
"""

from __future__ import annotations

from gostage import Context, Runner, Workflow, action


@action(provides="count")
def ask(ctx: Context, thing: str) -> int:
    """Suspend the first time; when the run is resumed, this is called again with the answer."""
    if not ctx.resuming:
        ctx.suspend("how many do you want?", thing=thing)
    return int(ctx.resume_data)


@action(provides="order")
def place(thing: str, count: int, approval: dict[str, str]) -> str:
    """Use both answers."""
    return f"{count} {thing}s, approved by {approval['by']}"


purchase = Workflow("purchase").do(ask).receive("approval", into="approval").do(place)

if __name__ == "__main__":
    with Runner() as runner:
        result = runner.run(purchase, {"thing": "chair"})
        assert result.suspended is not None
        print(f"{result.status}: {result.suspended.reason}")
        result = runner.resume(result.run_id, 3)
        print(f"{result.status}: approval")
        result = runner.signal(result.run_id, "approval", {"by": "Grace"})
        print(f"{result.status}: {result.store['order']}")
