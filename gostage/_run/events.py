"""Events: everything that happens to a run, as one stream of values that listeners are told.

Where nobody listens there is no teller, and nothing is made.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping

    from gostage._run.chronicle import Chronicle
    from gostage._run.clock import Clock

    Listener = Callable[["Event"], object]
    # Any: JSON-able data, as in `Event`. The time is in seconds since the epoch.
    Record = tuple[str, float, str, dict[str, Any]]

Kind = Literal[
    "run_started",
    "run_resumed",
    "run_paused",
    "run_ended",
    "step_started",
    "step_ended",
    "step_retried",
    "items_listed",
    "plan_changed",
    "message",
    "code_changed",
    "plan_accepted",
    "run_forked",
    "run_taken_over",
]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `path` is the step it happened to, empty for the run itself.

    What `data` holds, by kind:

    - `run_started`, `run_resumed`: `workflow`
    - `run_paused`: `status` (waiting or sleeping) and `awaits`, what it waits for
    - `run_ended`: `status`, `duration`, `error`
    - `step_started`: `kind` (action, stage, loop, …) and `attempt`
    - `step_ended`: `kind`, `status`, `attempts`, `duration`, `error`; of an action once for each
      attempt; a skipped step ends without having started
    - `step_retried`: `kind`, the `attempt` that failed, `error`
    - `items_listed`: `total`, how many items a for_each goes over
    - `plan_changed`: `change` (insert, remove, disable, enable) and `items`, their paths
    - `message`: `type` and `seq`; not the payload, which may be secret
    - `code_changed`: `actions`, the paths of those whose code is not what it was
    - `plan_accepted`: `added` and `removed`, the paths of steps that were not, or are no more
    - `run_forked`: `run` and `step`, where the run was forked from
    - `run_taken_over`: `host` and `pid` of the process that did not live to end it

    The last four only happen to runs in a database.

    A step inside a for_each has `item` too, the index of the item. An `error` is `None`, or has
    `type` and `message`.
    """

    kind: Kind
    at: datetime
    run_id: str
    path: str
    data: Mapping[str, Any]  # Any: JSON-able data of any shape


class Teller:
    """Tells listeners what happens to one run, one event after the other."""

    __slots__ = ("_chronicle", "_clock", "_listeners", "_lock", "_log", "_run_id", "last", "only")

    def __init__(
        self,
        run_id: str,
        clock: Clock,
        listeners: Iterable[tuple[str, Listener]],
        log: Callable[[], logging.Logger],
    ) -> None:
        self._run_id = run_id
        self._clock = clock
        self._listeners = dict(listeners)
        self._log = log
        self._lock = threading.RLock()  # branches may run in several threads
        self.last: tuple[str, str, BaseException | None] | None = None
        """Which item the machine noted last, and how."""
        self._chronicle: Chronicle | None = None
        self.only: Chronicle | None = None
        """The chronicle, if nobody else listens: it may be told of a plain step itself."""

    def write_to(self, chronicle: Chronicle) -> None:
        """Have everything that is told kept as well, before anybody else hears of it."""
        self._chronicle = chronicle
        self.only = None if self._listeners else chronicle

    # Any: as in `Event`.
    def tell(self, kind: Kind, path: str = "", /, **data: Any) -> None:  # noqa: ANN401
        """Tell everybody; who fails is heard of in the log, and told no more of this run."""
        self.take(kind, path, data)

    def take(self, kind: Kind, path: str, data: dict[str, Any], at: float | None = None) -> None:
        """The same with data that is put together already: one is told for every step.

        What happened in another process comes with its time.
        """
        with self._lock:
            now = self._clock.now() if at is None else at
            if self._chronicle is not None:
                self._chronicle.add((kind, now, path, data))
            if not self._listeners:
                return
            when = datetime.fromtimestamp(now, timezone.utc)
            event = Event(kind, when, self._run_id, path, data)
            for name, listener in list(self._listeners.items()):
                try:
                    listener(event)
                except KeyboardInterrupt:
                    raise
                except BaseException:  # noqa: BLE001  # whatever a listener raises, the run goes on
                    self._listeners.pop(name, None)
                    self._log().exception(
                        "plugin %r failed in hook gostage_event, at %s of %r; "
                        "it is told no more of run %r",
                        name,
                        kind,
                        path or self._run_id,
                        self._run_id,
                    )


def error_data(error: BaseException | None) -> dict[str, str] | None:
    """An error as events show it."""
    if error is None:
        return None
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  # a user's class may do anything when it is asked for a text
        text = ""
    return {"type": type(error).__name__, "message": text}
