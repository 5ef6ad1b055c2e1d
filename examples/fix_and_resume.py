"""Shows a run that fails, is mended, and goes on where it failed; what was done stays done.

Output:

    failed: there are no rates
    completed: 30 EUR are 33 USD
    input/fetch: completed, 1 time
    output/read_rates: failed and completed, 2 times
"""

from __future__ import annotations

from pathlib import Path

from gostage import Runner, Workflow, action

RATES = Path("rates.txt")


@action(provides="amount")
def fetch() -> int:
    """Take long, in real life."""
    return 30


@action(provides="rate")
def read_rates() -> float:
    """Need a file that somebody forgot."""
    if not RATES.exists():
        raise LookupError("there are no rates")
    return float(RATES.read_text(encoding="utf-8"))


@action(provides="text")
def convert(amount: int, rate: float) -> str:
    """Say what it comes to."""
    return f"{amount} EUR are {amount * rate:.0f} USD"


report = Workflow("report").stage("input", fetch).stage("output", read_rates, convert)

if __name__ == "__main__":
    with Runner("runs.db") as runner:
        result = runner.run(report, run_id="monday")
        print(f"{result.status}: {result.error}")

        RATES.write_text("1.1", encoding="utf-8")
        result = runner.resume("monday")
        print(f"{result.status}: {result.store['text']}")

        ended = [each for each in runner.history("monday") if each.kind == "step_ended"]
        for path in ("input/fetch", "output/read_rates"):
            how = [each.data["status"] for each in ended if each.path == path]
            print(f"{path}: {' and '.join(how)}, {len(how)} time{'s' if len(how) > 1 else ''}")
