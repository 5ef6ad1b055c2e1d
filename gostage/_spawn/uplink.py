"""The uplink: what a child tells of its work, step by step; to its journal it is a database."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from gostage._db.protocol import Commit
from gostage._engine import effects as fx
from gostage._plugins.notes import add_note
from gostage._run.calls import place_of
from gostage._run.telling import tell_end
from gostage._run.text import to_text
from gostage._run.traces import pack_error
from gostage._spawn.wire import Text

if TYPE_CHECKING:
    from gostage._db.protocol import Item, Lease, Stop
    from gostage._run.context import Context
    from gostage._run.execution import Execution
    from gostage._run.records import Row
    from gostage._spawn.answers import Answers
    from gostage._spawn.link import Link

    # Any: JSON-able data.
    Json = Any


class Uplink:
    """Takes the commits of one piece of work."""

    def __init__(self, link: Link, answers: Answers, number: int, *, waits: bool) -> None:
        self._link = link
        self._answers = answers
        self._number = number
        self._waits = waits
        """Whether the next step may only begin when this one is kept for good."""
        self._run: Execution | None = None
        self._last: Commit | None = None
        """The last step of all, if it was not told at once."""
        self._changed = _Noted()

    def watch(self, run: Execution) -> None:
        """Have the records of a run told as well."""
        self._run = run
        run.records.rows = self._changed

    def commit(self, lease: Lease, commit: Commit, stop: Stop | None = None) -> int:
        """Tell of a step; the journal's way to write one down."""
        del lease, stop
        if not self._waits and self._run is not None and self._run.machine.end is not None:
            self._last = commit  # it goes with the end, which comes now
            return 0
        self._link.send("commit", self.data(commit))
        if self._waits:
            self._answers.wait("ack", self._number)
        return 0

    def rest(self, commit: Commit) -> dict[str, Json]:
        """What was not told yet, with what the journal still has."""
        last = self._last
        if last is None:
            return self.data(commit)
        return self.data(
            Commit(
                commit.at,
                None,
                _joined(last.events_json, commit.events_json),
                _joined(last.changes_json, commit.changes_json),
                left=(*last.left, *commit.left),
                items=(*last.items, *commit.items),
                dropped=(*last.dropped, *commit.dropped),
                signals=(*last.signals, *commit.signals),
            )
        )

    def give_up(self, ctx: Context, error: BaseException, started: float) -> None:
        """Tell of a call that cannot be stopped: it has failed, and the child with it."""
        run, op, effect = ctx.execution, ctx.op, ctx.branch.effect
        add_note(error, f"in {place_of(ctx)}")
        failure = pack_error(error, run.around.codec)
        with run.lock:
            if isinstance(effect, fx.Call):
                row = ("failed", ctx.attempt, started, perf_counter() - started, error)
                run.records.rows[op.id] = run.records.calls[ctx.branch.key] = row
                tell_end(run, ctx.branch, effect, None)
            events = "[]" if run.journal is None else run.journal.events.take()
            commit = self.data(Commit(run.clock.now(), None, events))
        outcome = {"do": "gone", "error": failure, "at": op.id}
        self._link.send("ended", {"n": self._number, "outcome": outcome, "commit": commit})

    def data(self, commit: Commit) -> dict[str, Json]:
        """A commit as the parent reads it; what is empty is left out."""
        data: dict[str, Json] = {"n": self._number, "at": commit.at}
        if commit.position_json is not None:
            data["position"] = Text(commit.position_json)
        if commit.events_json != "[]":
            data["events"] = Text(commit.events_json)
        if commit.changes_json != "[]":
            data["changes"] = Text(commit.changes_json)
        rows = self._rows()
        if rows:
            data["rows"] = rows
        if commit.left or commit.dropped or commit.items or commit.signals:
            data["left"] = list(commit.left)
            data["dropped"] = [list(each) for each in commit.dropped]
            data["items"] = Text(f"[{','.join(map(_item, commit.items))}]")
            data["signals"] = list(commit.signals)
        return data

    def _rows(self) -> list[Json]:
        run = self._run
        if run is None or not self._changed.keys_changed:
            return []
        with run.lock:
            changed = list(self._changed.keys_changed)
            self._changed.keys_changed.clear()
            return [[key, *self._row(run, key)] for key in changed]

    @staticmethod
    def _row(run: Execution, key: str) -> list[Json]:
        told = run.records.told(key)
        if told is None:
            raise AssertionError(f"step {key!r} has no record")
        status, attempts, started, duration, error = told
        failure = None if error is None else pack_error(error, run.around.codec)
        return [status, attempts, started, duration, failure]


def _item(item: Item) -> str:
    place = f"{item.branch},{to_text(item.step)},{to_text(item.kind)},{item.index}"
    return f"[{place},{item.json}]"


def _joined(one: str, other: str) -> str:
    """Two lists of JSON, as one."""
    return other if one == "[]" else one if other == "[]" else f"{one[:-1]},{other[1:]}"


class _Noted(dict[str, "Row"]):
    """Records, and which of them are new."""

    def __init__(self) -> None:
        super().__init__()
        self.keys_changed: dict[str, None] = {}

    def __setitem__(self, key: str, row: Row) -> None:
        super().__setitem__(key, row)
        self.keys_changed[key] = None
