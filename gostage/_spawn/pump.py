"""The pump: drives lanes whose work children do, in one thread; it knows no work.

A thread for each of them would spend more time on handing over to the others than on its own.
"""

from __future__ import annotations

import select
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gostage._run.requests import Carry, Pause
from gostage._spawn.link import LinkLost
from gostage._spawn.wire import WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from gostage._engine.effects import Outcome
    from gostage._run.parts import Part
    from gostage._run.requests import Flow
    from gostage._spawn.link import Link
    from gostage._spawn.wire import Frame

    # One part being carried out: it yields the link of its child, and is sent the next frame that
    # comes there, or None if a while has passed.
    Errand = Generator[Link, "Frame | None", Outcome | None]
    # Any: replies differ by request.
    Serve = Callable[[Any], Any]

LIVE: Final = 0.25
"""Seconds after which an errand is told that a while has passed."""


def see_through(errand: Errand) -> Outcome | None:
    """Carry out one part; blocks."""
    try:
        link = next(errand)
        while True:
            try:
                frame = link.receive(LIVE)
            except (LinkLost, WireError) as error:
                link = errand.throw(error)
            else:
                link = errand.send(frame)
    except StopIteration as stop:
        outcome: Outcome | None = stop.value
        return outcome


class _Visit(NamedTuple):
    """What one child is at."""

    link: Link
    flow: Flow
    errand: Errand


class Pump:
    """Drives some lanes until all have come to an end."""

    def __init__(self, begin: Callable[[Part], Errand], serve: Serve) -> None:
        self._begin = begin
        self._serve = serve
        self._ready: deque[tuple[Flow, Any]] = deque()
        """Lanes that can go on, each with the reply to what it asked for."""
        self._waiting: list[tuple[Flow, Pause, float | None]] = []
        """Lanes that wait for the outside world, and until when."""
        self._out: dict[int, _Visit] = {}
        """What children are at, by the descriptors of their links."""
        self._poll = select.poll()
        self._errors: list[BaseException] = []

    def drive(self, flows: Sequence[Flow]) -> None:
        """Drive them; raises the first error of any, when all are through."""
        self._ready.extend((flow, None) for flow in flows)
        looked = time.monotonic()
        while self._ready or self._out or self._waiting:
            while self._ready:
                self._go_on(*self._ready.popleft())
            if self._waiting:
                self._wake()
            if self._out and not self._ready:
                for descriptor, _ in self._poll.poll(LIVE * 1000):
                    self._hear(descriptor)
            now = time.monotonic()
            if now - looked >= LIVE:
                looked = now
                for descriptor, visit in list(self._out.items()):
                    self._tell(descriptor, visit, None)
        if self._errors:
            raise self._errors[0]

    def _go_on(self, flow: Flow, reply: object) -> None:
        try:
            request = flow.send(reply)
        except StopIteration:
            return
        except BaseException as error:  # noqa: BLE001 - raised when the others are through
            self._errors.append(error)
            return
        if type(request) is Pause:
            until = None if request.seconds is None else time.monotonic() + request.seconds
            self._waiting.append((flow, request, until))
            return
        if type(request) is not Carry:
            self._ready.append((flow, self._serve(request)))
            return
        errand = self._begin(*request.args)
        try:
            link = next(errand)
        except BaseException as error:  # noqa: BLE001 - the flow decides what it means
            self._end(flow, error)
        else:
            self._out[link.descriptor] = _Visit(link, flow, errand)
            self._poll.register(link.descriptor, select.POLLIN)

    def _wake(self) -> None:
        """Have those go on that have waited long enough; wait with them if all do."""
        if not self._out and not any(each.wake() for _, each, _ in self._waiting):
            ends = [until for _, _, until in self._waiting if until is not None]
            left = max(0.0, min(ends) - time.monotonic()) if ends else None
            requests = [request for _, request, _ in self._waiting]
            self._serve(Pause(left, lambda: any(each.wake() for each in requests)))
        waiting, self._waiting = self._waiting, []
        now = time.monotonic()
        for flow, request, until in waiting:
            if request.wake() or (until is not None and now >= until):
                self._ready.append((flow, None))
            else:
                self._waiting.append((flow, request, until))

    def _hear(self, descriptor: int) -> None:
        """Take what has come from a child."""
        visit = self._out[descriptor]
        goes_on = True
        while goes_on:
            try:
                frame = visit.link.receive(0)
            except (LinkLost, WireError) as error:
                goes_on = self._tell(descriptor, visit, error)
            else:
                goes_on = frame is not None and self._tell(descriptor, visit, frame)

    def _tell(self, descriptor: int, visit: _Visit, what: Frame | Exception | None) -> bool:
        """Say what came, if anything; whether the errand goes on."""
        try:
            if isinstance(what, Exception):
                visit.errand.throw(what)
            else:
                visit.errand.send(what)
        except BaseException as error:  # noqa: BLE001 - as above
            del self._out[descriptor]
            self._poll.unregister(descriptor)
            self._end(visit.flow, error)
            return False
        return True

    def _end(self, flow: Flow, end: BaseException) -> None:
        reply = (end.value, None) if isinstance(end, StopIteration) else (None, end)
        self._ready.append((flow, reply))
