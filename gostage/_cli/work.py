"""Work: what the commands share that go on with several runs: how it looks, and how it stops."""

from __future__ import annotations

import json
import signal
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from gostage._app.crew import AT_WORK
from gostage._app.past.finding import short_id
from gostage._app.worklines import lines_of
from gostage._cli.output import show
from gostage._cli.screen import let_go

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from gostage._app.worker import Worker
    from gostage._app.worknotes import WorkNote
    from gostage._cli.common import Common

STOPPING: Final = b"gostage: stopping; another Ctrl-C kills\n"


@contextmanager
def stopping(worker: Worker) -> Iterator[None]:
    """Have a worker stop at Ctrl-C and SIGTERM."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, lambda *_: worker.stop()) for each in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def run_at_work() -> str:
    """What stands before a line of the log: which run it is from."""
    row = AT_WORK.get()
    return "" if row is None else f"[{row.workflow} {short_id(row.run_id)}] "


def as_text(common: Common) -> Callable[[WorkNote], None]:
    """Show notes as lines."""

    def tell(note: WorkNote) -> None:
        show(lines_of(note, is_quiet=common.is_quiet, is_verbose=common.is_verbose), common)

    return tell


def as_json(out: TextIO) -> Callable[[WorkNote], None]:
    """Write notes as JSON, each on a line of its own."""

    def tell(note: WorkNote) -> None:
        try:
            out.write(json.dumps(data_of(note), ensure_ascii=False) + "\n")
            out.flush()
        except BrokenPipeError:  # nobody reads it any more, and the work goes on
            let_go(out)

    return tell


# Any: JSON-able data.
def data_of(note: WorkNote) -> dict[str, Any]:
    """A note as JSON; what it has nothing to say about is left out."""
    data = asdict(note)
    for name in ("at", "until"):
        if data[name] is not None:
            data[name] = datetime.fromtimestamp(data[name], timezone.utc).isoformat()
    data["at_work"] = list(note.at_work)
    return {name: value for name, value in data.items() if value not in (None, "", [])}
