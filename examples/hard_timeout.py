"""Shows a timeout that holds: a loop that never looks up is ended with its process.

Output:

    polite: the child cleans up
    polite: failed, action 'polite' took longer than 0.3 seconds
    stubborn: failed, action 'stubborn' took longer than 0.3 seconds
    this process goes on
"""

from __future__ import annotations

import itertools

from gostage import Isolate, Runner, Workflow, action


@action(isolate=True, timeout=0.3)
def polite() -> None:
    """Loop for ever, in Python: it is interrupted, and can clean up."""
    number = 0
    try:
        while True:
            number += 1
    finally:
        print("polite: the child cleans up")


@action(isolate=Isolate(grace=0.2), timeout=0.3)
def stubborn() -> None:
    """Loop for ever, in C: nothing interrupts that, and after the grace the process is killed."""
    all(itertools.repeat(True))


polite_flow = Workflow("polite").do(polite)
stubborn_flow = Workflow("stubborn").do(stubborn)

if __name__ == "__main__":
    with Runner() as runner:
        for flow in (polite_flow, stubborn_flow):
            result = runner.run(flow)
            print(f"{flow.id}: {result.status}, {result.error}")
    print("this process goes on")
