"""Talks: one piece of work of one child, from the task to what came of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from gostage._engine import effects as fx
from gostage._plugins.notes import text_of
from gostage._run.deadlines import attempt_timed_out, out_of_time
from gostage._run.printing import STREAMS
from gostage._run.traces import pack_error
from gostage._spawn.alarm import ALARM
from gostage._spawn.letters import Known, from_frame, refusal
from gostage._spawn.link import LinkLost
from gostage._spawn.news import TYPES, News
from gostage._spawn.pump import LIVE
from gostage._spawn.shapes import EMPTY
from gostage._spawn.spawning import Spawn, tell
from gostage._spawn.wire import PROTOCOL, WireError
from gostage.errors import ChildError, MessageError, TimedOut, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gostage._run.parts import Part
    from gostage._run.printing import Sheet
    from gostage._spawn.backend import Child
    from gostage._spawn.pump import Errand

    # Any: JSON-able data.
    Json = Any

LATER: Final = 0.25
"""Seconds that a child has to notice by itself that its time is up: it knows where it was."""
PATIENCE: Final = 5.0
"""Seconds that a child has to be gone after it has hung up."""


class Talk:
    """What parent and child say to each other about one part."""

    def __init__(self, part: Part, child: Child, spawn: Spawn, grace: float) -> None:
        self._part = part
        self._child = child
        self._spawn = spawn
        self.grace = grace
        self._failure: MessageError | None = None
        """What becomes of the part if a handler failed at a message that did not wait for it."""
        self._news: News | None = None
        self._began = time.time()
        self._late: TimedOut | None = None
        self._sheet: Sheet | None = None
        """What the child prints, once it prints something."""
        self.is_clean = False
        """Whether the child is ready for another piece of work."""

    def hold(self, task: Mapping[str, Json], definition: Mapping[str, Json] | None) -> Errand:
        """Have the child do it; gives the outcome, or nothing if the part waits."""
        part, run = self._part, self._part.run
        watch = run.watch(part.branch, self._stop)
        alarm = self._set_alarm()
        try:
            if definition is not None:
                self._child.link.send("define", definition, flush=False)
            self._child.link.send("task", task)
            self._begin_news()
            outcome = yield from self._listen(task["n"])
        except LinkLost:
            outcome = self._crashed()
        except WireError as error:
            self._child.kill()
            outcome = part.failed(self._nonsense(str(error)))
        else:
            outcome = self._refused(outcome)
        finally:
            run.unwatch(watch)
            if alarm is not None:
                ALARM.cancel(alarm)
        return outcome

    # ---------------------------------------------------------------- listening

    def _listen(self, number: int) -> Errand:
        link, looked = self._child.link, time.monotonic()
        while True:
            received = yield link
            if time.monotonic() - looked >= LIVE:
                self._show_output()
                looked = time.monotonic()
            if received is None:
                continue
            kind, data = received
            if kind == "message":
                self._take_message(data)
            elif kind == "hello":
                self._check_hello(data)
            elif data["n"] != number:
                raise WireError(f"it speaks of task {data['n']}, and has task {number}")
            elif kind == "commit":
                self._absorb(data, is_last=False)
                if not self._part.counts:
                    link.close()  # nothing more of it is kept: it is to do nothing more
                elif self._part.is_kept:
                    link.send("ack", {"n": number})
            else:
                return self._end(data)

    def _absorb(self, commit: Mapping[str, Json], *, is_last: bool) -> None:
        try:
            commit = {**EMPTY, **commit}
            self._part.absorb(commit, is_last=is_last)
            if self._news is not None:
                self._tell(lambda news: news.changed(commit["changes"]))
        except Exception as error:  # what a stranger sends may go wrong in any way
            raise WireError(f"what it did makes no sense here: {error}") from error

    def _end(self, data: Mapping[str, Json]) -> fx.Outcome | None:
        do = data["outcome"]["do"]
        if data["commit"] is not None:
            commit = data["commit"]
            if self._part.is_call and self._failure is not None:
                commit = {**commit, "changes": []}  # it counts as an attempt that failed
            # Where it waits, another child goes on with what it leaves.
            self._absorb(commit, is_last=do != "waits")
        self.is_clean = do in ("done", "failed", "waits", "suspend")
        if do in ("stopped", "terminated") and self._late is not None:
            return self._part.failed(self._late)
        if do == "exit":
            self._child.stop(self.grace)
        try:
            return self._part.outcome(data["outcome"])
        except Exception as error:  # as above
            raise WireError(f"how it ended makes no sense here: {error}") from error

    def _check_hello(self, data: Mapping[str, Json]) -> None:
        self._spawn.pid, self._spawn.is_up = self._child.pid or data["pid"], True
        if data["protocol"] != PROTOCOL:
            raise WireError(
                f"it speaks version {data['protocol']} of the protocol, and this is {PROTOCOL}"
            )

    # ---------------------------------------------------------------- messages

    def _begin_news(self) -> None:
        """Tell what the child does, as messages, if anybody asked for them."""
        part, hub = self._part, self._part.run.around.hub
        if not hub.has_handlers(*TYPES):
            return
        child = Known(self._child.id, self._child.pid or 1, self._spawn.depth)
        workflow = part.run.workflow.id
        self._news = News(
            hub, part.run.around.codec, run=part.run.run_id, workflow=workflow, child=child
        )
        self._tell(lambda news: news.began(part.path))

    def _tell(self, what: Callable[[News], object]) -> None:
        try:
            if self._news is not None:
                what(self._news)
        except MessageError as error:
            self._failure = self._failure or error

    def _refused(self, outcome: fx.Outcome | None) -> fx.Outcome | None:
        """What it comes to if a handler failed at what was told of it."""
        if self._news is not None:
            error = getattr(outcome, "error", None)
            status = "waiting" if outcome is None else "completed" if error is None else "failed"
            text = None if error is None else text_of(error)
            self._tell(lambda news: news.ended(self._part.path, status, text))
        if self._failure is not None and isinstance(outcome, fx.Done):
            return self._part.failed(self._failure)
        return outcome

    def _take_message(self, data: Mapping[str, Json]) -> None:
        error: MessageError | None = None
        told: Json = None
        around, waits = self._part.run.around, data["n"] is not None
        try:
            message = from_frame(data, around.codec, self._known())
            try:
                tell(around, self._spawn, message)
                around.hub.arrive(message, wait=waits)
            except Exception as failed:  # noqa: BLE001 - a handler may raise anything
                error = refusal(message, failed)
                told = pack_error(failed, around.codec)
        except MessageError as failed:
            error, told = failed, pack_error(failed, around.codec)
        if waits:
            self._child.link.send("reply", {"n": data["n"], "error": told})
        elif self._failure is None:
            self._failure = error

    def _known(self) -> Known:
        return Known(self._child.id, self._spawn.pid or 1, self._spawn.depth)

    # ---------------------------------------------------------------- stopping

    def _stop(self) -> None:
        self._child.stop(self.grace)

    def _set_alarm(self) -> Any:  # Any: a token of the alarm's  # noqa: ANN401
        run = self._part.run
        limit = self._part.limit()
        if limit is None:
            return None
        until, self._whose = limit

        def ring() -> None:
            op = self._part.op
            where = Where(run=run.run_id)
            if self._whose is None:
                seconds = getattr(getattr(op, "action", op), "timeout", None) or 0.0
                self._late = attempt_timed_out(op.name, seconds, where)
            else:
                self._late = out_of_time(run, self._whose)
            self._stop()

        left = max(0.0, until - run.clock.now())
        return ALARM.at(time.monotonic() + left + LATER, ring)

    def _crashed(self) -> fx.Outcome:
        part = self._part
        code = self._child.join(PATIENCE)
        if part.branch.cancelled:
            return part.stopped()
        if self._late is not None:
            return part.failed(self._late)
        if code is None:
            self._child.kill()
            code = self._child.join(PATIENCE)
        self._spawn.exit_code = code
        error = part.crashed(code, is_up=self._spawn.is_up)
        return part.died(error, self._began) if self._spawn.is_up else part.failed(error)

    def _nonsense(self, problem: str) -> ChildError:
        return ChildError(
            f"the child of {self._part.label} sent what is no message of gostage: {problem}",
            hint="does something else write to the file descriptors of the child?",
            where=Where(run=self._part.run.run_id),
        )

    # ---------------------------------------------------------------- output

    def close(self, outcome: fx.Outcome | None) -> None:
        """Show what the child has still printed, now that it is through with this."""
        self._show_output()
        if self._sheet is not None:
            errors = [made for _, made in self._part.errors]
            if isinstance(outcome, (fx.Failed, fx.Stopped)):
                errors.append(outcome.error)
            self._sheet.close(errors)

    def _show_output(self) -> None:
        for stream, text in zip(STREAMS, self._child.output(), strict=True):
            if text:
                if self._sheet is None:
                    self._sheet = self._part.run.around.printer.open(self._part.path)
                self._sheet.add(stream, text)
