"""The worker: the whole far side. It is told what to do, does it with the same engine, and tells.

Nothing here knows what carries the frames.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import threading
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from gostage._engine import effects as fx
from gostage._plugins.notes import add_note, text_of
from gostage._plugins.scopes import INSIDE, Layers
from gostage._run import logs, parts, session
from gostage._run.drive import Shell
from gostage._run.messages import Message, Sender
from gostage._run.orders import USUAL
from gostage._run.packing import StorePacking
from gostage._run.scoping import Given
from gostage._run.traces import pack_error, unpack_error
from gostage._spawn import crossing
from gostage._spawn.answers import Answers
from gostage._spawn.carrier import HERE, Carrier
from gostage._spawn.forks import let_forks_go
from gostage._spawn.letters import refusal, to_frame
from gostage._spawn.link import LinkLost
from gostage._spawn.tasks import stand
from gostage._spawn.uplink import Uplink
from gostage._spawn.watchdog import watching
from gostage._spawn.wire import PROTOCOL
from gostage._store import border
from gostage._store.codec import STANDARD
from gostage.errors import Bailed, ChildError, DefinitionError, Interrupt, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    from gostage._run.execution import Execution
    from gostage._run.requests import Flow
    from gostage._run.surroundings import Surroundings
    from gostage._spawn.crossing import Arrived
    from gostage._spawn.link import Link
    from gostage._store.codec import Codec

    # Any: JSON-able data.
    Json = Any


def main(link: Link, child_id: str, depth: int) -> None:
    """Do what comes, one piece of work after the other, until the parent hangs up."""
    hello = {"protocol": PROTOCOL, "python": platform.python_version(), "pid": os.getpid()}
    HERE[0] = depth
    worker = Worker(link, child_id, depth)
    worker.heed_signals()
    try:
        link.send("hello", hello)
        worker.work()
    except (LinkLost, KeyboardInterrupt):
        pass  # nobody is there any more, or nobody wants more of it
    finally:
        worker.close()


class Worker:
    """One child."""

    def __init__(self, link: Link, child_id: str, depth: int) -> None:
        self._link = link
        self._answers = Answers(link)
        self._child_id = child_id
        self._depth = depth
        self._known: dict[str, Json] = {}
        """What came of workflows, as it came."""
        self._image = border.Image()
        self._letters = count(1)
        self._logged = count(1)
        self._run: Execution | None = None
        self._shell: Shell | None = None
        """What drives the piece of work that is going on."""
        self._heeds = False
        self._thread = threading.get_ident()
        self._terms: Mapping[str, Json] = {}
        """What holds for a task unless it brings its own."""
        self._arrived: dict[str, Arrived] = {}
        """What is made of it, when it is first needed."""

    def heed_signals(self) -> None:
        """Make a cancellation of SIGTERM; between two tasks it ends the child."""
        self._heeds = threading.current_thread() is threading.main_thread()
        # The action before may have left a handler of its own.
        if self._heeds and signal.getsignal(signal.SIGTERM) != self._on_signal:
            signal.signal(signal.SIGTERM, self._on_signal)
            let_forks_go()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._shell is None:
            signal.default_int_handler(number, frame)
        else:
            self._shell.on_interrupt(number, frame)

    def work(self) -> None:
        """Take what is to be done, and do it."""
        while True:
            kind, data = self._answers.next("define", "task")
            if kind == "define":
                self._known[data["key"]] = data
            else:
                self._terms = data.get("terms", self._terms)
                self._carry_out({**USUAL, **self._terms, **data})

    def close(self) -> None:
        """Let the plugins clean up."""
        for arrived in self._arrived.values():
            if arrived.around.carrier is not None:
                arrived.around.carrier.close()
            arrived.close()

    def _arrive(self, key: str) -> Arrived:
        arrived = self._arrived.get(key)
        if arrived is None:
            earlier = next(iter(self._arrived.values()), None)
            arrived = self._arrived[key] = crossing.unpack(self._known[key], earlier)
            if earlier is None:
                self._connect(arrived.around)
                self._take_logs(arrived.around, self._known[key]["levels"])
        return arrived

    def _connect(self, around: Surroundings) -> None:
        around.carrier = Carrier(around)
        # What happens here is told in the parent, once.
        around.hooks = replace(around.hooks, listeners=(), child_messages=())
        around.hub.connect(
            lambda message, waits: self._send(message, around.codec, waits=waits),
            child_id=self._child_id,
            depth=self._depth,
        )

    def _take_logs(self, around: Surroundings, levels: Mapping[str, int]) -> None:
        logs.set_levels(levels)
        logs.forward(lambda told: around.hub.post(self._log_message(told)))

    def _send(self, message: Message, codec: Codec, *, waits: bool) -> None:
        number = next(self._letters) if waits else None
        try:
            self._link.send("message", to_frame(message, codec, number))
            told = None if number is None else self._answers.wait("reply", number)["error"]
        except LinkLost:
            if threading.get_ident() == self._thread:
                raise  # which ends this child
            raise ChildError(
                f"message {message.type!r} was sent when nobody took any more of this child",
                hint="does a thread go on that the action has started? wait for it there",
            ) from None
        if told is not None:
            raise refusal(message, unpack_error(told, codec))

    def _log_message(self, payload: Json) -> Message:
        """What a logger of the child says, of whatever is at work there."""
        run = self._run
        sender = Sender(
            run="" if run is None else run.run_id,
            workflow="" if run is None else run.workflow.id,
            stage=None,
            action=None,
            child_id=self._child_id,
            pid=os.getpid(),
            is_child=True,
            depth=self._depth,
        )
        return Message("log", payload, sender, next(self._logged))

    def _carry_out(self, task: Mapping[str, Json]) -> None:
        number = task["n"]
        uplink = Uplink(self._link, self._answers, number, waits=task["durable"])
        commit: Json = None
        try:
            arrived = self._arrive(task["key"])
            run = self._stand(task, arrived, uplink)
            self._run = run
            if self._heeds:
                self.heed_signals()
            shell = self._shell = Shell(run)
            with watching(run, shell, uplink.give_up, task["grace"]):
                outcome = shell.finish(_work(run, task))
            if shell.interrupted and outcome["do"] == "stopped":
                outcome = {"do": "terminated"}  # and not by anything that it does itself
            if run.journal is not None:
                commit = uplink.rest(run.journal.rest())
            run.journal = run.watchdog = None  # they hold the run: it is gone at once without them
        except LinkLost:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is told
            outcome = _told_error(error)
        finally:
            self._shell = None
        outcome.pop("raised", None)
        _flush()
        self._link.send("ended", {"n": number, "outcome": outcome, "commit": commit})

    def _stand(self, task: Mapping[str, Json], arrived: Arrived, uplink: Uplink) -> Execution:
        """Stand where the task begins; what its values are of is imported if need be."""
        try:
            return stand(task, arrived.workflow, arrived.around, uplink, self._image)
        except StoreError:
            if not arrived.load_homes(task):
                raise
        return stand(task, arrived.workflow, arrived.around, uplink, self._image)


def _flush() -> None:
    """Have the parent know what was printed before it knows that this has ended."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue  # whatever the work has made of it


def _work(run: Execution, task: Mapping[str, Json]) -> Flow:
    """One piece of work, inside the hooks around it; gives what the parent is told of its end."""
    makers = run.hooks.child
    if not makers:
        told = yield from _inside(run, task)
        return told
    root = run.machine.root
    given = Given(run.view(root), run.workflow, None, run.line(root).store)
    layers = Layers(makers, given)
    made: dict[str, Json] = {"do": "done"}
    state = layers.open()
    if state is INSIDE:
        made = yield from _inside(run, task)
        state = layers.close(None, made.get("raised"))
    if state is INSIDE:
        layers.abandon()
        again = DefinitionError(
            "a hook gostage_child yields more than once",
            hint="what happens in a child is not done again there; retry= starts another child",
        )
        return _told_error(again, run)
    error = state[1]
    if error is not None and error is not made.get("raised"):
        return _told_error(error, run)
    return {"do": "done"} if error is None and made["do"] == "failed" else made


def _inside(run: Execution, task: Mapping[str, Json]) -> Flow:
    root = run.machine.root
    # A part that goes on may stand before a call that is for a child of its own.
    if task["call"] and isinstance(root.effect, fx.CallApart):
        outcome = yield from parts.start(run, root, root.effect)
        told = _told(run, outcome, task)
        torn = yield from _tear_down(run)
    else:
        torn = yield from session.stretch(run)
        told = _told_end(run, task)
        torn = (yield from _tear_down(run)) if torn is None else torn
    if torn is None:
        return told
    if told["do"] in ("done", "waits", "suspend"):
        return _told_error(torn, run)
    return told


def _tear_down(run: Execution) -> Flow:
    """Let go of the resources that were made here."""
    first: BaseException | None = None
    for pool in reversed(list(run.pools.values())):
        error = yield from pool.close()
        if first is not None and error is not None:
            add_note(first, f"and then: {text_of(error)}")
        first = error if first is None else first
    return first


def _told(run: Execution, outcome: fx.Outcome, task: Mapping[str, Json]) -> dict[str, Json]:
    """What came of a single call."""
    pack = StorePacking(run.around.codec)
    if isinstance(outcome, fx.Suspend):
        data = pack.pack_value(dict(outcome.data))
        return {"do": "suspend", "reason": outcome.reason, "data": data}
    if isinstance(outcome, (fx.Failed, fx.Stopped)):
        return _told_error(outcome.error, run)
    value = outcome.value if isinstance(outcome, fx.Done) and task["value"] else None
    return {"do": "done", "value": None if value is None else pack.pack_value(value)}


def _told_end(run: Execution, task: Mapping[str, Json]) -> dict[str, Json]:
    """What came of a part."""
    end = run.machine.end
    if end is None:
        return {"do": "waits"}
    if end.error is not None:
        at = None if end.failed_at is None else end.failed_at.id
        return _told_error(end.error, run, at)
    value = run.machine.root.value if task["value"] else None
    packed = None if value is None else StorePacking(run.around.codec).pack_value(value)
    return {"do": "done", "value": packed}


def _told_error(
    error: BaseException, run: Execution | None = None, at: str | None = None
) -> dict[str, Json]:
    if isinstance(error, Bailed):
        return {"do": "bailed", "reason": error.reason}
    if isinstance(error, SystemExit):
        return {"do": "exit", "code": error.code if isinstance(error.code, int) else 1}
    if isinstance(error, (Interrupt, KeyboardInterrupt)):
        return {"do": "stopped"}
    packed = pack_error(error, STANDARD if run is None else run.around.codec)
    return {"do": "failed", "error": packed, "at": at, "raised": error}
