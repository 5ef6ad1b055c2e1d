"""The chronicle: what happened to a run since its last commit, as the text that is kept of it.

It is told what happened, and decides nothing; events of steps are written by hand, since there are
two of them in every commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._run.text import quoted, to_text

if TYPE_CHECKING:
    from gostage._engine.ops import Op
    from gostage._run.events import Record
    from gostage._run.records import Row


class Chronicle:
    """Events as text; any thread may add some while another one takes them."""

    __slots__ = ("_texts",)

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, record: Record) -> None:
        """Note anything."""
        self._texts.append(to_text(record))

    def add_start(self, at: float, op: Op, attempt: int) -> None:
        """Note that a step begins: what `add` writes of it, in a third of the time."""
        self._texts.append(
            f'["step_started",{float(at)!r},{quoted(op.id)},{{"kind":"{op.kind}","attempt":{attempt}}}]'
        )

    def add_end(self, at: float, op: Op, row: Row) -> None:
        """Note that a step ended without an error, in the same way."""
        status, attempts, _, duration, _ = row
        self._texts.append(
            f'["step_ended",{float(at)!r},{quoted(op.id)},{{"kind":"{op.kind}","status":"{status}",'
            f'"attempts":{attempts},"duration":{duration!r},"error":null}}]'
        )

    def take(self) -> str:
        """All of it, as a list in JSON; it begins anew then."""
        texts = self._texts
        many = len(texts)  # others may add some meanwhile
        text = f"[{','.join(texts[:many])}]"
        del texts[:many]
        return text
