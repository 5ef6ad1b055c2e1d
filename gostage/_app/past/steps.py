"""Steps of the past: how each item of a run stands, by its events and by where the run stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gostage._app.past.planned import SINGLE, Plan, Planned, owner_of, shown, with_more
from gostage._app.past.saved import branches_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gostage._app.past.planned import Mark
    from gostage._app.past.saved import Data, Happening, Saved
    from gostage._app.past.stores import StoreChange

_KEPT: Final = 10
"""How many failures of one step are told, of those it had for several items."""
_ENDED: Final = frozenset({"completed", "failed", "bailed", "cancelled"})
_NOT_OVER: Final = frozenset({"waiting", "sleeping", "interrupted", "blocked"})
_DOES: Final[Mapping[str, str]] = {"pause": "sleeping", "listen": "waiting", "hold": "waiting"}
_IN_THE_MIDDLE: Final = frozenset({"call", "ask", "judge", "items", "start"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PastStep:
    """How one item of a run stands; one that ran several times shows the last time."""

    path: str
    kind: str
    status: str
    attempts: int = 0
    started: float | None = None
    duration: float | None = None
    error: Data | None = None
    """`type` and `message`."""
    item: int | None = None
    """Of a step inside a for_each, the index of the item it ran for last."""
    how: Mapping[str, int] = field(default_factory=dict)
    """How often it ended how."""
    failures: tuple[tuple[int, Data], ...] = ()
    """The first items that it failed for, each with the error."""
    mark: Mark = ""
    until: float | None = None
    """Of what waits or sleeps, when that is over, if it ever is by itself."""
    seq: int | None = None
    """The commit in which it ended last."""
    changes: tuple[StoreChange, ...] = ()
    """What it changed in the store, the last time."""


class Steps:
    """How each item stands, taken in commit by commit."""

    def __init__(self, run_id: str, plan_json: str | None) -> None:
        self.plan = Plan(plan_json, run_id)
        self.first: list[StoreChange] = []
        """What changed in the store before any step."""
        self._rows: dict[str, _Row] = {}
        self._last = ""
        self._position: Data = {}

    def take(self, saved: Saved, changes: Sequence[StoreChange] = ()) -> None:
        """Take in a commit, and what it changed in the store."""
        self.plan.take(saved)
        for each in saved.happenings:
            handle = _HANDLERS.get(each.kind)
            if handle is not None:
                path = shown(each.path)
                row = self._rows.get(path)
                if row is None:
                    row = self._rows[path] = _Row(str(each.data.get("kind") or "action"))
                handle(row, each)
                if row.kind != "action":
                    self._look_inside(path, row, each)
        self._give(saved, changes)

    def stand(self, position: Data) -> None:
        """Say where the run stands now."""
        self._position = position

    def listed(self, status: str, *, with_past: bool = True) -> list[PastStep]:
        """Every item of the plan in its order; `status` is that of the run.

        With its past it has what was inserted for an earlier pass, or for one item, as well.
        """
        items = self.plan.items()
        if with_past:
            known = {each.path for each in items}
            more = [(path, row.kind) for path, row in self._rows.items() if path not in known]
            items = with_more(items, (Planned(path, kind, "inserted") for path, kind in more))
        kinds = {each.path: each.kind for each in items}
        self._look_around(status, kinds)
        return list(self._steps(items, status, kinds))

    # ---------------------------------------------------------------- inside

    def _look_inside(self, path: str, row: _Row, each: Happening) -> None:
        """Settle what became of failures inside an item that is tried again, or has failed too."""
        is_failed = row.kind == "for_each" and row.status == "failed"
        if each.kind != "step_retried" and not is_failed:
            return
        for inner, below in self._rows.items():
            if below.failures and inner.startswith(f"{path}/"):
                if each.kind == "step_retried":
                    below.failures = []
                elif is_failed:  # though a later item may have got through
                    below.status = "failed"

    def _give(self, saved: Saved, changes: Sequence[StoreChange]) -> None:
        """Give the changes to the steps that made them."""
        ended = []
        for each in saved.happenings:
            if each.kind == "step_ended":
                self._rows[each.path].seq = saved.seq
                if each.data.get("status") != "skipped":
                    ended.append(each.path)
        single = [path for path in ended if self._rows[path].kind in SINGLE]
        self._last = single[-1] if single else self._last
        begun = [each.path for each in saved.happenings if each.kind == "step_started"]
        last = next((paths[-1] for paths in (single, ended, begun) if paths), None)
        holders = [*ended, *begun]
        for change in changes:
            owner = self.plan.maker(change.key, holders) or last
            if owner is None:
                self.first.append(change)
            else:
                self._rows[owner].changes.append(change)

    def _look_around(self, status: str, kinds: Mapping[str, str]) -> None:
        """Mark what the run stands in, which no event tells while it is going on."""
        if status in _ENDED or status == "pending":
            return
        for branch in branches_of(self._position).values():
            path, does = shown(str(branch["at"])), str(branch.get("do"))
            self._mark_above(path, status, kinds)
            if path not in kinds:
                continue
            row = self._rows.setdefault(path, _Row(kinds[path]))
            if does in _DOES:
                row.reopen(_DOES[does])
                row.until = _seconds(branch.get("until"))
            elif status in {"running", "interrupted"} and does in _IN_THE_MIDDLE:
                row.reopen(status)

    def _mark_above(self, path: str, status: str, kinds: Mapping[str, str]) -> None:
        above = owner_of(path, kinds)
        while above:
            row = self._rows.setdefault(above, _Row(kinds[above]))
            row.reopen(status if status in _NOT_OVER else "running")
            above = owner_of(above, kinds)

    def _steps(
        self, items: Sequence[Planned], status: str, kinds: Mapping[str, str]
    ) -> Iterator[PastStep]:
        left_out = self._left_out(status, kinds)
        taken = {
            (owner_of(path, kinds), arm)
            for path, arm in self.plan.arms.items()
            if path in self._rows and self._rows[path].status not in {"", "skipped"}
        }
        chosen = {case for case, _ in taken}
        for each in items:
            above = owner_of(each.path, kinds)
            row = self._rows.get(each.path)
            if row is None or not row.status:
                arm = self.plan.arms.get(each.path)
                is_not_taken = arm is not None and above in chosen and (above, arm) not in taken
                is_skipped = above in left_out or each.mark == "removed" or is_not_taken
                if is_skipped:
                    left_out.add(each.path)
                yield PastStep(
                    path=each.path,
                    kind=each.kind,
                    status="skipped" if is_skipped else "pending",
                    mark=each.mark,
                )
            else:
                yield row.step(each)

    def _left_out(self, status: str, kinds: Mapping[str, str]) -> set[str]:
        """The items that nothing will run in any more: what was not reached there was skipped."""
        over = {path for path, row in self._rows.items() if row.status in {"completed", "skipped"}}
        if status == "completed":
            over.add("")
        broken = [path for path, row in self._rows.items() if row.status in {"failed", "cancelled"}]
        for path in (*broken, self._last) if status == "bailed" else broken:
            above = path
            while above:
                above = owner_of(above, kinds)
                over.discard(above)
        return over


class _Row:
    """One item, as far as is known."""

    __slots__ = (
        "attempts",
        "changes",
        "duration",
        "error",
        "failures",
        "has_begun",
        "how",
        "item",
        "kind",
        "seq",
        "started",
        "status",
        "until",
    )

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.status = ""
        self.attempts = 0
        self.has_begun = False
        """Whether it has begun since it ended last."""
        self.started: float | None = None
        self.duration: float | None = None
        self.error: Data | None = None
        self.item: int | None = None
        self.how: dict[str, int] = {}
        self.failures: list[tuple[int, Data]] = []
        self.until: float | None = None
        self.seq: int | None = None
        self.changes: list[StoreChange] = []

    def begin(self, each: Happening) -> None:
        """It begins, maybe again."""
        attempt = _count(each.data.get("attempt"), 1)
        if attempt == 1 or self.started is None:
            self.started = each.at
            if self.status != "waiting":  # else it is called again, and goes on with what it did
                self.changes = []
        self.status, self.attempts = "running", attempt
        self.has_begun, self.duration, self.error = True, None, None
        self.item = _index(each.data)

    def end(self, each: Happening) -> None:
        """It has ended, for this time."""
        data = each.data
        duration = _seconds(data.get("duration"))
        status = str(data.get("status"))
        if duration is None and not self.has_begun and "skipped" not in (status, self.status):
            self._end_again(status)
        self.status, self.has_begun = status, False
        self.attempts = _count(data.get("attempts"), self.attempts)
        error = data.get("error")
        self.duration = self.duration if duration is None else duration
        self.error = error if isinstance(error, dict) else None
        self.item = _index(data)
        if self.status != "waiting":  # then it is called again
            self.how[self.status] = self.how.get(self.status, 0) + 1
        if self.started is None and self.attempts:
            self.started = each.at - (self.duration or 0.0)
        if self.duration is None and self.started is not None:  # it began in another session
            self.duration = max(0.0, each.at - self.started)
        if self.failures:
            self.failures = [failure for failure in self.failures if failure[0] != self.item]
        if self.status == "failed" and self.error is not None and self.item is not None:
            self.failures.append((self.item, self.error))
            del self.failures[_KEPT:]

    def _end_again(self, status: str) -> None:
        """It had ended in another session already, and ends once more: that is no other time."""
        if self.how.get(self.status):
            self.how[self.status] -= 1
        if self.status != status:
            self.duration = None

    def retry(self, each: Happening) -> None:
        """The attempt that failed was not the last."""
        if self.how.get("failed") and self.kind == "action":
            self.how["failed"] -= 1
            self.failures = [f for f in self.failures if f[0] != _index(each.data)]

    def reopen(self, status: str) -> None:
        """It is going on, whatever became of it before."""
        if self.status != status:
            self.status, self.duration, self.error = status, None, None
        self.attempts = max(self.attempts, 1)

    def step(self, planned: Planned) -> PastStep:
        """Show it."""
        return PastStep(
            path=planned.path,
            kind=planned.kind or self.kind,
            status=self.status,
            attempts=self.attempts,
            started=self.started,
            duration=self.duration,
            error=self.error,
            item=self.item,
            how={status: count for status, count in self.how.items() if count},
            failures=tuple(self.failures),
            mark=planned.mark,
            until=self.until,
            seq=self.seq,
            changes=tuple(self.changes),
        )


_HANDLERS: Final = {
    "step_started": _Row.begin,
    "step_ended": _Row.end,
    "step_retried": _Row.retry,
}


def _count(value: Any, default: int) -> int:  # noqa: ANN401  # Any: JSON
    return value if isinstance(value, int) else default


def _seconds(value: Any) -> float | None:  # noqa: ANN401  # Any: as above
    return value if isinstance(value, (int, float)) else None


def _index(data: Data) -> int | None:
    item = data.get("item")
    return item if isinstance(item, int) else None
