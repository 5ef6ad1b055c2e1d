"""Shows the plugin `audit`: a file that says, line by line, who ran what and when.

Output:

    run_started   -
    step_ended    gift        skipped
    step_started  pay
    step_started  pay/charge
    step_ended    pay/charge  failed ['money'] ValueError
    step_ended    pay         failed ValueError
    run_ended     -           failed ValueError
    by the same user on the same host: True
    without the card's number: True
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from gostage import Runner, Workflow, action


@action(tags=["money"])
def charge(card: str) -> None:
    """Fail with a text that says too much."""
    raise ValueError(f"card {card} was refused")


shop = Workflow("shop").stage("gift", action(lambda: None, name="wrap")).stage("pay", charge)
shop.disable(stage="gift")


def shown(entry: dict[str, Any]) -> str:
    """Show one line of the file."""
    more = [str(entry[key]) for key in ("status", "tags", "error") if entry.get(key)]
    return f"{entry['event']:13} {entry.get('path', '-'):11} {' '.join(more)}".rstrip()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "audit.jsonl")
        settings = {"audit": {"path": str(file)}}
        with Runner(plugins=["gostage_plugins.audit"], config=settings) as runner:
            runner.run(shop, {"card": "4111 1111"})
        text = file.read_text(encoding="utf-8")
    entries = [json.loads(line) for line in text.splitlines()]
    print("\n".join(map(shown, entries)))
    print("by the same user on the same host:", len({(e["user"], e["host"]) for e in entries}) == 1)
    print("without the card's number:", "4111" not in text)
